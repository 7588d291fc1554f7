#include "ops/conv2d.h"

#include <algorithm>

#include "mote/pack.h"
#include "ops/host_isa.h"
#include "ops/packed.h"
#include "ops/shapes.h"
#include "ops/window.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const Conv2dAttrs& a, const InferCtx& c) {
  const Type &x = *c.in[0], &w = *c.in[1];
  require_conv_operands("Conv", c, a.groups);
  Shape y = {x.shape[0], 0, 0, w.shape[0]};
  for (size_t i = 0; i < 2; ++i) {
    y[1 + i] = window_count(x.shape[1 + i], a.pad[i] + a.pad[2 + i], w.shape[1 + i], a.stride[i],
                            a.dilation[i]);
    require(y[1 + i] > 0, "E3133",
            fmt::format("Conv: a kernel of {} does not fit into {} padded by {}",
                        to_string({w.shape[1], w.shape[2]}), to_string({x.shape[1], x.shape[2]}),
                        field_text(a.pad)));
  }
  return {{.dtype = x.dtype, .shape = y}};
}

// Depthwise layers have a kernel of their own: by the general one, whose blocks are the output
// channels of a group, they take 11 to 16 times as long.
bool is_depthwise(const Conv2dAttrs& a, const Shape& w) { return a.groups > 1 && w[3] == 1; }

PackedWeights pack(const Conv2dAttrs& a, const Tensor& w, const Tensor* bias) {
  const int64_t channels = w.shape[0], k = product(w.shape, 1, 4);
  PackedWeights packed;
  if (is_depthwise(a, w.shape)) {
    const int64_t nr = mote::depthwise_nr<HostIsa>();
    std::vector<float> hwc(static_cast<size_t>(w.elements()));
    mote::pack::oihw_to_hwc(w.data<float>(), channels, k, hwc.data());
    packed.weights.resize(static_cast<size_t>(mote::pack::depthwise_floats(channels, k, nr)));
    mote::pack::pack_depthwise(hwc.data(), channels, k, nr, packed.weights.data());
    packed.bias = evaluated_bias(bias, channels, nr);
  } else {
    const int64_t nr = mote::gemm_nr<HostIsa>();
    packed.weights.resize(
        static_cast<size_t>(mote::pack::conv2d_floats(channels, k, a.groups, nr)));
    mote::pack::pack_conv2d(w.data<float>(), channels, k, a.groups, nr, packed.weights.data());
    packed.bias = evaluated_bias(bias, channels, nr);
  }
  return packed;
}

std::shared_ptr<const void> prepare(const Conv2dAttrs& a, const std::vector<const Tensor*>& in) {
  return std::make_shared<PackedWeights>(pack(a, *in[1], optional_operand(in, 2)));
}

void eval(const Conv2dAttrs& a, const EvalCtx& c) {
  using Identity = mote::fn::Identity;
  const Tensor &x = *c.in[0], &w = *c.in[1];
  const Prepared<PackedWeights> packed(c, [&] { return pack(a, w, optional_operand(c.in, 2)); });
  const float *weights = packed->weights.data(), *bias = packed->bias.data();
  float* y = c.out[0]->data<float>();
  if (is_depthwise(a, w.shape)) {
    const mote::DepthwiseShape s = depthwise_shape(a, x.shape, w.shape);
    mote::depthwise_f32<HostIsa, Identity>(s, x.data<float>(), weights, bias, y);
  } else {
    const mote::Conv2dShape s = conv2d_shape(a, x.shape, w.shape);
    mote::conv2d_f32<HostIsa, Identity>(s, x.data<float>(), weights, bias, y);
  }
  apply_activation(a.act, *c.out[0]);
}

int64_t macs(const Conv2dAttrs& a, const InferCtx& c) {
  return infer(a, c)[0].elements() * product(c.in[1]->shape, 1, 4);
}

}  // namespace

void require_conv_operands(std::string_view name, const InferCtx& c, int64_t groups) {
  const Type &x = *c.in[0], &w = *c.in[1];
  require(x.dtype == DType::F32 && w.dtype == DType::F32, "E3101",
          fmt::format("{} is not defined for {}", name, name_of(x.dtype)));
  require(x.shape.size() == 4 && w.shape.size() == 4, "E3130",
          fmt::format("{}: operands {} and {} are not of rank 4", name, to_string(x.shape),
                      to_string(w.shape)));
  require(groups >= 1 && w.shape[3] * groups == x.shape[3] && w.shape[0] % groups == 0, "E3131",
          fmt::format("{}: weights for {} channels in {} groups do not fit {} input channels", name,
                      w.shape[3], groups, x.shape[3]));
  require(w.elements() > 0, "E3131",
          fmt::format("{}: weights {} are empty", name, to_string(w.shape)));
  if (c.in.size() > 2 && c.in[2]) {
    require(c.in[2]->shape == Shape{w.shape[0]}, "E3132",
            fmt::format("{}: bias {} does not have one entry for each of {} output channels", name,
                        to_string(c.in[2]->shape), w.shape[0]));
  }
}

std::vector<float> evaluated_bias(const Tensor* bias, int64_t channels, int64_t nr) {
  std::vector<float> filled(static_cast<size_t>(channels + nr));
  if (bias) std::copy_n(bias->data<float>(), channels, filled.begin());
  return filled;
}

int64_t window_count(int64_t x, int64_t pads, int64_t kernel, int64_t stride, int64_t dilation) {
  const int64_t room = x + pads - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

mote::Conv2dShape conv2d_shape(const Conv2dAttrs& a, const Shape& x, const Shape& w) {
  mote::Conv2dShape s{};
  const int64_t rows = window_count(x[1], a.pad[0] + a.pad[2], w[1], a.stride[0], a.dilation[0]);
  const int64_t columns = window_count(x[2], a.pad[1] + a.pad[3], w[2], a.stride[1], a.dilation[1]);
  fill_window(s, a, x, {w[1], w[2]}, {rows, columns});
  s.in_c = to_i32(x[3]);
  s.out_c = to_i32(w[0]);
  s.groups = to_i32(a.groups);
  s.alpha = a.act.alpha;
  s.beta = a.act.beta;
  lay_column_as_row(s);
  return s;
}

mote::DepthwiseShape depthwise_shape(const Conv2dAttrs& a, const Shape& x, const Shape& w) {
  const mote::Conv2dShape c = conv2d_shape(a, x, w);
  return {c.batch,          c.in_h,     c.in_w,     c.in_c,     c.out_h,    c.out_w,
          c.out_c / c.in_c, c.kernel_h, c.kernel_w, c.stride_h, c.stride_w, c.dilation_h,
          c.dilation_w,     c.pad_top,  c.pad_left, c.alpha,    c.beta};
}

namespace ops {
const OpDef conv2d{.name = "Conv2D",
                   .infer = typed<&infer>,
                   .eval = typed<&eval>,
                   .print = print_attrs<Conv2dAttrs>,
                   .macs = typed<&macs>,
                   .prepare = typed<&prepare>};
}

}  // namespace motec
