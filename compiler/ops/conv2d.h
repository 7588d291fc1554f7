// 2-D convolution of NHWC maps, with an activation in the store. 1-D convolutions are imported as
// 2-D ones of height 1.
#pragma once
#include <array>

#include "mote/conv2d_f32.h"
#include "mote/depthwise_f32.h"
#include "ops/unary.h"

namespace motec {

// Operands: x [N,H,W,C], weights [O,KH,KW,C/groups], bias [O] (optional).
struct Conv2dAttrs {
  std::array<int64_t, 2> stride{1, 1}, dilation{1, 1};
  std::array<int64_t, 4> pad{};  // top, left, bottom, right
  int64_t groups = 1;
  Activation act = {};
  MOTE_FIELDS(stride, dilation, pad, groups, act)
  bool operator==(const Conv2dAttrs&) const = default;
};

// Checks the operands that convolutions and transposed ones have in common: maps, weights and bias.
// `name` is the ONNX operator's. Fails with E3101 and E3130 to E3132.
void require_conv_operands(std::string_view name, const InferCtx& c, int64_t groups);

// The bias, or zeros if it is null, filled up to whole blocks of `nr` as kernels read it.
std::vector<float> evaluated_bias(const Tensor* bias, int64_t channels, int64_t nr);

// y = (x + pads - dilation * (k - 1) - 1) / stride + 1; 0 or less when the kernel does not fit.
int64_t window_count(int64_t x, int64_t pads, int64_t kernel, int64_t stride, int64_t dilation);

mote::Conv2dShape conv2d_shape(const Conv2dAttrs& attrs, const Shape& x, const Shape& w);
mote::DepthwiseShape depthwise_shape(const Conv2dAttrs& attrs, const Shape& x, const Shape& w);

namespace ops {
extern const OpDef conv2d;
}

}  // namespace motec
