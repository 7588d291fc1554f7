// Writes a graph as a standard ONNX model. Quantized constants become integer initializers behind
// DequantizeLinear, images are channels first again, and names of inputs and outputs are kept.
#pragma once
#include <string>

#include "ir/graph.h"

namespace motec {

struct OnnxOptions {
  std::string producer = "motec";
};

// The bytes of the file. The opset is the least that has all operators: 13, 17 with layer
// normalization, 21 with int16 activations or int4 weights. Fails with E2401 for operators that
// have no ONNX form.
std::string write_onnx(const Graph& graph, const OnnxOptions& options = {});

}  // namespace motec
