// Batched matrix product of two int8 values that are both known at run time only.
#pragma once
#include "ir/op_def.h"
#include "mote/matmul_s8.h"
#include "ops/store.h"

namespace motec {

// Operands as of MatMul, int8.
struct QMatMulAttrs {
  bool transpose_b = false;
  int32_t a_zp = 0, b_zp = 0, mult = 0;
  Store store = {};  // High or Raw
  MOTE_FIELDS(transpose_b, a_zp, b_zp, mult, store)
  bool operator==(const QMatMulAttrs&) const = default;
};

mote::MatMulS8Shape qmatmul_shape(const QMatMulAttrs& attrs, const Shape& a, const Shape& b);

namespace ops {
extern const OpDef qmatmul;
}

}  // namespace motec
