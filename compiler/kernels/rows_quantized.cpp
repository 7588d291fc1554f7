// Integer kernels with weights: convolutions and fully connected layers.
#include <algorithm>
#include <limits>

#include "kernels/costs.h"
#include "kernels/integer_isa.h"
#include "kernels/rows.h"
#include "mote/dense_halves_s8.h"
#include "mote/pack.h"
#include "ops/int4.h"
#include "ops/qconv2d.h"
#include "ops/qdense.h"
#include "ops/shapes.h"
#include "ops/window.h"
#include "support/diag.h"

namespace motec {
namespace {

// int32 constants filled up with zeros.
Operand parameters(const Site& site, size_t in, std::string_view name, int64_t align) {
  const Tensor& given = *site.graph.constant(site.op.in[in]);
  std::vector<int32_t> values(static_cast<size_t>(mote::pack::round_up(given.elements(), align)));
  std::copy_n(given.data<int32_t>(), given.elements(), values.begin());
  return Operand::packed(name, s32_vector(values));
}

// The operands of every such kernel: x, weights, bias, multipliers, y, scratch.
Call integer_call(const Site& site, const Kernel& kernel, std::string_view function,
                  std::string_view header, const Store& store, Tensor weights, int64_t scratch) {
  const IntegerIsa& isa = integer_isa(kernel);
  const int64_t mult_align = std::max<int64_t>(isa.params_align * params_of(store), 1);
  Operand mult = parameters(site, 3, "multipliers", mult_align);
  if (mult.weights.elements() == 0) mult = Operand::null();
  Call call{.function =
                fmt::format("mote::{}<mote::isa::{}, {}>", function, isa.name, requant_type(store)),
            .headers = {std::string(header), std::string(isa.header)},
            .shape = {},
            .operands = {Operand::input(0), Operand::packed("weights", std::move(weights)),
                         parameters(site, 2, "bias", isa.params_align), std::move(mult),
                         Operand::output(0), Operand::null()}};
  if (scratch > 0) {
    call.operands.back() = Operand::scratch();
    call.scratch_bytes = scratch;
    call.scratch_dtype = DType::S8;
  }
  return call;
}

Tensor packed_gemm(const Site& site, const Kernel& kernel, int64_t groups) {
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  const int64_t channels = w.shape[0] / groups, depth = w.elements() / w.shape[0];
  const mote::pack::GemmLayout& layout = integer_isa(kernel).layout;
  Tensor packed =
      Tensor::zeros(w.dtype, {groups * mote::pack::gemm_bytes(layout, channels, depth)});
  if (w.dtype == DType::S8) {
    mote::pack::pack_gemm(layout, w.data<int8_t>(), groups, channels, depth, packed.data<int8_t>());
  } else {
    mote::pack::pack_gemm(layout, w.data<int16_t>(), groups, channels, depth,
                          packed.data<int16_t>());
  }
  return packed;
}

// A matrix of pixels times weights.
Call lower_gemm(const Site& site, const Kernel& kernel, const Store& store) {
  const IntegerIsa& isa = integer_isa(kernel);
  const Shape& w = site.in(1).shape;
  const mote::GemmS8Shape s =
      qgemm_shape(store, site.in(0).shape, {w[0], site.in(1).elements() / w[0]});
  const DType x = site.in(0).dtype;
  const bool vector = s.m == 1 && x == DType::S8;
  Call call = integer_call(site, kernel, vector ? "dense_s8" : "pointwise_s8", "gemm_s8.h", store,
                           packed_gemm(site, kernel, 1),
                           vector ? isa.dense_scratch(s.k) : isa.pointwise_scratch(s, x));
  call.shape = shape_members(s);
  return call;
}

std::string refuses_pointwise(const Site& site) {
  return is_pointwise(site.op.as<QConv2dAttrs>(), site.in(1).shape)
             ? ""
             : "the kernel is not 1x1 with stride 1 and one group";
}
Call lower_pointwise(const Site& site, const Kernel& kernel) {
  return lower_gemm(site, kernel, site.op.as<QConv2dAttrs>().store);
}
Call lower_dense(const Site& site, const Kernel& kernel) {
  return lower_gemm(site, kernel, site.op.as<QDenseAttrs>().store);
}

// Two weights in a word, see dense_halves_s8.h.
std::string refuses_halves(const Site& site) {
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  const Store& store = site.op.as<QDenseAttrs>().store;
  if (site.in(0).dtype != DType::S8 || w.dtype != DType::S8 || requant_type(store) != "mote::High")
    return "inputs, weights or results are not int8";
  if (site.out(0).elements() != w.shape[0]) return "there are several vectors";
  if (w.shape[0] < mote::kHalvesChannels) return "there are fewer than 16 outputs";
  return "";
}
Call lower_halves(const Site& site, const Kernel& kernel) {
  const Store& store = site.op.as<QDenseAttrs>().store;
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  const int64_t channels = w.shape[0], depth = w.shape[1];
  Tensor packed = Tensor::zeros(DType::S8, {channels * depth});
  mote::pack::pack_halves(w.data<int8_t>(), channels, depth, packed.data<int8_t>());
  std::vector<int32_t> wide(static_cast<size_t>(
      mote::pack::list_wide_groups(w.data<int8_t>(), channels, depth, nullptr)));
  mote::pack::list_wide_groups(w.data<int8_t>(), channels, depth, wide.data());
  wide.push_back(std::numeric_limits<int32_t>::max());
  Call call = integer_call(site, kernel, "dense_halves_s8", "dense_halves_s8.h", store,
                           std::move(packed), 0);
  call.function = fmt::format("mote::dense_halves_s8<{}>", requant_type(store));
  call.operands.insert(call.operands.begin() + 2, Operand::packed("wide_groups", s32_vector(wide)));
  call.operands.pop_back();  // no scratch
  call.shape = shape_members(qgemm_shape(store, site.in(0).shape, w.shape));
  return call;
}

// Inputs and outputs of equal element sizes only: bytes are counted as pixels times channels.
std::optional<PixelOrder> pointwise_order(const Site& site, const Kernel& kernel) {
  const int64_t pixels = integer_isa(kernel).pointwise_pixels;
  const bool bytes = site.in(0).dtype == DType::S8 && site.out(0).dtype == DType::S8;
  if (pixels == 0 || !bytes || site.in(0).shape.size() != 4 || site.in(0).shape[0] != 1) return {};
  return PixelOrder{
      .x = site.in(0).shape, .y = site.out(0).shape, .pixels = pixels, .gathers = true};
}

std::string refuses_conv2d(const Site& site) {
  const mote::Conv2dS8Shape s =
      qconv2d_shape(site.op.as<QConv2dAttrs>(), site.in(0).shape, site.in(1).shape);
  return s.kernel_h <= mote::kMaxKernelRows
             ? ""
             : fmt::format("the kernel has more than {} rows", mote::kMaxKernelRows);
}
Call conv2d_call(const Site& site, const Kernel& kernel, std::string_view function,
                 const mote::Conv2dS8Shape& s) {
  const auto& a = site.op.as<QConv2dAttrs>();
  Call call = integer_call(site, kernel, function, "conv2d_s8.h", a.store,
                           packed_gemm(site, kernel, a.groups),
                           integer_isa(kernel).conv2d_scratch(s, site.in(0).dtype));
  call.shape = shape_members(s);
  return call;
}
mote::Conv2dS8Shape conv2d_shape_of(const Site& site) {
  return qconv2d_shape(site.op.as<QConv2dAttrs>(), site.in(0).shape, site.in(1).shape);
}
Call lower_conv2d(const Site& site, const Kernel& kernel) {
  return conv2d_call(site, kernel, "conv2d_s8", conv2d_shape_of(site));
}
std::optional<RowCall> conv2d_rows(const Site& site, const Kernel& kernel, int64_t) {
  const auto s = as_column_again(conv2d_shape_of(site), site.in(0).shape);
  if (s.batch != 1) return {};
  return RowCall{.call = conv2d_call(site, kernel, "conv2d_row_s8", s),
                 .window = row_window(s),
                 .gathers = true};
}

std::string refuses_depthwise(const Site& site) {
  const auto& a = site.op.as<QConv2dAttrs>();
  if (a.groups != site.in(0).shape[3] || site.in(1).shape[3] != 1)
    return "the groups are not of one input channel each";
  if (site.in(0).dtype != DType::S8 || site.in(1).dtype != DType::S8)
    return "inputs or weights are not int8";
  return refuses_conv2d(site);
}
Call depthwise_call(const Site& site, const Kernel& kernel, std::string_view function,
                    const mote::DepthwiseS8Shape& s, int64_t scratch) {
  const IntegerIsa& isa = integer_isa(kernel);
  const auto& a = site.op.as<QConv2dAttrs>();
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  const int64_t channels = w.shape[0], taps = w.shape[1] * w.shape[2];
  // The graph's weights are [channels][taps]; oihw_to_hwc puts taps outermost.
  std::vector<int8_t> hwc(static_cast<size_t>(channels * taps));
  mote::pack::oihw_to_hwc(w.data<int8_t>(), channels, taps, hwc.data());
  Tensor packed = Tensor::zeros(DType::S8, {isa.depthwise_bytes(channels, s.kernel_h, s.kernel_w)});
  isa.pack_depthwise(hwc.data(), channels, s.kernel_h, s.kernel_w, packed.data<int8_t>());
  Call call =
      integer_call(site, kernel, function, "depthwise_s8.h", a.store, std::move(packed), scratch);
  call.shape = shape_members(s);
  return call;
}
mote::DepthwiseS8Shape depthwise_shape_of(const Site& site) {
  return qdepthwise_shape(site.op.as<QConv2dAttrs>(), site.in(0).shape, site.in(1).shape);
}
Call lower_depthwise(const Site& site, const Kernel& kernel) {
  const mote::DepthwiseS8Shape s = depthwise_shape_of(site);
  return depthwise_call(site, kernel, "depthwise_s8", s, integer_isa(kernel).depthwise_scratch(s));
}
std::optional<RowCall> depthwise_rows(const Site& site, const Kernel& kernel, int64_t group) {
  const auto s = as_column_again(depthwise_shape_of(site), site.in(0).shape);
  if (s.batch != 1) return {};
  mote::DepthwiseS8Shape one = s;  // scratch for as many rows as are made together
  one.out_h = static_cast<int32_t>(group);
  const int64_t scratch = integer_isa(kernel).depthwise_scratch(one);
  return RowCall{
      .call = depthwise_call(site, kernel, group > 1 ? "depthwise_rows_s8" : "depthwise_row_s8", s,
                             scratch),
      .window = row_window(s),
      .gathers = true,
      .batch = group > 1 ? RowCall::Batch::Windows : RowCall::Batch::Loop};
}

std::optional<PixelOrder> depthwise_order(const Site& site, const Kernel& kernel) {
  const mote::DepthwiseS8Shape s = depthwise_shape_of(site);
  if (s.batch != 1 || site.out(0).dtype != DType::S8) return {};
  return PixelOrder{
      .x = {1, s.in_h, s.in_w, s.in_c},
      .y = {1, s.out_h, s.out_w, s.in_c * s.multiplier},
      .stride = {s.stride_h, s.stride_w},
      .pad = {s.pad_top, s.pad_left},
      .reach = {(s.kernel_h - 1) * s.dilation_h + 1, (s.kernel_w - 1) * s.dilation_w + 1},
      .pixels = integer_isa(kernel).depthwise_pixels(s)};
}

// ---- Weights of four bits

std::string refuses_int4(const Site& site) {
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  if (site.in(0).dtype != DType::S8 || w.dtype != DType::S8)
    return "inputs or weights are not int8";
  return as_int4(w) ? "" : "a weight needs more than four bits";
}
std::string refuses_conv2d_int4(const Site& site) {
  if (site.op.as<QConv2dAttrs>().groups != 1) return "the convolution has groups";
  const std::string tall = refuses_conv2d(site);
  return tall.empty() ? refuses_int4(site) : tall;
}

// As integer_call(), with the size of groups as the last template argument.
Call int4_call(const Site& site, const Kernel& kernel, std::string_view function,
               const Store& store, int64_t patch_bytes) {
  const IntegerIsa& isa = integer_isa(kernel);
  const Int4Weights w = *as_int4(*site.graph.constant(site.op.in[1]));
  const int64_t channels = w.q.shape[0], k = w.q.elements() / channels;
  const int64_t groups = mote::int4_groups(k, w.q.shape.back(), w.group);
  Tensor packed = Tensor::zeros(DType::S8, {isa.int4_bytes(channels, k, groups)});
  isa.pack_int4(w.q.data<int8_t>(), w.factors.data<int8_t>(), channels, k, groups,
                packed.data<int8_t>());
  Call call = integer_call(site, kernel, function, "int4.h", store, std::move(packed),
                           isa.int4_scratch(channels, k, patch_bytes));
  if (w.group != 0) call.function.insert(call.function.size() - 1, fmt::format(", {}", w.group));
  return call;
}

Call lower_conv2d_int4(const Site& site, const Kernel& kernel) {
  const mote::Conv2dS8Shape s = conv2d_shape_of(site);
  Call call = int4_call(site, kernel, "conv2d_s4", site.op.as<QConv2dAttrs>().store,
                        integer_isa(kernel).conv2d_scratch(s, DType::S8));
  call.shape = shape_members(s);
  return call;
}

Call lower_dense_int4(const Site& site, const Kernel& kernel) {
  const Store& store = site.op.as<QDenseAttrs>().store;
  const mote::GemmS8Shape s = qgemm_shape(store, site.in(0).shape, site.in(1).shape);
  Call call = int4_call(site, kernel, "pointwise_s4", store,
                        integer_isa(kernel).pointwise_scratch(s, DType::S8));
  call.shape = shape_members(s);
  return call;
}

// The products of a group are short, and each group is gathered for itself.
double cost_conv2d(const Site& site, const Kernel& kernel) {
  const double dense = integer_cost(site, kernel);
  if (site.op.as<QConv2dAttrs>().groups == 1) return dense;
  return 4 * dense + 40.0 * static_cast<double>(site.out(0).elements());
}

// 2.85 instructions per multiply-add on RV32IMC instead of 3.33.
double cost_halves(const Site& site, const Kernel& kernel) {
  return 0.86 * integer_cost(site, kernel);
}

// Spreading a weight, without and with groups of 32: measured on a layer of 256 by 64.
struct Spreading {
  std::string_view isa;
  double alone, in_groups;
};
constexpr Spreading kSpreading[] = {
    {"ScalarS8", 6.5, 8.4}, {"DspS8", 1.6, 3.7}, {"MveS8", 0.6, 2.6},
    {"NeonS8", 0.5, 1.1},   {"DotS8", 0.5, 1.1}, {"RvvS8", 0.3, 0.8},
};

double cost_int4(const Site& site, const Kernel& kernel) {
  const auto* row = std::find_if(std::begin(kSpreading), std::end(kSpreading),
                                 [&](const Spreading& s) { return s.isa == kernel.isa; });
  internal_check(row != std::end(kSpreading), "{} spreads at no known cost", kernel.name);
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  const double each = as_int4(w)->group == 0 ? row->alone : row->in_groups;
  return 1.1 * integer_cost(site, kernel) + each * static_cast<double>(w.elements());
}

constexpr Kernel kRows[] = {
    // clang-format off
    // name                  op             needs    isa         refuses            lower            cost          in place, by rows, order
    {"pointwise_s8",         &ops::qconv2d, kNone,   "ScalarS8", refuses_pointwise, lower_pointwise, integer_cost, nullptr, rows_alone, pointwise_order},
    {"pointwise_s8_dsp",     &ops::qconv2d, kDsp,    "DspS8",    refuses_pointwise, lower_pointwise, integer_cost, nullptr, rows_alone, pointwise_order},
    {"pointwise_s8_mve",     &ops::qconv2d, kMve,    "MveS8",    refuses_pointwise, lower_pointwise, integer_cost, nullptr, rows_alone, pointwise_order},
    {"pointwise_s8_neon",    &ops::qconv2d, kNeon,   "NeonS8",   refuses_pointwise, lower_pointwise, integer_cost, nullptr, rows_alone, pointwise_order},
    {"pointwise_s8_dot",     &ops::qconv2d, kDot,    "DotS8",    refuses_pointwise, lower_pointwise, integer_cost, nullptr, rows_alone, pointwise_order},
    {"pointwise_s8_rvv",     &ops::qconv2d, kRvv,    "RvvS8",    refuses_pointwise, lower_pointwise, integer_cost, nullptr, rows_alone, pointwise_order},
    {"depthwise_s8",         &ops::qconv2d, kNone,   "ScalarS8", refuses_depthwise, lower_depthwise, integer_cost, nullptr, depthwise_rows, depthwise_order},
    {"depthwise_s8_dsp",     &ops::qconv2d, kDsp,    "DspS8",    refuses_depthwise, lower_depthwise, integer_cost, nullptr, depthwise_rows, depthwise_order},
    {"depthwise_s8_mve",     &ops::qconv2d, kMve,    "MveS8",    refuses_depthwise, lower_depthwise, integer_cost, nullptr, depthwise_rows, depthwise_order},
    {"depthwise_s8_neon",    &ops::qconv2d, kNeon,   "NeonS8",   refuses_depthwise, lower_depthwise, integer_cost, nullptr, depthwise_rows, depthwise_order},
    {"depthwise_s8_dot",     &ops::qconv2d, kDot,    "DotS8",    refuses_depthwise, lower_depthwise, integer_cost, nullptr, depthwise_rows, depthwise_order},
    {"depthwise_s8_rvv",     &ops::qconv2d, kRvv,    "RvvS8",    refuses_depthwise, lower_depthwise, integer_cost, nullptr, depthwise_rows, depthwise_order},
    {"conv2d_s8",            &ops::qconv2d, kNone,   "ScalarS8", refuses_conv2d,    lower_conv2d,    cost_conv2d, nullptr, conv2d_rows},
    {"conv2d_s8_dsp",        &ops::qconv2d, kDsp,    "DspS8",    refuses_conv2d,    lower_conv2d,    cost_conv2d, nullptr, conv2d_rows},
    {"conv2d_s8_mve",        &ops::qconv2d, kMve,    "MveS8",    refuses_conv2d,    lower_conv2d,    cost_conv2d, nullptr, conv2d_rows},
    {"conv2d_s8_neon",       &ops::qconv2d, kNeon,   "NeonS8",   refuses_conv2d,    lower_conv2d,    cost_conv2d, nullptr, conv2d_rows},
    {"conv2d_s8_dot",        &ops::qconv2d, kDot,    "DotS8",    refuses_conv2d,    lower_conv2d,    cost_conv2d, nullptr, conv2d_rows},
    {"conv2d_s8_rvv",        &ops::qconv2d, kRvv,    "RvvS8",    refuses_conv2d,    lower_conv2d,    cost_conv2d, nullptr, conv2d_rows},
    {"dense_s8",             &ops::qdense,  kNone,   "ScalarS8", serves_all,        lower_dense,     integer_cost},
    {"dense_halves_s8_rv32", &ops::qdense,  kRv32,   "ScalarS8", refuses_halves,    lower_halves,    cost_halves},
    {"dense_s8_dsp",         &ops::qdense,  kDsp,    "DspS8",    serves_all,        lower_dense,     integer_cost},
    {"dense_s8_mve",         &ops::qdense,  kMve,    "MveS8",    serves_all,        lower_dense,     integer_cost},
    {"dense_s8_neon",        &ops::qdense,  kNeon,   "NeonS8",   serves_all,        lower_dense,     integer_cost},
    {"dense_s8_dot",         &ops::qdense,  kDot,    "DotS8",    serves_all,        lower_dense,     integer_cost},
    {"dense_s8_rvv",         &ops::qdense,  kRvv,    "RvvS8",    serves_all,        lower_dense,     integer_cost},
    {"conv2d_s4",              &ops::qconv2d, kNone,  "ScalarS8", refuses_conv2d_int4, lower_conv2d_int4, cost_int4},
    {"conv2d_s4_dsp",          &ops::qconv2d, kDsp,   "DspS8",    refuses_conv2d_int4, lower_conv2d_int4, cost_int4},
    {"conv2d_s4_mve",          &ops::qconv2d, kMve,   "MveS8",    refuses_conv2d_int4, lower_conv2d_int4, cost_int4},
    {"conv2d_s4_neon",         &ops::qconv2d, kNeon,  "NeonS8",   refuses_conv2d_int4, lower_conv2d_int4, cost_int4},
    {"conv2d_s4_dot",          &ops::qconv2d, kDot,   "DotS8",    refuses_conv2d_int4, lower_conv2d_int4, cost_int4},
    {"conv2d_s4_rvv",          &ops::qconv2d, kRvv,   "RvvS8",    refuses_conv2d_int4, lower_conv2d_int4, cost_int4},
    {"dense_s4",               &ops::qdense, kNone,  "ScalarS8", refuses_int4,        lower_dense_int4,  cost_int4},
    {"dense_s4_dsp",           &ops::qdense, kDsp,   "DspS8",    refuses_int4,        lower_dense_int4,  cost_int4},
    {"dense_s4_mve",           &ops::qdense, kMve,   "MveS8",    refuses_int4,        lower_dense_int4,  cost_int4},
    {"dense_s4_neon",          &ops::qdense, kNeon,  "NeonS8",   refuses_int4,        lower_dense_int4,  cost_int4},
    {"dense_s4_dot",           &ops::qdense, kDot,   "DotS8",    refuses_int4,        lower_dense_int4,  cost_int4},
    {"dense_s4_rvv",           &ops::qdense, kRvv,   "RvvS8",    refuses_int4,        lower_dense_int4,  cost_int4},
    // clang-format on
};

}  // namespace

std::span<const Kernel> quantized_rows() { return kRows; }

}  // namespace motec
