// Fully connected layer: every row of x times constant weights, plus a bias, with an activation in
// the store. Gemm and MatMul become this when their second operand is constant.
#pragma once
#include "mote/gemm_f32.h"
#include "ops/unary.h"

namespace motec {

// Operands: x [..., K], weights [N, K], bias [N] (optional). Result [..., N].
struct DenseAttrs {
  Activation act = {};
  MOTE_FIELDS(act)
  bool operator==(const DenseAttrs&) const = default;
};

mote::GemmShape gemm_shape(const DenseAttrs& attrs, const Shape& x, const Shape& w);

namespace ops {
extern const OpDef dense;
}

}  // namespace motec
