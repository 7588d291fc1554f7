// What importers of quantized operators share: scales and zero points, and the steps between
// integers and real numbers. A quantized operator is imported as dequantized operands, the float
// operator, and a quantized result; a pass makes integer operators of that.
#pragma once
#include "import/node.h"

namespace motec {

struct QuantParams {
  std::vector<float> scale;  // one, or one per position along `axis`
  std::vector<int32_t> zero_point;
  int axis = -1;
};

// From the constant operands `scale` and `zp` (optional); several stand along the dimension of
// operand `x` that the attribute 'axis' names.
QuantParams read_params(const Node& n, size_t x, size_t scale, size_t zp);

// Integers and their zero point (optional), operands `x` and `zp`, must be of one type.
void require_same_type(const Node& n, size_t x, size_t zp);

// x, float32, as integers of type `dtype`.
ValueId quantize_to(Node& n, ValueId x, QuantParams params, DType dtype);

// Integers as float32. A constant remembers the integers.
ValueId dequantize_from(Node& n, ValueId x, QuantParams params);

}  // namespace motec
