// Operators without arithmetic.
#include <algorithm>
#include <limits>

#include "export/writers.h"
#include "ops/concat.h"
#include "ops/gather.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/reshape.h"

namespace motec {
namespace {

using Ints = std::vector<int64_t>;

Ints channels_first(const Ints& list) { return reordered(list, kChannelsFirst); }

// A Transpose between the two orders is no node: the value has the other name already.
bool write_transpose(const Op& op, WriteCtx& c) {
  const auto& perm = op.as<TransposeAttrs>().perm;
  if (perm == kChannelsLast) {
    c.names.set(op.out[0], Order::ChannelsFirst, c.names.get(op.in[0]));
    return true;
  }
  if (perm == kChannelsFirst) {
    c.names.set(op.out[0], Order::AsIs, c.names.get(op.in[0], Order::ChannelsFirst));
    return true;
  }
  c.write(op, "Transpose", {c.names.get(op.in[0])});
  c.model.attr("perm", Ints(perm.begin(), perm.end()));
  return true;
}

bool write_reshape(const Op& op, WriteCtx& c) {
  const Shape& x = c.type(op.in[0]).shape;
  const Shape& y = op.as<ReshapeAttrs>().shape;
  // With one channel, a Reshape may be the Transpose between the two orders.
  if (x.size() == 4 && y == reordered(x, kChannelsLast) && x[1] == 1) {
    c.names.set(op.out[0], Order::ChannelsFirst, c.names.get(op.in[0]));
    return true;
  }
  if (x.size() == 4 && y == reordered(x, kChannelsFirst) && x[3] == 1) {
    c.names.set(op.out[0], Order::AsIs, c.names.get(op.in[0], Order::ChannelsFirst));
    return true;
  }
  // A map of one pixel has the same bytes in both orders.
  const bool pixel = x.size() == 4 && x[1] == 1 && x[2] == 1;
  const std::string in = c.names.get(op.in[0], pixel ? c.names.order_for(op.in, x) : Order::AsIs);
  c.write(op, "Reshape", {in, c.model.int64s(c.graph[op.out[0]].name + "_shape", y)});
  return true;
}

bool write_expand(const Op& op, WriteCtx& c) {
  const std::string in = c.names.get(op.in[0]);
  c.write(op, "Expand",
          {in, c.model.int64s(c.graph[op.out[0]].name + "_shape", op.as<ExpandAttrs>().shape)});
  return true;
}

bool write_slice(const Op& op, WriteCtx& c) {
  const auto& a = op.as<SliceAttrs>();
  const Order order = c.names.order_for(op.in, c.type(op.out[0]).shape);
  Ints starts, ends, steps, axes;
  for (size_t d = 0; d < a.start.size(); ++d) {
    const int64_t end = a.start[d] + a.size[d] * a.step[d];
    starts.push_back(a.start[d]);
    // Below 0, ONNX would count from the end.
    ends.push_back(end < 0 ? std::numeric_limits<int64_t>::min() : end);
    steps.push_back(a.step[d]);
    axes.push_back(static_cast<int64_t>(d));
  }
  if (order == Order::ChannelsFirst) {
    starts = channels_first(starts);
    ends = channels_first(ends);
    steps = channels_first(steps);
  }
  const std::string x = c.names.get(op.in[0], order), base = c.graph[op.out[0]].name;
  c.write(op, "Slice",
          {x, c.model.int64s(base + "_starts", starts), c.model.int64s(base + "_ends", ends),
           c.model.int64s(base + "_axes", axes), c.model.int64s(base + "_steps", steps)},
          order);
  return true;
}

bool write_pad(const Op& op, WriteCtx& c) {
  const auto& a = op.as<PadAttrs>();
  const Order order = c.names.order_for(op.in, c.type(op.out[0]).shape);
  Ints begin = a.begin, end = a.end;
  if (order == Order::ChannelsFirst) begin = channels_first(begin), end = channels_first(end);
  begin.insert(begin.end(), end.begin(), end.end());
  const std::string x = c.names.get(op.in[0], order);
  const std::string pads = c.model.int64s(c.graph[op.out[0]].name + "_pads", begin);
  c.write(op, "Pad", {x, pads, c.names.get(op.in[1])}, order);
  return true;
}

bool write_concat(const Op& op, WriteCtx& c) {
  const Order order = c.names.order_for(op.in, c.type(op.out[0]).shape);
  int64_t axis = op.as<ConcatAttrs>().axis;
  if (order == Order::ChannelsFirst)
    axis = std::find(kChannelsFirst.begin(), kChannelsFirst.end(), axis) - kChannelsFirst.begin();
  std::vector<std::string> in;
  for (const ValueId id : op.in) in.push_back(c.names.get(id, order));
  c.write(op, "Concat", in, order);
  c.model.attr("axis", axis);
  return true;
}

bool write_gather(const Op& op, WriteCtx& c) {
  c.write(op, "Gather", {c.names.get(op.in[0]), c.names.get(op.in[1])});
  c.model.attr("axis", int64_t{op.as<GatherAttrs>().axis});
  return true;
}
bool write_gather_elements(const Op& op, WriteCtx& c) {
  c.write(op, "GatherElements", {c.names.get(op.in[0]), c.names.get(op.in[1])});
  c.model.attr("axis", int64_t{op.as<GatherElementsAttrs>().axis});
  return true;
}
bool write_gather_nd(const Op& op, WriteCtx& c) {
  c.write(op, "GatherND", {c.names.get(op.in[0]), c.names.get(op.in[1])});
  c.model.attr("batch_dims", op.as<GatherNdAttrs>().batch_dims);
  return true;
}

const OpWriter kWriters[] = {
    {&ops::concat, write_concat},       {&ops::expand, write_expand},
    {&ops::gather, write_gather},       {&ops::gather_elements, write_gather_elements},
    {&ops::gather_nd, write_gather_nd}, {&ops::pad, write_pad},
    {&ops::reshape, write_reshape},     {&ops::slice, write_slice},
    {&ops::transpose, write_transpose},
};

}  // namespace

std::span<const OpWriter> move_writers() { return kWriters; }

}  // namespace motec
