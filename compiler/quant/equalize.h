// Cross-layer equalization (Nagel et al. 2019): a channel between two layers may be scaled by any
// positive factor, if the second layer's weights are scaled back. With one scale per tensor,
// channels of small range lose bits to those of large range; with factors that bring ranges
// together they do not. Weights have scales per output channel, so that only activations, and the
// input channels of the second layer, have anything to lose.
#pragma once
#include "quant/observe.h"

namespace motec {

// Scales channels of `graph`, whose results stay as they are. Returns how many pairs of layers were
// changed.
int equalize(Graph& graph, const std::vector<Sample>& samples);

}  // namespace motec
