// Kernels that compute element by element: Unary, Binary, Select, Cast.
#include "kernels/rows.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/select.h"
#include "ops/unary.h"

namespace motec {
namespace {

Call lower_unary(const Site& site, const Kernel&) {
  const auto& a = site.op.as<UnaryAttrs>();
  return {.function = fmt::format("mote::unary<{}>", functor(a.fn)),
          .headers = {"unary.h"},
          .shape = shape_members(
              mote::UnaryShape{static_cast<int32_t>(site.in(0).elements()), a.alpha, a.beta}),
          .operands = {Operand::input(0), Operand::output(0)}};
}

Call lower_binary(const Site& site, const Kernel&) {
  const auto& a = site.op.as<BinaryAttrs>();
  return {
      .function = fmt::format("mote::binary<mote::fn::{}, {}>", name_of(a.fn), functor(a.act.fn)),
      .headers = {"binary.h"},
      .shape = shape_members(binary_shape(a, site.in(0).shape, site.in(1).shape)),
      .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}

Call lower_select(const Site& site, const Kernel&) {
  return {
      .function = "mote::select",
      .headers = {"select.h"},
      .shape = shape_members(select_shape(site.in(0).shape, site.in(1).shape, site.in(2).shape)),
      .operands = {Operand::input(0), Operand::input(1), Operand::input(2), Operand::output(0)}};
}

Call lower_cast(const Site& site, const Kernel&) {
  return {.function = fmt::format("mote::cast<{}, {}>", cast_type(site.in(0).dtype),
                                  cast_type(site.out(0).dtype)),
          .headers = {"cast.h"},
          .shape = shape_members(mote::CastShape{static_cast<int32_t>(site.in(0).elements())}),
          .operands = {Operand::input(0), Operand::output(0)}};
}

constexpr Kernel kRows[] = {
    // clang-format off
    // name      op            needs  isa refuses     lower         cost      in place, by rows
    {"unary",    &ops::unary,  kNone, "", serves_all, lower_unary,  per_element, same_shape_in_place, rows_alone},
    {"binary",   &ops::binary, kNone, "", serves_all, lower_binary, per_element, same_shape_in_place, rows_alone},
    {"select",   &ops::select, kNone, "", serves_all, lower_select, per_element, same_shape_in_place, rows_alone},
    {"cast",     &ops::cast,   kNone, "", serves_all, lower_cast,   per_element, same_shape_in_place, rows_alone},
    // clang-format on
};

}  // namespace

std::span<const Kernel> elementwise_rows() { return kRows; }

}  // namespace motec
