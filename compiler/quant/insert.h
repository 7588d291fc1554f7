// Makes a quantized graph of a float one: Quantize and Dequantize where integers stand, constants
// that remember their integers. Values of the float graph keep their ids, and hold what they hold
// there but for rounding, so that the two graphs can be compared value by value.
#pragma once
#include <map>
#include <utility>
#include <vector>

#include "quant/ranges.h"
#include "quant/scheme.h"

namespace motec {

struct TensorParams {
  DType dtype = DType::S8;
  Affine affine;
};

// All numbers of a quantized network.
struct Parameters {
  std::vector<TensorParams> groups;  // by group; read where it is active
  std::map<std::pair<int, size_t>, QuantizedConstant> constants;  // by op and operand
};

Graph insert_quantization(const Graph& graph, const Scheme& scheme, const Placement& placement,
                          const Parameters& parameters);

}  // namespace motec
