#include <algorithm>

#include "ir/rewriter.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/move.h"
#include "ops/reshape.h"
#include "passes/passes.h"
#include "passes/rules.h"

namespace motec {
namespace {

bool drop_identity(Rewriter& r, const Op& op) {
  const bool is_identity = (op.def == &ops::unary && op.as<UnaryAttrs>().fn == UnaryFn::Identity) ||
                           (op.def == &ops::cast && r.type(op.in[0]) == r.type(op.out[0])) ||
                           (op.def == &ops::reshape && r.type(op.in[0]) == r.type(op.out[0])) ||
                           (op.def == &ops::expand && r.type(op.in[0]) == r.type(op.out[0]));
  if (!is_identity) return false;
  r.replace(op.out[0], op.in[0]);
  return true;
}

// A slice that takes everything.
bool drop_full_slice(Rewriter& r, const Op& op) {
  if (op.def != &ops::slice || r.type(op.in[0]) != r.type(op.out[0])) return false;
  const auto& a = op.as<SliceAttrs>();
  for (size_t d = 0; d < a.step.size(); ++d)
    if (a.step[d] != 1 && a.size[d] > 1) return false;
  r.replace(op.out[0], op.in[0]);
  return true;
}

bool merge_reshapes(Rewriter& r, const Op& op) {
  if (op.def != &ops::reshape) return false;
  const Op* first = r.producer(op.in[0]);
  if (!first || first->def != &ops::reshape) return false;
  const ValueId x = first->in[0];
  r.replace(op.out[0], r.emit(ops::reshape, op.attrs, {x}, op.origin));
  return true;
}

// A Transpose that only moves dimensions of 1 moves no element.
bool transpose_to_reshape(Rewriter& r, const Op& op) {
  if (op.def != &ops::transpose) return false;
  const Shape& x = r.type(op.in[0]).shape;
  int last = -1;
  for (const int axis : op.as<TransposeAttrs>().perm) {
    if (x[static_cast<size_t>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  r.replace(op.out[0],
            r.emit(ops::reshape, ReshapeAttrs{r.type(op.out[0]).shape}, {op.in[0]}, op.origin));
  return true;
}

bool merge_transposes(Rewriter& r, const Op& op) {
  if (op.def != &ops::transpose) return false;
  const Op* first = r.producer(op.in[0]);
  if (!first || first->def != &ops::transpose) return false;
  std::vector<int> perm;
  for (const int axis : op.as<TransposeAttrs>().perm)
    perm.push_back(first->as<TransposeAttrs>().perm[static_cast<size_t>(axis)]);
  const ValueId x = first->in[0];
  r.replace(op.out[0], r.emit(ops::transpose, TransposeAttrs{perm}, {x}, op.origin));
  return true;
}

bool all_are(const Tensor* tensor, double value) {
  if (!tensor) return false;
  const std::vector<double> values = to_doubles(*tensor);
  return std::all_of(values.begin(), values.end(), [value](double v) { return v == value; });
}

// x * 1, x / 1, x + 0, x - 0. Adding 0 turns -0 into 0, which compares equal.
bool drop_neutral(Rewriter& r, const Op& op) {
  if (op.def != &ops::binary || op.as<BinaryAttrs>().act.fn != UnaryFn::Identity) return false;
  const BinaryFn fn = op.as<BinaryAttrs>().fn;
  const bool commutes = fn == BinaryFn::Mul || fn == BinaryFn::Add;
  if (!commutes && fn != BinaryFn::Div && fn != BinaryFn::Sub) return false;
  const double neutral = fn == BinaryFn::Mul || fn == BinaryFn::Div ? 1.0 : 0.0;
  for (size_t i = 0; i < (commutes ? 2u : 1u); ++i) {
    if (r.type(op.in[i]) != r.type(op.out[0]) || !all_are(r.constant(op.in[1 - i]), neutral))
      continue;
    r.replace(op.out[0], op.in[i]);
    return true;
  }
  return false;
}

// What depends on constants alone is known. Ops made of constants fold when they are made; here are
// those whose operands became constants later.
bool fold_constant(Rewriter& r, const Op& op) {
  std::vector<Type> types;
  for (const ValueId id : op.out) types.push_back(r.type(id));
  if (!folds(r.graph(), op.in, types)) return false;
  const std::vector<ValueId> out = r.emit_all(*op.def, op.attrs, op.in, op.origin);
  for (size_t i = 0; i < out.size(); ++i) r.replace(op.out[i], out[i]);
  return true;
}

}  // namespace

std::vector<Rule> simplify_rules() {
  return {fold_constant,        drop_identity,    drop_full_slice, drop_neutral,
          transpose_to_reshape, merge_transposes, merge_reshapes};
}

bool simplify(Graph& graph, PassCtx& ctx) {
  return rewrite(graph, simplify_rules(), ctx.rewrites_left);
}

}  // namespace motec
