// Addition, subtraction and multiplication of int8 tensors with NumPy broadcasting, in one
// rounding.
#pragma once
#include "ir/op_def.h"
#include "mote/add_s8.h"
#include "mote/mul_s8.h"
#include "ops/store.h"

namespace motec {

// y = clamp((a * a_mult + b * b_mult + offset) >> right, lo, hi), see runtime/mote/add_s8.h.
struct QAddAttrs {
  int32_t a_mult = 0, b_mult = 0, offset = 0, right = 0, lo = -128, hi = 127;
  MOTE_FIELDS(a_mult, b_mult, offset, right, lo, hi)
  bool operator==(const QAddAttrs&) const = default;
};

// y = requantize((a - a_zp) * (b - b_zp)), see runtime/mote/mul_s8.h.
struct QMulAttrs {
  int32_t a_zp = 0, b_zp = 0, mult = 0;
  Store store = {};  // High, int8
  MOTE_FIELDS(a_zp, b_zp, mult, store)
  bool operator==(const QMulAttrs&) const = default;
};

mote::AddS8Shape qadd_shape(const QAddAttrs& attrs, const Shape& a, const Shape& b);
mote::MulS8Shape qmul_shape(const QMulAttrs& attrs, const Shape& a, const Shape& b);

namespace ops {
extern const OpDef qadd, qmul;
}

}  // namespace motec
