// Kernels that combine elements along dimensions: reductions, Softmax, normalization, running sums,
// and the search for greatest elements.
#include <algorithm>

#include "kernels/rows.h"
#include "ops/arg_reduce.h"
#include "ops/cumsum.h"
#include "ops/normalize.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "ops/topk.h"

namespace motec {
namespace {

Call lower_reduce(const Site& site, const Kernel&) {
  const auto& a = site.op.as<ReduceAttrs>();
  // The element type cannot be deduced from an operand without elements: that is a null pointer.
  return {
      .function = fmt::format("mote::reduce<{}, {}>", functor(a.kind), c_type_of(site.in(0).dtype)),
      .headers = {"reduce.h"},
      .shape = shape_members(reduce_shape(a, site.in(0).shape)),
      .operands = {Operand::input(0), Operand::output(0)}};
}

Call lower_arg_reduce(const Site& site, const Kernel&) {
  const auto& a = site.op.as<ArgReduceAttrs>();
  return {.function = fmt::format("mote::arg_reduce<{}>", functor(a.extreme)),
          .headers = {"arg_reduce.h"},
          .shape = shape_members(arg_reduce_shape(a, site.in(0).shape)),
          .operands = {Operand::input(0), Operand::output(0)}};
}

Call lower_softmax(const Site& site, const Kernel&) {
  constexpr std::string_view kFunctions[] = {"mote::softmax", "mote::log_softmax", "mote::hardmax"};
  const auto& a = site.op.as<SoftmaxAttrs>();
  return {.function = std::string(kFunctions[static_cast<size_t>(a.kind)]),
          .headers = {"softmax.h"},
          .shape = shape_members(softmax_shape(a, site.in(0).shape)),
          .operands = {Operand::input(0), Operand::output(0)}};
}

Call lower_normalize(const Site& site, const Kernel&) {
  const auto& a = site.op.as<NormalizeAttrs>();
  const auto operand = [&site](size_t i) {
    return site.has_in(i) ? Operand::input(i) : Operand::null();
  };
  const std::string_view affine = site.has_in(2) ? "ScaleBias" : site.has_in(1) ? "Scale" : "None";
  return {.function = fmt::format("mote::normalize<mote::affine::{}, {}>", affine,
                                  c_type_of(site.in(0).dtype)),
          .headers = {"normalize.h"},
          .shape = shape_members(normalize_shape(a, site.in(0).shape)),
          .operands = {Operand::input(0), operand(1), operand(2), Operand::output(0)}};
}

std::optional<RowCall> normalize_rows(const Site& site, const Kernel& kernel, int64_t group) {
  const std::vector<int>& axes = site.op.as<NormalizeAttrs>().axes;
  if (std::find(axes.begin(), axes.end(), 1) != axes.end()) return {};
  return rows_alone(site, kernel, group);
}

Call lower_cumsum(const Site& site, const Kernel&) {
  return {.function = "mote::cumsum",
          .headers = {"cumsum.h"},
          .shape = shape_members(cumsum_shape(site.op.as<CumSumAttrs>(), site.in(0).shape)),
          .operands = {Operand::input(0), Operand::output(0)}};
}

Call lower_topk(const Site& site, const Kernel&) {
  const auto& a = site.op.as<TopKAttrs>();
  return {.function = fmt::format("mote::topk<{}>", functor(a.extreme)),
          .headers = {"topk.h"},
          .shape = shape_members(topk_shape(a, site.in(0).shape)),
          .operands = {Operand::input(0), Operand::output(0), Operand::output(1)}};
}

// One unit per element that is read.
double per_read(const Site& site, const Kernel&) {
  return static_cast<double>(site.in(0).elements());
}

constexpr Kernel kRows[] = {
    // clang-format off
    // name        op                needs  isa refuses     lower             cost      in place, by rows
    {"reduce",     &ops::reduce,     kNone, "", serves_all, lower_reduce,     per_read},
    {"arg_reduce", &ops::arg_reduce, kNone, "", serves_all, lower_arg_reduce, per_read},
    {"softmax",    &ops::softmax,    kNone, "", serves_all, lower_softmax,    per_read, first_in_place, rows_off_axis<SoftmaxAttrs>},
    {"normalize",  &ops::normalize,  kNone, "", serves_all, lower_normalize,  per_read, first_in_place, normalize_rows},
    {"cumsum",     &ops::cumsum,     kNone, "", serves_all, lower_cumsum,     per_read, first_in_place},
    {"topk",       &ops::topk,       kNone, "", serves_all, lower_topk,       per_read},
    // clang-format on
};

}  // namespace

std::span<const Kernel> reduce_rows() { return kRows; }

}  // namespace motec
