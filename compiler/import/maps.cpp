#include "import/maps.h"

#include "ops/conv2d.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr int64_t kLargest = 1 << 20;  // of strides, dilations and pads: keeps arithmetic in range

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

Maps::Maps(Node& node, ValueId x) : node_(node), rank_(node.shape(x).size()) {
  if (rank_ != 3 && rank_ != 4) {
    node.unsupported(
        fmt::format("an operand of {} spatial dimensions", static_cast<int64_t>(rank_) - 2),
        "maps have one or two spatial dimensions");
  }
  nhwc_ = node.transpose(as_2d(node, x), {0, 2, 3, 1});
  spatial_ = {node.shape(nhwc_)[1], node.shape(nhwc_)[2]};
}

ValueId Maps::back(ValueId y) const {
  y = node_.transpose(y, {0, 3, 1, 2});
  if (rank_ == 4) return y;
  const Shape& shape = node_.shape(y);
  return node_.reshape(y, {shape[0], shape[1], shape[3]});
}

ValueId as_2d(Node& node, ValueId x) {
  const Shape& shape = node.shape(x);
  return shape.size() == 4 ? x : node.reshape(x, {shape[0], shape[1], 1, shape[2]});
}

std::array<int64_t, 2> read_pair(const Node& node, std::string_view name, size_t rank,
                                 int64_t otherwise) {
  const std::vector<int64_t> given = node.attr_ints(name, std::vector<int64_t>(rank, otherwise));
  node.require(given.size() == rank, fmt::format("{}: attribute '{}' does not have {} entries",
                                                 node.op_type(), name, rank));
  for (const int64_t value : given)
    node.require(value >= otherwise && value <= kLargest,
                 fmt::format("{}: attribute '{}' is {}", node.op_type(), name, value));
  return rank == 1 ? std::array<int64_t, 2>{otherwise, given[0]}
                   : std::array<int64_t, 2>{given[0], given[1]};
}

Window read_window(const Node& node, const std::array<int64_t, 2>& spatial, const Shape& kernel) {
  const size_t rank = kernel.size();
  node.require(rank == node.rank(0) - 2, fmt::format("{}: the kernel has {} dimensions, the map {}",
                                                     node.op_type(), rank, node.rank(0) - 2));
  Window w;
  w.kernel = rank == 1 ? std::array<int64_t, 2>{1, kernel[0]}
                       : std::array<int64_t, 2>{kernel[0], kernel[1]};
  node.require(w.kernel[0] > 0 && w.kernel[1] > 0,
               fmt::format("{}: the kernel is empty", node.op_type()));
  w.stride = read_pair(node, "strides", rank, 1);
  w.dilation = read_pair(node, "dilations", rank, 1);
  const std::vector<int64_t> pads = node.attr_ints("pads", std::vector<int64_t>(2 * rank, 0));
  node.require(pads.size() == 2 * rank, fmt::format("{}: attribute 'pads' does not have {} entries",
                                                    node.op_type(), 2 * rank));
  for (const int64_t pad : pads)
    node.require(pad >= 0 && pad <= kLargest,
                 fmt::format("{}: attribute 'pads' has {}", node.op_type(), pad));
  w.pad = rank == 1 ? std::array<int64_t, 4>{0, pads[0], 0, pads[1]}
                    : std::array<int64_t, 4>{pads[0], pads[1], pads[2], pads[3]};
  const std::string auto_pad = node.attr_string("auto_pad", "NOTSET");
  const bool ceil = node.attr_int("ceil_mode", 0) != 0;
  for (size_t i = 0; i < 2; ++i) {
    const int64_t extent = w.dilation[i] * (w.kernel[i] - 1) + 1;
    if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
      w.out[i] = ceil_div(spatial[i], w.stride[i]);
      const int64_t total =
          std::max<int64_t>(0, (w.out[i] - 1) * w.stride[i] + extent - spatial[i]);
      const int64_t less = total / 2;
      w.pad[i] = auto_pad == "SAME_UPPER" ? less : total - less;
      w.pad[2 + i] = total - w.pad[i];
      continue;
    }
    if (auto_pad == "VALID") w.pad[i] = w.pad[2 + i] = 0;
    node.require(auto_pad == "VALID" || auto_pad == "NOTSET",
                 fmt::format("{}: auto_pad is '{}'", node.op_type(), auto_pad));
    const int64_t pads_sum = w.pad[i] + w.pad[2 + i];
    w.out[i] = window_count(spatial[i], pads_sum, w.kernel[i], w.stride[i], w.dilation[i]);
    const int64_t room = spatial[i] + pads_sum - extent;
    if (ceil && room >= 0) {
      w.out[i] = ceil_div(room, w.stride[i]) + 1;
      // A window must begin inside the map or its leading padding (ONNX MaxPool-22).
      if ((w.out[i] - 1) * w.stride[i] >= spatial[i] + w.pad[i]) --w.out[i];
    }
  }
  return w;
}

}  // namespace motec
