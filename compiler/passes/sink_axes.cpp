// Transposes moved down through ops that name dimensions by number: the numbers change instead.
#include <algorithm>
#include <optional>

#include "ir/rewriter.h"
#include "ops/arg_reduce.h"
#include "ops/concat.h"
#include "ops/gather.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/reduce.h"
#include "ops/resample.h"
#include "ops/reshape.h"
#include "ops/softmax.h"
#include "passes/rules.h"

namespace motec {
namespace {

// T(x) as an operand: what T transposes, and how.
struct Transposed {
  ValueId x;
  std::vector<int> perm;
};

std::optional<Transposed> transposed(const Rewriter& r, ValueId id) {
  const Op* op = r.producer(id);
  if (!op || op->def != &ops::transpose) return {};
  return Transposed{op->in[0], op->as<TransposeAttrs>().perm};
}

int moved(const Transposed& t, int axis) { return t.perm[static_cast<size_t>(axis)]; }

void finish(Rewriter& r, const Op& op, ValueId y, const Transposed& t) {
  r.replace(op.out[0], r.emit(ops::transpose, TransposeAttrs{t.perm}, {y}, op.origin));
}

// Softmax, Resample, and Gather of a list of indices keep the rank: only the axis is renumbered.
template <class Attrs>
bool sink_through_axis(Rewriter& r, const Op& op, const OpDef& def) {
  if (op.def != &def) return false;
  const auto t = transposed(r, op.in[0]);
  if (!t || r.type(op.out[0]).shape.size() != t->perm.size()) return false;
  Attrs attrs = op.as<Attrs>();
  attrs.axis = moved(*t, attrs.axis);
  std::vector<ValueId> in = op.in;
  in[0] = t->x;
  finish(r, op, r.emit(def, attrs, in, op.origin), *t);
  return true;
}

bool sink_through_softmax(Rewriter& r, const Op& op) {
  return sink_through_axis<SoftmaxAttrs>(r, op, ops::softmax);
}
bool sink_through_resample(Rewriter& r, const Op& op) {
  return sink_through_axis<ResampleAttrs>(r, op, ops::resample);
}
bool sink_through_gather(Rewriter& r, const Op& op) {
  if (op.def != &ops::gather || r.type(op.in[1]).shape.size() != 1) return false;
  return sink_through_axis<GatherAttrs>(r, op, ops::gather);
}

// With keepdims=false the result has fewer dimensions: reduced with keepdims, transposed, reshaped.
template <class Attrs>
bool sink_through_reduction(Rewriter& r, const Op& op, const Transposed& t, Attrs attrs) {
  attrs.keepdims = true;
  const Shape shape = r.type(op.out[0]).shape;
  const ValueId y = r.emit(*op.def, attrs, {t.x}, op.origin);
  const ValueId back = r.emit(ops::transpose, TransposeAttrs{t.perm}, {y}, op.origin);
  r.replace(op.out[0], r.type(back).shape == shape
                           ? back
                           : r.emit(ops::reshape, ReshapeAttrs{shape}, {back}, op.origin));
  return true;
}

bool sink_through_reduce(Rewriter& r, const Op& op) {
  if (op.def != &ops::reduce) return false;
  const auto t = transposed(r, op.in[0]);
  if (!t) return false;
  auto attrs = op.as<ReduceAttrs>();
  for (int& axis : attrs.axes) axis = moved(*t, axis);
  std::sort(attrs.axes.begin(), attrs.axes.end());
  return sink_through_reduction(r, op, *t, attrs);
}

bool sink_through_arg_reduce(Rewriter& r, const Op& op) {
  if (op.def != &ops::arg_reduce) return false;
  const auto t = transposed(r, op.in[0]);
  if (!t) return false;
  auto attrs = op.as<ArgReduceAttrs>();
  attrs.axis = moved(*t, attrs.axis);
  return sink_through_reduction(r, op, *t, attrs);
}

bool sink_through_pad(Rewriter& r, const Op& op) {
  if (op.def != &ops::pad) return false;
  const auto t = transposed(r, op.in[0]);
  if (!t) return false;
  const auto& a = op.as<PadAttrs>();
  const std::vector<int> back = inverse(t->perm);
  const PadAttrs attrs{permuted(a.begin, back), permuted(a.end, back)};
  finish(r, op, r.emit(ops::pad, attrs, {t->x, op.in[1]}, op.origin), *t);
  return true;
}

// Concat(T(x), T(y), ...): all operands are transposed alike, or constant.
bool sink_through_concat(Rewriter& r, const Op& op) {
  if (op.def != &ops::concat) return false;
  std::optional<Transposed> first;
  for (const ValueId id : op.in)
    if (!first) first = transposed(r, id);
  if (!first) return false;
  for (const ValueId id : op.in) {
    const auto t = transposed(r, id);
    if (t ? t->perm != first->perm : !r.constant(id)) return false;
  }
  std::vector<ValueId> in;
  for (const ValueId id : op.in) {
    const auto t = transposed(r, id);
    in.push_back(t ? t->x
                   : r.emit(ops::transpose, TransposeAttrs{inverse(first->perm)}, {id}, op.origin));
  }
  const ConcatAttrs attrs{moved(*first, op.as<ConcatAttrs>().axis)};
  finish(r, op, r.emit(ops::concat, attrs, in, op.origin), *first);
  return true;
}

}  // namespace

std::vector<Rule> sink_axes_rules() {
  return {sink_through_softmax,    sink_through_resample, sink_through_gather, sink_through_reduce,
          sink_through_arg_reduce, sink_through_pad,      sink_through_concat};
}

}  // namespace motec
