// What a caller hands over and gets back: changes of the graph's inputs and outputs that the user
// asks for. They are no passes, because they change what the network computes with.
#pragma once
#include "ir/graph.h"

namespace motec {

// Images channels last: inputs and outputs of rank 4 become NHWC. Runs before all passes.
void take_nhwc(Graph& graph);

// Integers instead of float32: an input that is only quantized becomes the quantized tensor, an
// output that was dequantized the integers before; both with scale and zero point on their port.
// The others stay float32. Runs after all passes. Fails with E1132 if there is none.
void take_integers(Graph& graph);

}  // namespace motec
