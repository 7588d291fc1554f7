// Batched matrix product of two values that are both known at run time only.
#pragma once
#include "mote/matmul_f32.h"
#include "ops/unary.h"

namespace motec {

// Operands: a [..., M, K], b [..., K, N], or [..., N, K] with transpose_b; leading dimensions are
// broadcast. Result [..., M, N]. float32.
struct MatMulAttrs {
  bool transpose_b = false;
  Activation act = {};
  MOTE_FIELDS(transpose_b, act)
  bool operator==(const MatMulAttrs&) const = default;
};

mote::MatMulShape matmul_shape(const MatMulAttrs& attrs, const Shape& a, const Shape& b);

namespace ops {
extern const OpDef matmul;
}

}  // namespace motec
