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

constexpr Kernel kRows[] = {
    // clang-format off
    // name        op               needs  isa refuses     lower         cost         in place, by rows
    {"concat",     &ops::concat,    kNone, "", serves_all, lower_concat, per_element, nullptr, rows_off_axis<ConcatAttrs>},
    {"expand",     &ops::expand,    kNone, "", serves_all, lower_move,   per_element},
    {"pad",        &ops::pad,       kNone, "", serves_all, lower_pad,    per_element, nullptr, rows_alone},
    {"slice",      &ops::slice,     kNone, "", serves_all, lower_move,   per_element},
    {"slide",      &ops::slide,     kNone, "", serves_all, lower_slide,  per_element, window_in_place},
    {"transpose",  &ops::transpose, kNone, "", serves_all, lower_move,   per_element},
    // clang-format on
};

}  // namespace

std::span<const Kernel> move_rows() { return kRows; }

}  // namespace motec
