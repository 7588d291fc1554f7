// Kernels that move elements without changing them.
#include "kernels/rows.h"
#include "ops/concat.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/slide.h"

namespace motec {
namespace {

Call lower_move(const Site& site, const Kernel&) {
  return {.function = "mote::strided_copy",
          .headers = {"strided_copy.h"},
          .shape = shape_members(move_shape(site.op, site.in(0).shape, site.out(0).shape)),
          .operands = {Operand::input(0), Operand::output(0)}};
}

Call lower_concat(const Site& site, const Kernel&) {
  std::vector<const Shape*> shapes;
  for (size_t i = 0; i < site.op.in.size(); ++i) shapes.push_back(&site.in(i).shape);
  const std::vector<mote::ConcatPart> parts =
      concat_parts(site.op.as<ConcatAttrs>(), shapes, site.out(0).shape);
  std::vector<int32_t> blocks;
  for (const mote::ConcatPart& part : parts) blocks.push_back(part.block);
  Call call{.function = "mote::concat",
            .headers = {"concat.h"},
            .shape = {{"int32_t", "outer", literal(parts[0].outer)},
                      {"int32_t", "row", literal(parts[0].row)},
                      {"int32_t", fmt::format("block[{}]", blocks.size()),
                       fmt::format("{{{}}}", fmt::join(blocks, ", "))}},
            .operands = {Operand::output(0)}};
  for (size_t i = 0; i < parts.size(); ++i) call.operands.push_back(Operand::input(i));
  return call;
}

Call lower_pad(const Site& site, const Kernel&) {
  return {.function = "mote::pad",
          .headers = {"pad.h"},
          .shape = shape_members(pad_shape(site.op.as<PadAttrs>(), site.in(0).shape)),
          .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}

Call lower_slide(const Site& site, const Kernel&) {
  return {.function = "mote::slide",
          .headers = {"slide.h"},
          .shape = shape_members(
              slide_shape(site.op.as<SlideAttrs>(), site.in(0).shape, site.in(1).shape)),
          .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}
uint32_t window_in_place(const Site&) { return 1; }

Shape row_of(Shape shape) {
  shape[1] = 1;
  return shape;
}

// Rows that are repeated have an axis of their own: [1, h, 1, w, c] becomes [1, h, times, w, c].
std::optional<RowCall> rows_expanded(const Site& site, const Kernel& kernel, int64_t) {
  const Shape &x = site.in(0).shape, &y = site.out(0).shape;
  if (x.size() != y.size() || x.size() < 4 || y[0] != 1 || x[1] != y[1]) return {};
  const int64_t times = x.size() > 4 && x[2] == 1 ? y[2] : 1;
  Shape x_row = row_of(x), y_row = row_of(y);
  if (times > 1) y_row[2] = 1;
  Call call = lower_move(site, kernel);
  call.shape = shape_members(move_shape(site.op, x_row, y_row));
  return RowCall{
      .call = std::move(call), .window = {.repeat = times}, .x_rows = x[1], .y_rows = y[1] * times};
}

std::optional<RowCall> rows_sliced(const Site& site, const Kernel& kernel, int64_t) {
  const auto& a = site.op.as<SliceAttrs>();
  if (!is_image(site.in(0)) || !is_image(site.out(0)) || a.step[1] < 1) return {};
  Op row = site.op;
  SliceAttrs attrs = a;
  attrs.start[1] = 0;
  attrs.size[1] = 1;
  row.attrs = attrs;
  Call call = lower_move(site, kernel);
  call.shape = shape_members(move_shape(row, row_of(site.in(0).shape), attrs.size));
  return RowCall{.call = std::move(call), .window = {.stride = a.step[1], .pad = -a.start[1]}};
}

std::optional<RowCall> rows_padded(const Site& site, const Kernel& kernel, int64_t group) {
  PadAttrs attrs = site.op.as<PadAttrs>();
  if (!is_image(site.in(0)) || !is_image(site.out(0)) || !site.graph.constant(site.op.in[1]))
    return {};
  const int64_t top = attrs.begin[1];
  if (top == 0 && attrs.end[1] == 0) return rows_alone(site, kernel, group);
  attrs.begin[1] = attrs.end[1] = 0;
  Call call = lower_pad(site, kernel);
  call.shape = shape_members(pad_shape(attrs, row_of(site.in(0).shape)));
  return rows_gathered(std::move(call), "mote::pad", "mote::pad_row", {.pad = top});
}

constexpr Kernel kRows[] = {
    // clang-format off
    // name        op               needs  isa refuses     lower         cost         in place, by rows
    {"concat",     &ops::concat,    kNone, "", serves_all, lower_concat, per_element, nullptr, rows_off_axis<ConcatAttrs>},
    {"expand",     &ops::expand,    kNone, "", serves_all, lower_move,   per_element, nullptr, rows_expanded},
    {"pad",        &ops::pad,       kNone, "", serves_all, lower_pad,    per_element, nullptr, rows_padded},
    {"slice",      &ops::slice,     kNone, "", serves_all, lower_move,   per_element, nullptr, rows_sliced},
    {"slide",      &ops::slide,     kNone, "", serves_all, lower_slide,  per_element, window_in_place},
    {"transpose",  &ops::transpose, kNone, "", serves_all, lower_move,   per_element},
    // clang-format on
};

}  // namespace

std::span<const Kernel> move_rows() { return kRows; }

}  // namespace motec
