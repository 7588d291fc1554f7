// 2-D convolution in integers, NHWC. Operands, of which all but x are constant: x int8 or int16
// [N,H,W,C]; weights int8, or int16 if they had a zero point, [O,KH,KW,C/groups]; bias int32 [O],
// with the zero point of x folded in; multipliers int32 [O] ([2 O] for Wide).
#pragma once
#include <array>

#include "ir/op_def.h"
#include "mote/depthwise_s8.h"
#include "ops/store.h"

namespace motec {

struct QConv2dAttrs {
  std::array<int64_t, 2> stride{1, 1}, dilation{1, 1};
  std::array<int64_t, 4> pad{};  // top, left, bottom, right
  int64_t groups = 1;
  int32_t pad_value = 0;  // zero point of x
  Store store = {};
  MOTE_FIELDS(stride, dilation, pad, groups, pad_value, store)
  bool operator==(const QConv2dAttrs&) const = default;
};

mote::Conv2dS8Shape qconv2d_shape(const QConv2dAttrs& attrs, const Shape& x, const Shape& w);
mote::DepthwiseS8Shape qdepthwise_shape(const QConv2dAttrs& attrs, const Shape& x, const Shape& w);

namespace ops {
extern const OpDef qconv2d;
}

}  // namespace motec
