// Random int8 networks over a stream, for tests.
#pragma once
#include "ir/graph.h"

namespace motec::test {

// Layers over [1, time, columns, channels], whose windows along time are never padded:
// convolutions, pools, shortcuts that lag behind, with an output along time or of a whole window.
// The input is 'x', int8 or float, the output 'y': a function of the seed alone.
Graph time_network(uint32_t seed);

}  // namespace motec::test
