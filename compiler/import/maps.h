// Feature maps at import: ONNX's NCHW and NCW seen as NHWC, and the windows of convolutions and
// pools over them.
#pragma once
#include <array>

#include "import/node.h"
#include "ops/shapes.h"

namespace motec {

// A map operand as NHWC. A 1-D map [N,C,W] is a 2-D one of height 1.
class Maps {
 public:
  Maps(Node& node, ValueId x);
  ValueId nhwc() const { return nhwc_; }
  const std::array<int64_t, 2>& spatial() const { return spatial_; }  // rows, columns
  // An NHWC result in the operand's own layout.
  ValueId back(ValueId y) const;

 private:
  Node& node_;
  size_t rank_;
  ValueId nhwc_;
  std::array<int64_t, 2> spatial_;
};

// [A,B,W] as [A,B,1,W]; rank 4 stays.
ValueId as_2d(Node& node, ValueId x);

struct Window {
  std::array<int64_t, 2> kernel{}, stride{}, dilation{};
  std::array<int64_t, 4> pad{};  // top, left, bottom, right
  std::array<int64_t, 2> out{};  // rows and columns of the result
};

// The attributes strides, dilations, pads, auto_pad and ceil_mode of Conv and the pools, for a
// kernel of one or two dimensions.
Window read_window(const Node& node, const std::array<int64_t, 2>& spatial, const Shape& kernel);

// An attribute of one entry per spatial dimension, as rows and columns.
std::array<int64_t, 2> read_pair(const Node& node, std::string_view name, size_t rank,
                                 int64_t otherwise);

}  // namespace motec
