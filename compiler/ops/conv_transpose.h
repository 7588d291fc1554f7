// Transposed 2-D convolution of NHWC maps, with an activation in the store. 1-D ones are imported
// as 2-D ones of height 1.
#pragma once
#include <array>

#include "mote/conv_transpose_f32.h"
#include "ops/unary.h"

namespace motec {

// Operands: x [N,H,W,C], weights [O,KH,KW,C/groups], bias [O] (optional). The full result has
// stride * (size - 1) + dilation * (k - 1) + 1 rows or columns; `pad` are cut off before, and what
// is beyond `out` after. Where `out` reaches further, the result is the bias.
struct ConvTranspose2dAttrs {
  std::array<int64_t, 2> stride{1, 1}, dilation{1, 1};
  std::array<int64_t, 2> pad{};  // top, left
  std::array<int64_t, 2> out{};  // rows and columns of the result
  int64_t groups = 1;
  Activation act = {};
  MOTE_FIELDS(stride, dilation, pad, out, groups, act)
  bool operator==(const ConvTranspose2dAttrs&) const = default;
};

mote::ConvTranspose2dShape conv_transpose2d_shape(const ConvTranspose2dAttrs& attrs, const Shape& x,
                                                  const Shape& w);

// The weights as the runtime takes them, in blocks of `nr` output channels.
std::vector<float> pack_conv_transpose2d(const mote::ConvTranspose2dShape& s, const Tensor& w,
                                         int64_t nr);

namespace ops {
extern const OpDef conv_transpose2d;
}

}  // namespace motec
