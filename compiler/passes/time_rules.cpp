#include "passes/time_rules.h"

#include <algorithm>
#include <array>

#include "ir/op_def.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/dense.h"
#include "ops/lookup_s16.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/qbinary.h"
#include "ops/qconv2d.h"
#include "ops/qdense.h"
#include "ops/qpool.h"
#include "ops/qsoftmax.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/rescale.h"
#include "ops/reshape.h"
#include "ops/select.h"
#include "ops/softmax.h"
#include "ops/unary.h"

namespace motec {
namespace {

// An op, the first of its operands that has rows, and what the answer needs.
struct Question {
  const Graph& graph;
  const Op& op;
  const RowsOf& rows;
  size_t first = 0;
  Rows x = {};  // of the first
  std::string why = {};
  bool uneven = false;

  const Shape& in(size_t i) const { return graph.type(op.in[i]).shape; }
  const Shape& out() const { return graph.type(op.out[0]).shape; }
  const std::optional<Rows>& rows_of(ValueId id) const {
    return rows[static_cast<size_t>(id.index)];
  }
  std::optional<TimeStep> no(std::string reason) {
    why = std::move(reason);
    return {};
  }
  // Row by row, with `axis` the one of the result.
  TimeStep each_row(std::any attrs, int axis) const {
    return {std::move(attrs), x.fresh, {axis, x.window, x.fresh}};
  }
};

std::optional<TimeStep> per_element(Question& q) { return q.each_row(q.op.attrs, q.x.axis); }

template <class Attrs>
std::optional<TimeStep> off_axis(Question& q) {
  if (q.op.as<Attrs>().axis == q.x.axis) return q.no("it works along time");
  return per_element(q);
}

template <class Attrs>
std::optional<TimeStep> quantization(Question& q) {
  const auto& a = q.op.as<Attrs>();
  if (!a.per_tensor() && a.axis == q.x.axis) return q.no("its scales differ along time");
  return per_element(q);
}

// Operands are aligned at their last dimension.
std::optional<TimeStep> broadcast_elements(Question& q) {
  const int64_t back = std::ssize(q.in(q.first)) - q.x.axis;
  for (const ValueId id : q.op.in) {
    if (!id) continue;
    const Shape& shape = q.graph.type(id).shape;
    const int64_t axis = std::ssize(shape) - back;
    if (const auto& rows = q.rows_of(id)) {
      if (rows->axis != axis || rows->window != q.x.window || rows->fresh != q.x.fresh)
        return q.no("its operands have different rows");
    } else if (axis >= 0 && shape[static_cast<size_t>(axis)] != 1) {
      return q.no("an operand differs along time, but does not move with it");
    }
  }
  return q.each_row(q.op.attrs, static_cast<int>(std::ssize(q.out()) - back));
}

// A layer over the last axis.
std::optional<TimeStep> last_axis(Question& q) {
  if (q.x.axis + 1 == std::ssize(q.in(0))) return q.no("it takes all rows at once");
  return per_element(q);
}

struct TimeWindow {
  int64_t kernel, stride, dilation, pads;
};

// `set_rows` tells the attributes how many rows are made.
template <class SetRows>
std::optional<TimeStep> windows(Question& q, const TimeWindow& w, SetRows set_rows) {
  if (q.x.axis != 1 && q.x.axis != 2) return q.no("it takes all rows at once");
  if (w.pads != 0) return q.no("it pads the window's ends along time");
  const int64_t rows = q.out()[static_cast<size_t>(q.x.axis)];
  const int64_t reach = (w.kernel - 1) * w.dilation + 1;
  // Rows at the end of the window that nothing is made of.
  const int64_t unread = q.x.window - (rows - 1) * w.stride - reach;
  if (unread < 0) return q.no("its last window is cut off");
  if (q.x.fresh % w.stride != 0 && rows > 1) {
    q.uneven = true;
    return q.no(
        fmt::format("its stride along time is {}, and new rows come by {}", w.stride, q.x.fresh));
  }
  const int64_t fresh = std::min(rows, std::max<int64_t>(q.x.fresh / w.stride, 1));
  TimeStep step{q.op.attrs, (fresh - 1) * w.stride + reach + unread, {q.x.axis, rows, fresh}};
  step.keeps = step.takes > q.x.fresh;
  set_rows(step.attrs, fresh);
  return step;
}

template <class Attrs>
std::optional<TimeStep> conv(Question& q) {
  const auto& a = q.op.as<Attrs>();
  const size_t i = q.x.axis == 2;
  return windows(q, {q.in(1)[1 + i], a.stride[i], a.dilation[i], a.pad[i] + a.pad[2 + i]},
                 [](std::any&, int64_t) {});
}

const PoolAttrs& window_of(const PoolAttrs& a) { return a; }
const PoolAttrs& window_of(const QPoolAttrs& a) { return a.window; }
PoolAttrs& window_of(PoolAttrs& a) { return a; }
PoolAttrs& window_of(QPoolAttrs& a) { return a.window; }

template <class Attrs>
std::optional<TimeStep> pool(Question& q) {
  const PoolAttrs& a = window_of(q.op.as<Attrs>());
  const size_t i = q.x.axis == 2;
  return windows(q, {a.kernel[i], a.stride[i], a.dilation[i], a.pad[i] + a.pad[2 + i]},
                 [i](std::any& attrs, int64_t rows) {
                   window_of(*std::any_cast<Attrs>(&attrs)).out[i] = rows;
                 });
}

std::optional<TimeStep> transpose(Question& q) {
  const std::vector<int>& perm = q.op.as<TransposeAttrs>().perm;
  const auto at = std::find(perm.begin(), perm.end(), q.x.axis);
  return q.each_row(q.op.attrs, static_cast<int>(at - perm.begin()));
}

std::optional<TimeStep> slice(Question& q) {
  auto a = q.op.as<SliceAttrs>();
  const auto axis = static_cast<size_t>(q.x.axis);
  if (a.step[axis] != 1 || a.size[axis] == 0) return q.no("it picks single rows");
  const int64_t size = a.size[axis], lag = q.x.window - a.start[axis] - size;
  const int64_t fresh = std::min(size, q.x.fresh);
  a.start[axis] = 0;
  a.size[axis] = fresh;
  TimeStep step{std::move(a), fresh + lag, {q.x.axis, size, fresh}};
  step.keeps = step.takes > q.x.fresh;
  return step;
}

std::optional<TimeStep> reshape(Question& q) {
  Shape to = q.out();
  const auto axis = static_cast<size_t>(q.x.axis);
  const int64_t before = product(q.in(0), 0, axis);
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] != q.x.window || product(to, 0, i) != before) continue;
    to[i] = q.x.fresh;
    return q.each_row(ReshapeAttrs{to}, static_cast<int>(i));
  }
  return q.no("it takes all rows at once");
}

