// Batched matrix product of two int8 or int16 values that are both known at run time only.
#pragma once
#include "ir/op_def.h"
#include "mote/matmul_s16.h"
#include "ops/store.h"

namespace motec {

// Operands as of MatMul. Where one of them or the result is int16, `store` is Wide, with `narrow`
// and `right` for its one multiplier (runtime/mote/matmul_s16.h); an int16 operand has a zero point
// of 0.
struct QMatMulAttrs {
  bool transpose_b = false;
  int32_t a_zp = 0, b_zp = 0, mult = 0;
  Store store = {};  // of int8 alone: High or Raw
  int32_t narrow = 0, right = 0;
  MOTE_FIELDS(transpose_b, a_zp, b_zp, mult, store, narrow, right)
  bool operator==(const QMatMulAttrs&) const = default;
};

mote::MatMulS8Shape qmatmul_shape(const QMatMulAttrs& attrs, const Shape& a, const Shape& b);
// With int16.
mote::MatMulS16Shape qmatmul_s16_shape(const QMatMulAttrs& attrs, const Shape& a, const Shape& b);

namespace ops {
extern const OpDef qmatmul;
}

}  // namespace motec
