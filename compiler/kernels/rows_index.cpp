// Kernels that pick, update or weight elements by index.
#include <numeric>

#include "kernels/rows.h"
#include "ops/gather.h"
#include "ops/resample.h"
#include "ops/scatter.h"
#include "ops/shapes.h"

namespace motec {
namespace {

// A table of constants in [0, n), in the smallest type that holds them.
Tensor smallest(const Tensor& indices, int64_t n) {
  const DType dtype = n <= 256 ? DType::U8 : n <= 65536 ? DType::U16 : DType::S32;
  Tensor table = Tensor::zeros(dtype, indices.shape);
  const std::vector<int64_t> values = to_int64s(indices);
  dispatch(dtype, [&]<class T>() {
    for (size_t i = 0; i < values.size(); ++i) table.data<T>()[i] = static_cast<T>(values[i]);
  });
  return table;
}

Call lower_gather(const Site& site, const Kernel&) {
  const mote::GatherShape s =
      gather_shape(site.op.as<GatherAttrs>(), site.in(0).shape, site.in(1).shape);
  const Tensor* known = site.graph.constant(site.op.in[1]);
  return {
      .function = fmt::format("mote::gather<mote::{}>", known ? "KnownIndex" : "AnyIndex"),
      .headers = {"gather.h"},
      .shape = shape_members(s),
      .operands = {Operand::input(0),
                   known ? Operand::packed("indices", smallest(*known, s.n)) : Operand::input(1),
                   Operand::output(0)}};
}

// Along the axis of rows, they are picked at even distances: row r of the result is row r * stride
// / repeat. The first of the indices is 0 then, so that the same table serves to pick from one row.
std::optional<RowCall> rows_picked(const Site& site, const Kernel& kernel, int64_t group) {
  const Tensor* index = site.graph.constant(site.op.in[1]);
  if (!index || index->shape.size() != 1) return {};
  if (site.op.as<GatherAttrs>().axis != 1) return rows_alone(site, kernel, group);
  if (!is_image(site.in(0))) return {};
  const Shape& x = site.in(0).shape;
  const std::vector<int64_t> rows = to_int64s(*index);
  const int64_t common = std::gcd(x[1], std::ssize(rows));
  const RowWindow window{.stride = x[1] / common, .repeat = std::ssize(rows) / common};
  for (int64_t r = 0; r < std::ssize(rows); ++r)
    if (rows[static_cast<size_t>(r)] != window.begin(r)) return {};
  Call call = lower_gather(site, kernel);
  call.shape = shape_members(
      mote::GatherShape{.outer = 1, .n = 1, .inner = to_i32(x[2] * x[3]), .count = 1});
  return RowCall{.call = std::move(call), .window = window};
}

Call lower_gather_elements(const Site& site, const Kernel&) {
  return {.function = "mote::gather_elements",
          .headers = {"gather_nd.h"},
          .shape = shape_members(gather_elements_shape(site.op.as<GatherElementsAttrs>(),
                                                       site.in(0).shape, site.in(1).shape)),
          .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}

Call lower_gather_nd(const Site& site, const Kernel&) {
  return {.function = "mote::gather_nd",
          .headers = {"gather_nd.h"},
          .shape = shape_members(
              gather_nd_shape(site.op.as<GatherNdAttrs>(), site.in(0).shape, site.in(1).shape)),
          .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}

Call lower_scatter_elements(const Site& site, const Kernel&) {
  const auto& a = site.op.as<ScatterElementsAttrs>();
  return {
      .function = fmt::format("mote::scatter_elements<mote::fn::{}>", name_of(a.fn)),
      .headers = {"scatter.h"},
      .shape = shape_members(scatter_elements_shape(a, site.in(0).shape, site.in(1).shape)),
      .operands = {Operand::input(0), Operand::input(1), Operand::input(2), Operand::output(0)}};
}

Call lower_scatter_nd(const Site& site, const Kernel&) {
  return {
      .function =
          fmt::format("mote::scatter_nd<mote::fn::{}>", name_of(site.op.as<ScatterNdAttrs>().fn)),
      .headers = {"scatter.h"},
      .shape = shape_members(scatter_nd_shape(site.in(0).shape, site.in(1).shape)),
      .operands = {Operand::input(0), Operand::input(1), Operand::input(2), Operand::output(0)}};
}

Call lower_resample(const Site& site, const Kernel&) {
  const mote::ResampleShape s =
      resample_shape(site.op.as<ResampleAttrs>(), site.in(0).shape, site.in(2).shape);
  return {.function = "mote::resample",
          .headers = {"resample.h"},
          .shape = shape_members(s),
          .operands = {Operand::input(0),
                       Operand::packed("first", smallest(*site.graph.constant(site.op.in[1]), s.n)),
                       Operand::input(2), Operand::output(0)}};
}

double per_mac(const Site& site, const Kernel&) {
  return static_cast<double>(site.op.def->macs(site.op, infer_ctx(site.graph, site.op)));
}

// The value whose memory `id` is, behind operators that only change the type.
ValueId root(const Graph& graph, ValueId id) {
  for (size_t i = graph.ops.size(); i-- > 0;) {
    const Op& op = graph.ops[i];
    if (op.def->is_view && op.out[0] == id) id = op.in[0];
  }
  return id;
}

// The operand is only copied, and not at all when it is in its place already. That must not be
// where indices or updates are read from.
uint32_t scatter_in_place(const Site& site) {
  const ValueId x = root(site.graph, site.op.in[0]);
  const bool read_later =
      root(site.graph, site.op.in[1]) == x || root(site.graph, site.op.in[2]) == x;
  return read_later ? 0 : 1;
}

constexpr Kernel kRows[] = {
    // clang-format off
    // name               op                      needs  isa refuses     lower                   cost         in place
    {"gather",            &ops::gather,           kNone, "", serves_all, lower_gather,           per_element, nullptr, rows_picked},
    {"gather_elements",   &ops::gather_elements,  kNone, "", serves_all, lower_gather_elements,  per_element},
    {"gather_nd",         &ops::gather_nd,        kNone, "", serves_all, lower_gather_nd,        per_element},
    {"resample_f32",      &ops::resample,         kNone, "", serves_all, lower_resample,         per_mac},
    {"scatter_elements",  &ops::scatter_elements, kNone, "", serves_all, lower_scatter_elements, per_element, scatter_in_place},
    {"scatter_nd",        &ops::scatter_nd,       kNone, "", serves_all, lower_scatter_nd,       per_element, scatter_in_place},
    // clang-format on
};

}  // namespace

std::span<const Kernel> index_rows() { return kRows; }

}  // namespace motec
