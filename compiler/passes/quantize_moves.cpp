// Integers instead of floats through ops that only move elements: Dequantize sinks below them,
// Quantize rises above them, and FlipSigns (uint8 seen as int8) sink until they cancel.
#include <algorithm>
#include <cmath>

#include "ops/concat.h"
#include "ops/pad.h"
#include "ops/qpool.h"
#include "ops/reduce.h"
#include "passes/quantized.h"

namespace motec {
namespace {

const Op* made_by(const Rewriter& r, ValueId id, const OpDef& def) {
  const Op* op = r.producer(id);
  return op && op->def == &def ? op : nullptr;
}

// Quantize(Dequantize(q)) with the same scale and zero point -> q
bool cancel_quantize(Rewriter& r, const Op& op) {
  if (op.def != &ops::quantize) return false;
  const Op* dequantize = made_by(r, op.in[0], ops::dequantize);
  if (!dequantize) return false;
  const auto& a = op.as<QuantizeAttrs>();
  const auto& b = dequantize->as<DequantizeAttrs>();
  if (a.scale != b.scale || a.zero_point != b.zero_point || a.axis != b.axis ||
      r.type(dequantize->in[0]).dtype != a.to)
    return false;
  r.replace(op.out[0], dequantize->in[0]);
  return true;
}

// move(Dequantize(q)) -> Dequantize(move(q))
bool sink_dequantize(Rewriter& r, const Op& op) {
  if (!op.def->moved_axis) return false;
  const Op* dequantize = made_by(r, op.in[0], ops::dequantize);
  if (!dequantize) return false;
  DequantizeAttrs attrs = dequantize->as<DequantizeAttrs>();
  if (attrs.axis >= 0) {
    attrs.axis =
        op.def->moved_axis(op, r.type(op.in[0]).shape, r.type(op.out[0]).shape, attrs.axis);
    if (attrs.axis < 0) return false;
  }
  std::vector<ValueId> in = op.in;
  in[0] = dequantize->in[0];
  const ValueId q = r.emit(*op.def, op.attrs, in, op.origin);
  r.replace(op.out[0], r.emit(ops::dequantize, attrs, {q}, dequantize->origin));
  return true;
}

// Quantize(move(x)) -> move(Quantize(x)), where nothing else reads the moved elements.
bool raise_quantize(Rewriter& r, const Op& op) {
  if (op.def != &ops::quantize || !op.as<QuantizeAttrs>().per_tensor()) return false;
  const Op* move = r.producer(op.in[0]);
  if (!move || !move->def->moved_axis || r.use_count(op.in[0]) != 1) return false;
  const Op moved = *move;
  std::vector<ValueId> in = moved.in;
  in[0] = r.emit(ops::quantize, op.attrs, {in[0]}, op.origin);
  r.replace(op.out[0], r.emit(*moved.def, moved.attrs, in, moved.origin));
  return true;
}

// Concat(Dequantize(x), Dequantize(y), ...) of one scale.
bool sink_dequantize_through_concat(Rewriter& r, const Op& op) {
  if (op.def != &ops::concat) return false;
  std::vector<ValueId> in;
  const Op* first = nullptr;
  for (const ValueId id : op.in) {
    const Op* dequantize = made_by(r, id, ops::dequantize);
    if (!dequantize || !dequantize->as<DequantizeAttrs>().per_tensor()) return false;
    if (!first) first = dequantize;
    if (dequantize->as<DequantizeAttrs>() != first->as<DequantizeAttrs>() ||
        r.type(dequantize->in[0]).dtype != r.type(first->in[0]).dtype)
      return false;
    in.push_back(dequantize->in[0]);
  }
  const Op dequantize = *first;
  const ValueId q = r.emit(ops::concat, op.attrs, in, op.origin);
  r.replace(op.out[0], r.emit(ops::dequantize, dequantize.attrs, {q}, dequantize.origin));
  return true;
}

// Quantize(Concat(x, y, ...)) -> Concat(Quantize(x), Quantize(y), ...)
bool raise_quantize_through_concat(Rewriter& r, const Op& op) {
  if (op.def != &ops::quantize || !op.as<QuantizeAttrs>().per_tensor()) return false;
  const Op* found = r.sole_producer(op.in[0], ops::concat);
  if (!found) return false;
  const Op concat = *found;
  std::vector<ValueId> in;
  for (const ValueId id : concat.in) in.push_back(r.emit(ops::quantize, op.attrs, {id}, op.origin));
  r.replace(op.out[0], r.emit(ops::concat, concat.attrs, in, concat.origin));
  return true;
}

// Pad(Dequantize(q), c) -> Dequantize(Pad(q, c')), if c is one of the values that q can have.
bool sink_dequantize_through_pad(Rewriter& r, const Op& op) {
  if (op.def != &ops::pad) return false;
  const auto x = behind_dequantize(r, op.in[0]);
  const Tensor* value = r.constant(op.in[1]);
  if (!x || !value || value->elements() != 1) return false;
  const double exact = to_doubles(*value)[0] / x->affine.scale;
  const double rounded = std::nearbyint(exact);
  const double q = rounded + x->affine.zp;
  if (!(std::abs(exact - rounded) <= 1e-3) || q < lowest_of(x->dtype) || q > highest_of(x->dtype))
    return false;
  Tensor integer = Tensor::zeros(x->dtype, {});
  dispatch(x->dtype, [&]<class T>() { integer.data<T>()[0] = static_cast<T>(q); });
  const Op dequantize = *r.producer(op.in[0]);
  const ValueId padded =
      r.emit(ops::pad, op.attrs, {x->q, r.constant("pad", std::move(integer))}, op.origin);
  r.replace(op.out[0], r.emit(ops::dequantize, dequantize.attrs, {padded}, dequantize.origin));
  return true;
}

// MaxPool, ReduceMax and ReduceMin choose one of their operands.
bool is_choice(const Op& op) {
  if (op.def == &ops::pool) return op.as<PoolAttrs>().kind == PoolKind::Max;
  if (op.def != &ops::reduce) return false;
  const ReduceKind kind = op.as<ReduceAttrs>().kind;
  return kind == ReduceKind::Max || kind == ReduceKind::Min;
}

ValueId emit_choice(Rewriter& r, const Op& op, ValueId q) {
  if (op.def == &ops::reduce) return r.emit(ops::reduce, op.attrs, {q}, op.origin);
  return r.emit(ops::qpool, QPoolAttrs{.window = op.as<PoolAttrs>()}, {q}, op.origin);
}

bool sink_dequantize_through_choice(Rewriter& r, const Op& op) {
  if (!is_choice(op)) return false;
  const auto x = behind_dequantize(r, op.in[0]);
  if (!x) return false;
  const Op dequantize = *r.producer(op.in[0]);
  const ValueId q = emit_choice(r, op, x->q);
  r.replace(op.out[0], r.emit(ops::dequantize, dequantize.attrs, {q}, dequantize.origin));
  return true;
}

bool raise_quantize_through_choice(Rewriter& r, const Op& op) {
  const auto y = as_quantize(op);
  const Op* found = r.producer(op.in[0]);
  if (!y || !found || !is_choice(*found) || r.use_count(op.in[0]) != 1) return false;
  const Op choice = *found;
  const ValueId q = r.emit(ops::quantize, op.attrs, {choice.in[0]}, op.origin);
  r.replace(op.out[0], emit_choice(r, choice, q));
  return true;
}

// FlipSign(FlipSign(x)) -> x
bool cancel_flips(Rewriter& r, const Op& op) {
  if (op.def != &ops::flip_sign) return false;
  const Op* first = made_by(r, op.in[0], ops::flip_sign);
  if (!first) return false;
  r.replace(op.out[0], first->in[0]);
  return true;
}

// move(FlipSign(x)) -> FlipSign(move(x))
bool sink_flip(Rewriter& r, const Op& op) {
  if (!op.def->moved_axis) return false;
  const Op* flip = made_by(r, op.in[0], ops::flip_sign);
  if (!flip) return false;
  const Origin origin = flip->origin;
  std::vector<ValueId> in = op.in;
  in[0] = flip->in[0];
  const ValueId q = r.emit(*op.def, op.attrs, in, op.origin);
  r.replace(op.out[0], r.emit(ops::flip_sign, NoAttrs{}, {q}, origin));
  return true;
}

// Concat and Pad of FlipSigns and constants.
bool sink_flip_through_operands(Rewriter& r, const Op& op) {
  if (op.def != &ops::concat && op.def != &ops::pad) return false;
  bool any = false;
  for (const ValueId id : op.in) {
    const bool flips = made_by(r, id, ops::flip_sign) != nullptr;
    if (!flips && !r.constant(id)) return false;
    any |= flips;
  }
  if (!any) return false;
  std::vector<ValueId> in;
  for (const ValueId id : op.in) in.push_back(r.emit(ops::flip_sign, NoAttrs{}, {id}, op.origin));
  const ValueId q = r.emit(*op.def, op.attrs, in, op.origin);
  r.replace(op.out[0], r.emit(ops::flip_sign, NoAttrs{}, {q}, op.origin));
  return true;
}

}  // namespace

std::vector<Rule> quantize_moves_rules() {
  return {cancel_flips,
          cancel_quantize,
          sink_flip,
          sink_flip_through_operands,
          sink_dequantize,
          sink_dequantize_through_concat,
          sink_dequantize_through_pad,
          sink_dequantize_through_choice,
          raise_quantize,
          raise_quantize_through_concat,
          raise_quantize_through_choice};
}

}  // namespace motec
