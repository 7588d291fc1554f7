// Elementwise ops behind Reshapes. 1-D maps are reshaped before and after each convolution, and a
// Flatten may stand before an activation: there the op is done on what is reshaped, where it can be
// folded or fused into the operator that makes it.
#include <algorithm>

#include "ir/rewriter.h"
#include "ops/binary.h"
#include "ops/reshape.h"
#include "passes/rules.h"

namespace motec {
namespace {

const Op* reshape_of(const Rewriter& r, ValueId id) { return r.sole_producer(id, ops::reshape); }

void finish(Rewriter& r, const Op& op, ValueId y) {
  const Shape shape = r.type(op.out[0]).shape;
  r.replace(op.out[0], r.emit(ops::reshape, ReshapeAttrs{shape}, {y}, op.origin));
}

// f(Reshape(x)) -> Reshape(f(x))
bool through_unary(Rewriter& r, const Op& op) {
  if (op.def != &ops::unary) return false;
  const Op* reshape = reshape_of(r, op.in[0]);
  if (!reshape) return false;
  const ValueId x = reshape->in[0];
  finish(r, op, r.emit(ops::unary, op.attrs, {x}, op.origin));
  return true;
}

// Whether a constant varies along the last dimension only, which both shapes share.
bool is_per_channel(const Tensor& constant, const Shape& before, const Shape& after) {
  const int64_t n = constant.elements();
  if (n == 1) return true;
  return !before.empty() && !after.empty() && before.back() == after.back() && n == after.back() &&
         constant.shape.back() == n;
}

// f(Reshape(x), constant) -> Reshape(f(x, constant)) for constants that are one number, or one per
// channel.
bool through_constant(Rewriter& r, const Op& op) {
  if (op.def != &ops::binary) return false;
  for (size_t i = 0; i < 2; ++i) {
    const Op* reshape = reshape_of(r, op.in[i]);
    const Tensor* constant = r.constant(op.in[1 - i]);
    if (!reshape || !constant || r.type(op.in[i]).shape != r.type(op.out[0]).shape) continue;
    const ValueId x = reshape->in[0];
    if (!is_per_channel(*constant, r.type(x).shape, r.type(op.in[i]).shape)) continue;
    std::vector<ValueId> in(2);
    const Shape flat = constant->elements() == 1 ? Shape{} : Shape{constant->elements()};
    in[1 - i] = r.emit(ops::reshape, ReshapeAttrs{flat}, {op.in[1 - i]}, op.origin);
    in[i] = x;
    finish(r, op, r.emit(ops::binary, op.attrs, in, op.origin));
    return true;
  }
  return false;
}

// f(Reshape(x), Reshape(y)) -> Reshape(f(x, y)) where x and y, and their Reshapes, are of one
// shape.
bool through_pair(Rewriter& r, const Op& op) {
  if (op.def != &ops::binary) return false;
  const Op *a = reshape_of(r, op.in[0]), *b = reshape_of(r, op.in[1]);
  if (!a || !b || r.type(op.in[0]) != r.type(op.in[1])) return false;
  const ValueId x = a->in[0], y = b->in[0];
  if (r.type(x) != r.type(y)) return false;
  finish(r, op, r.emit(ops::binary, op.attrs, {x, y}, op.origin));
  return true;
}

}  // namespace

std::vector<Rule> sink_reshapes_rules() { return {through_unary, through_constant, through_pair}; }

}  // namespace motec
