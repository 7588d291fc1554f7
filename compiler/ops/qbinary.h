// Addition, subtraction and multiplication of int8 tensors, or of int16 tensors, with NumPy
// broadcasting, in one rounding.
#pragma once
#include "ir/op_def.h"
#include "mote/add_s8.h"
#include "mote/binary_s16.h"
#include "mote/mul_s8.h"
#include "ops/store.h"

namespace motec {

// y = clamp((a * a_mult + b * b_mult + offset) >> right, lo, hi), see runtime/mote/add_s8.h and
// binary_s16.h.
struct QAddAttrs {
  int32_t a_mult = 0, b_mult = 0;
  int64_t offset = 0;  // of int8 operands: at most 32 bits
  int32_t right = 0, lo = -128, hi = 127;
  DType out = DType::S8;  // of int16 operands, int8 or int16
  MOTE_FIELDS(a_mult, b_mult, offset, right, lo, hi, out)
  bool operator==(const QAddAttrs&) const = default;
};

// y = requantize((a - a_zp) * (b - b_zp)), see runtime/mote/mul_s8.h and binary_s16.h.
struct QMulAttrs {
  int32_t a_zp = 0, b_zp = 0, mult = 0;
  int32_t right = 0;  // of Wide
  Store store = {};   // of int8 operands High, int8; of int16 operands Wide
  MOTE_FIELDS(a_zp, b_zp, mult, right, store)
  bool operator==(const QMulAttrs&) const = default;
};

mote::AddS8Shape qadd_shape(const QAddAttrs& attrs, const Shape& a, const Shape& b);
mote::MulS8Shape qmul_shape(const QMulAttrs& attrs, const Shape& a, const Shape& b);
// Of int16 operands.
mote::AddS16Shape qadd_s16_shape(const QAddAttrs& attrs, const Shape& a, const Shape& b);
mote::MulS16Shape qmul_s16_shape(const QMulAttrs& attrs, const Shape& a, const Shape& b);

namespace ops {
extern const OpDef qadd, qmul;
}

}  // namespace motec
