// Kernels of the matrix family: convolutions, fully connected layers, matrix products, pools.
#include "kernels/blocks.h"
#include "kernels/rows.h"
#include "mote/pack.h"
#include "ops/conv2d.h"
#include "ops/dense.h"
#include "ops/matmul.h"
#include "ops/pool.h"
#include "ops/window.h"

namespace motec {
namespace {

std::string refuses_pointwise(const Site& site) {
  if (!is_pointwise(site.op.as<Conv2dAttrs>(), site.in(1).shape))
    return "the kernel is not 1x1 with stride 1 and one group";
  return constant_weights(site);
}

std::string refuses_depthwise(const Site& site) {
  const auto& a = site.op.as<Conv2dAttrs>();
  if (a.groups != site.in(0).shape[3] || site.in(1).shape[3] != 1)
    return "the groups are not of one input channel each";
  return constant_weights(site);
}

Call lower_conv2d(const Site& site, const Kernel& kernel) {
  const auto& a = site.op.as<Conv2dAttrs>();
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  const int64_t k = product(w.shape, 1, 4), nr = blocks_of(kernel).gemm;
  std::vector<float> packed(
      static_cast<size_t>(mote::pack::conv2d_floats(w.shape[0], k, a.groups, nr)));
  mote::pack::pack_conv2d(w.data<float>(), w.shape[0], k, a.groups, nr, packed.data());
  return {.function = isa_function(kernel, "conv2d_f32", a.act.fn),
          .headers = {"conv2d_f32.h", isa_header(kernel)},
          .shape = shape_members(conv2d_shape(a, site.in(0).shape, w.shape)),
          .operands = {Operand::input(0), packed_floats("weights", std::move(packed)),
                       bias_operand(site, w.shape[0], nr), Operand::output(0)}};
}

// The call of a kernel over windows for one row, of the shape that the whole call has.
template <class S>
std::optional<RowCall> window_rows(const Site& site, Call call, const S& whole_shape,
                                   std::string_view whole, std::string_view by_row) {
  const Shape& x = site.in(0).shape;
  if (x[0] != 1) return {};
  const S s = as_column_again(whole_shape, x);
  call.shape = shape_members(s);
  return rows_gathered(std::move(call), whole, by_row, row_window(s));
}
std::optional<RowCall> conv2d_rows(const Site& site, const Kernel& kernel, int64_t) {
  const auto& a = site.op.as<Conv2dAttrs>();
  return window_rows(site, lower_conv2d(site, kernel),
                     conv2d_shape(a, site.in(0).shape, site.in(1).shape), "conv2d_f32",
                     "conv2d_row_f32");
}

Call lower_depthwise(const Site& site, const Kernel& kernel) {
  const auto& a = site.op.as<Conv2dAttrs>();
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  const int64_t channels = w.shape[0], taps = w.shape[1] * w.shape[2];
  const int64_t nr = blocks_of(kernel).depthwise;
  // The graph's weights are [channels][taps]; oihw_to_hwc puts taps outermost.
  std::vector<float> hwc(static_cast<size_t>(channels * taps));
  mote::pack::oihw_to_hwc(w.data<float>(), channels, taps, hwc.data());
  std::vector<float> packed(static_cast<size_t>(mote::pack::depthwise_floats(channels, taps, nr)));
  mote::pack::pack_depthwise(hwc.data(), channels, taps, nr, packed.data());
  return {.function = isa_function(kernel, "depthwise_f32", a.act.fn),
          .headers = {"depthwise_f32.h", isa_header(kernel)},
          .shape = shape_members(depthwise_shape(a, site.in(0).shape, w.shape)),
          .operands = {Operand::input(0), packed_floats("weights", std::move(packed)),
                       bias_operand(site, channels, nr), Operand::output(0)}};
}

std::optional<RowCall> depthwise_rows(const Site& site, const Kernel& kernel, int64_t) {
  const auto& a = site.op.as<Conv2dAttrs>();
  return window_rows(site, lower_depthwise(site, kernel),
                     depthwise_shape(a, site.in(0).shape, site.in(1).shape), "depthwise_f32",
                     "depthwise_row_f32");
}

// A matrix of m rows times weights [n, k]: one row takes the matrix-vector kernel.
Call lower_gemm(const Site& site, const Kernel& kernel, const mote::GemmShape& s, UnaryFn act) {
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  const int64_t nr = blocks_of(kernel).gemm;
  std::vector<float> packed(static_cast<size_t>(mote::pack::dense_floats(s.n, s.k, nr)));
  mote::pack::pack_dense(w.data<float>(), s.n, s.k, nr, packed.data());
  return {.function = isa_function(kernel, s.m == 1 ? "dense_f32" : "pointwise_f32", act),
          .headers = {"gemm_f32.h", isa_header(kernel)},
          .shape = shape_members(s),
          .operands = {Operand::input(0), packed_floats("weights", std::move(packed)),
                       bias_operand(site, s.n, nr), Operand::output(0)}};
}

Call lower_dense(const Site& site, const Kernel& kernel) {
  const auto& a = site.op.as<DenseAttrs>();
  return lower_gemm(site, kernel, gemm_shape(a, site.in(0).shape, site.in(1).shape), a.act.fn);
}

Call lower_pointwise(const Site& site, const Kernel& kernel) {
  const auto& a = site.op.as<Conv2dAttrs>();
  const Shape &x = site.in(0).shape, &w = site.in(1).shape;
  const DenseAttrs dense{a.act};
  return lower_gemm(site, kernel, gemm_shape(dense, x, {w[0], w[3]}), a.act.fn);
}

Call lower_matmul(const Site& site, const Kernel& kernel) {
  const auto& a = site.op.as<MatMulAttrs>();
  return {
      .function = isa_function(kernel, a.transpose_b ? "matmul_bt_f32" : "matmul_f32", a.act.fn),
      .headers = {"matmul_f32.h", isa_header(kernel)},
      .shape = shape_members(matmul_shape(a, site.in(0).shape, site.in(1).shape)),
      .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}

Call lower_pool(const Site& site, const Kernel& kernel) {
  const auto& a = site.op.as<PoolAttrs>();
  constexpr std::string_view kFunctions[] = {"maxpool_f32", "avgpool_f32", "lppool_f32"};
  return {.function = fmt::format("mote::{}<mote::isa::{}>",
                                  kFunctions[static_cast<size_t>(a.kind)], kernel.isa),
          .headers = {"pool_f32.h", isa_header(kernel)},
          .shape = shape_members(pool_shape(a, site.in(0).shape)),
          .operands = {Operand::input(0), Operand::output(0)}};
}

// A general convolution pays for cutting each pixel into pieces, a grouped one for short blocks.
std::optional<RowCall> pool_rows(const Site& site, const Kernel& kernel, int64_t) {
  const auto& a = site.op.as<PoolAttrs>();
  if (site.in(0).shape[0] != 1) return {};
  constexpr std::string_view kWhole[] = {"maxpool_f32", "avgpool_f32", "lppool_f32"};
  constexpr std::string_view kByRow[] = {"maxpool_row_f32", "avgpool_row_f32", "lppool_row_f32"};
  const auto kind = static_cast<size_t>(a.kind);
  RowCall rows = rows_gathered(lower_pool(site, kernel), kWhole[kind], kByRow[kind],
                               row_window(pool_shape(a, site.in(0).shape)));
  rows.numbered = true;
  return rows;
}

double cost_gemm(const Site& site, const Kernel& kernel) { return per_mac(site, kernel, 1.0); }
double cost_conv(const Site& site, const Kernel& kernel) {
  return per_mac(site, kernel, site.op.as<Conv2dAttrs>().groups > 1 ? 8.0 : 1.2);
}
double cost_depthwise(const Site& site, const Kernel& kernel) { return per_mac(site, kernel, 2.0); }
double cost_pool(const Site& site, const Kernel& kernel) {
  return per_element(site, kernel) / static_cast<double>(blocks_of(kernel).gemm);
}

constexpr Kernel kRows[] = {
    // clang-format off
    // name                  op            needs    isa       refuses            lower            cost       in place, by rows
    {"pointwise_f32_neon",   &ops::conv2d, kNeon,   "Neon",   refuses_pointwise, lower_pointwise, cost_gemm, nullptr, rows_alone},
    {"pointwise_f32_mve",    &ops::conv2d, kMve,    "Mve",    refuses_pointwise, lower_pointwise, cost_gemm, nullptr, rows_alone},
    {"pointwise_f32_vec",    &ops::conv2d, kVectorExt, "Vec",    refuses_pointwise, lower_pointwise, cost_gemm, nullptr, rows_alone},
    {"pointwise_f32",        &ops::conv2d, kNone,   "Scalar", refuses_pointwise, lower_pointwise, cost_gemm, nullptr, rows_alone},
    {"depthwise_f32_neon",   &ops::conv2d, kNeon,   "Neon",   refuses_depthwise, lower_depthwise, cost_depthwise, nullptr, depthwise_rows},
    {"depthwise_f32_mve",    &ops::conv2d, kMve,    "Mve",    refuses_depthwise, lower_depthwise, cost_depthwise, nullptr, depthwise_rows},
    {"depthwise_f32_vec",    &ops::conv2d, kVectorExt, "Vec",    refuses_depthwise, lower_depthwise, cost_depthwise, nullptr, depthwise_rows},
    {"depthwise_f32",        &ops::conv2d, kNone,   "Scalar", refuses_depthwise, lower_depthwise, cost_depthwise, nullptr, depthwise_rows},
    {"conv2d_f32_neon",      &ops::conv2d, kNeon,   "Neon",   constant_weights,  lower_conv2d,    cost_conv, nullptr, conv2d_rows},
    {"conv2d_f32_mve",       &ops::conv2d, kMve,    "Mve",    constant_weights,  lower_conv2d,    cost_conv, nullptr, conv2d_rows},
    {"conv2d_f32_vec",       &ops::conv2d, kVectorExt, "Vec",    constant_weights,  lower_conv2d,    cost_conv, nullptr, conv2d_rows},
    {"conv2d_f32",           &ops::conv2d, kNone,   "Scalar", constant_weights,  lower_conv2d,    cost_conv, nullptr, conv2d_rows},
    {"dense_f32_neon",       &ops::dense,  kNeon,   "Neon",   constant_weights,  lower_dense,     cost_gemm},
    {"dense_f32_mve",        &ops::dense,  kMve,    "Mve",    constant_weights,  lower_dense,     cost_gemm},
    {"dense_f32_vec",        &ops::dense,  kVectorExt, "Vec",    constant_weights,  lower_dense,     cost_gemm},
    {"dense_f32",            &ops::dense,  kNone,   "Scalar", constant_weights,  lower_dense,     cost_gemm},
    {"matmul_f32_neon",      &ops::matmul, kNeon,   "Neon",   serves_all,        lower_matmul,    cost_gemm},
    {"matmul_f32_mve",       &ops::matmul, kMve,    "Mve",    serves_all,        lower_matmul,    cost_gemm},
    {"matmul_f32_vec",       &ops::matmul, kVectorExt, "Vec",    serves_all,        lower_matmul,    cost_gemm},
    {"matmul_f32",           &ops::matmul, kNone,   "Scalar", serves_all,        lower_matmul,    cost_gemm},
    {"pool_f32_neon",        &ops::pool,   kNeon,   "Neon",   serves_all,        lower_pool,      cost_pool, nullptr, pool_rows},
    {"pool_f32_mve",         &ops::pool,   kMve,    "Mve",    serves_all,        lower_pool,      cost_pool, nullptr, pool_rows},
    {"pool_f32_vec",         &ops::pool,   kVectorExt, "Vec",    serves_all,        lower_pool,      cost_pool, nullptr, pool_rows},
    {"pool_f32",             &ops::pool,   kNone,   "Scalar", serves_all,        lower_pool,      cost_pool, nullptr, pool_rows},
    // clang-format on
};

}  // namespace

std::span<const Kernel> conv_rows() { return kRows; }

}  // namespace motec
