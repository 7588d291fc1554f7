// The border between real numbers and integers: Quantize and Dequantize after ONNX, FlipSign
// between uint8 and int8, and Lookup, any function of one int8 value.
#pragma once
#include "ir/op_def.h"
#include "mote/quantize.h"

namespace motec {

// real = scale * (q - zero_point), for a float32 operand and integers of type `to`.
struct QuantizeAttrs {
  std::vector<float> scale;  // one, or one per position along `axis`
  std::vector<int32_t> zero_point;
  int axis = -1;  // >= 0 where there are several
  DType to = DType::S8;
  MOTE_FIELDS(scale, zero_point, axis, to)
  bool operator==(const QuantizeAttrs&) const = default;
  bool per_tensor() const { return scale.size() == 1; }
};

// The same, for an operand of integers and a float32 result.
struct DequantizeAttrs {
  std::vector<float> scale;
  std::vector<int32_t> zero_point;
  int axis = -1;
  MOTE_FIELDS(scale, zero_point, axis)
  bool operator==(const DequantizeAttrs&) const = default;
  bool per_tensor() const { return scale.size() == 1; }
};

mote::QuantizeShape quantize_shape(const QuantizeAttrs& attrs, const Shape& x);
mote::DequantizeShape dequantize_shape(const DequantizeAttrs& attrs, const Shape& x);
std::vector<float> reciprocals(const std::vector<float>& scale);

// The least and greatest value of an integer type of at most 16 bits.
int32_t lowest_of(DType dtype);
int32_t highest_of(DType dtype);

// The real values of a constant; fails with E3180 as Dequantize does.
Tensor dequantized(const QuantizedConstant& constant);

namespace ops {
extern const OpDef quantize, dequantize;
extern const OpDef flip_sign;  // int8 to uint8 or back: x ^ 0x80
extern const OpDef
    lookup;  // operands: x int8, table int8 or int16 [256] in the order of x as uint8
}  // namespace ops

}  // namespace motec