std::optional<TimeStep> concat(Question& q) {
  if (q.op.as<ConcatAttrs>().axis == q.x.axis) return q.no("it works along time");
  for (const ValueId id : q.op.in)
    if (q.rows_of(id) != q.x) return q.no("its operands have different rows");
  return per_element(q);
}

std::optional<TimeStep> pad(Question& q) {
  const auto& a = q.op.as<PadAttrs>();
  const auto axis = static_cast<size_t>(q.x.axis);
  if (a.begin[axis] != 0 || a.end[axis] != 0) return q.no("it pads the window's ends along time");
  return per_element(q);
}

std::optional<TimeStep> reduce(Question& q) {
  const auto& a = q.op.as<ReduceAttrs>();
  int axis = q.x.axis;
  for (const int reduced : a.axes) {
    if (reduced == q.x.axis) return q.no("it takes all rows at once");
    if (!a.keepdims && reduced < q.x.axis) --axis;
  }
  return q.each_row(q.op.attrs, axis);
}

struct Rule {
  const OpDef* def;
  std::optional<TimeStep> (*step)(Question&);
  bool any_operand = false;  // may be the first with rows; else it is operand 0
};
// Not one table of constants: the order in which files' globals are initialized is not known.
std::optional<TimeStep> apply(Question& q) {
  const Rule rules[] = {{&ops::unary, per_element},
                        {&ops::cast, per_element},
                        {&ops::lookup, per_element},
                        {&ops::lookup_s16, per_element},
                        {&ops::rescale, per_element},
                        {&ops::flip_sign, per_element},
                        {&ops::quantize, quantization<QuantizeAttrs>},
                        {&ops::dequantize, quantization<DequantizeAttrs>},
                        {&ops::binary, broadcast_elements, true},
                        {&ops::select, broadcast_elements, true},
                        {&ops::qadd, broadcast_elements, true},
                        {&ops::qmul, broadcast_elements, true},
                        {&ops::softmax, off_axis<SoftmaxAttrs>},
                        {&ops::qsoftmax, off_axis<QSoftmaxAttrs>},
                        {&ops::dense, last_axis},
                        {&ops::qdense, last_axis},
                        {&ops::conv2d, conv<Conv2dAttrs>},
                        {&ops::qconv2d, conv<QConv2dAttrs>},
                        {&ops::pool, pool<PoolAttrs>},
                        {&ops::qpool, pool<QPoolAttrs>},
                        {&ops::transpose, transpose},
                        {&ops::slice, slice},
                        {&ops::reshape, reshape},
                        {&ops::concat, concat},
                        {&ops::pad, pad},
                        {&ops::reduce, reduce}};
  for (const Rule& rule : rules) {
    if (rule.def != q.op.def) continue;
    if (q.first > 0 && !rule.any_operand)
      return q.no("another operand than the first one moves with time");
    return rule.step(q);
  }
  return q.no(fmt::format("{} is not known to work row by row", q.op.def->name));
}

}  // namespace

std::optional<TimeStep> time_step(const Graph& graph, const Op& op, const RowsOf& rows,
                                  std::string& why, bool& uneven) {
  Question q{graph, op, rows};
  while (!op.in[q.first] || !q.rows_of(op.in[q.first])) ++q.first;
  q.x = *q.rows_of(op.in[q.first]);
  std::optional<TimeStep> step = apply(q);
  why = q.why;
  uneven = q.uneven;
  return step;
}

}  // namespace motec
