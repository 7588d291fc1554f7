// Transposed convolution, of one or two spatial dimensions.
#include <algorithm>

#include "import/importers.h"
#include "import/maps.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose.h"
#include "ops/move.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr int64_t kLargest = 1 << 20;  // of pads and result dimensions: keeps arithmetic in range

// An attribute of spatial dimensions, as rows and columns of what lies at `from`.
std::array<int64_t, 2> pair_at(const std::vector<int64_t>& values, size_t from, size_t rank,
                               int64_t otherwise) {
  return rank == 1 ? std::array<int64_t, 2>{otherwise, values[from]}
                   : std::array<int64_t, 2>{values[from], values[from + 1]};
}

struct TransposedWindow {
  std::array<int64_t, 2> kernel{}, stride{}, dilation{};
  std::array<int64_t, 2> pad{};  // top, left: rows and columns cut off
  std::array<int64_t, 2> out{};
};

std::vector<int64_t> read_sizes(const Node& n, std::string_view name, size_t count, int64_t least) {
  std::vector<int64_t> values = n.attr_ints(name);
  n.require(values.size() == count, fmt::format("ConvTranspose: attribute '{}' does not have {} "
                                                "entries",
                                                name, count));
  for (const int64_t value : values)
    n.require(value >= least && value <= kLargest,
              fmt::format("ConvTranspose: attribute '{}' has {}", name, value));
  return values;
}

// ConvTranspose-22: the full result has stride * (size - 1) + output_padding + extent entries. What
// is cut off stands in `pads`, or is what the given result's size leaves over.
TransposedWindow read_transposed_window(const Node& n, const std::array<int64_t, 2>& spatial,
                                        const Shape& kernel) {
  const size_t rank = kernel.size();
  TransposedWindow w;
  w.kernel = pair_at(kernel, 0, rank, 1);
  w.stride = read_pair(n, "strides", rank, 1);
  w.dilation = read_pair(n, "dilations", rank, 1);
  const std::array<int64_t, 2> more = read_pair(n, "output_padding", rank, 0);
  const std::string auto_pad = n.attr_string("auto_pad", "NOTSET");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  n.require(same || auto_pad == "VALID" || auto_pad == "NOTSET",
            fmt::format("ConvTranspose: auto_pad is '{}'", auto_pad));
  const bool sized = same || n.has_attr("output_shape");

  std::array<int64_t, 2> cut_after{};
  if (n.has_attr("output_shape")) {
    w.out = pair_at(read_sizes(n, "output_shape", rank, 1), 0, rank, 1);
  } else if (!sized && auto_pad == "NOTSET" && n.has_attr("pads")) {
    const std::vector<int64_t> pads = read_sizes(n, "pads", 2 * rank, 0);
    w.pad = pair_at(pads, 0, rank, 0);
    cut_after = pair_at(pads, rank, rank, 0);
  }
  for (size_t i = 0; i < 2; ++i) {
    const int64_t full =
        w.stride[i] * (spatial[i] - 1) + more[i] + w.dilation[i] * (w.kernel[i] - 1) + 1;
    if (!sized) {
      w.out[i] = full - w.pad[i] - cut_after[i];
      continue;
    }
    if (!n.has_attr("output_shape")) w.out[i] = spatial[i] * w.stride[i];
    // A result larger than the full one gets nothing before it, and ends in the bias.
    const int64_t total = std::max<int64_t>(0, full - w.out[i]);
    w.pad[i] = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
  }
  return w;
}

// Weights [C, M/group, KH, KW] as [M, KH, KW, C/group].
ValueId ohwi_weights(Node& n, ValueId w, int64_t groups) {
  w = as_2d(n, w);
  const Shape s = n.shape(w);
  w = n.reshape(w, {groups, s[0] / groups, s[1], s[2], s[3]});
  w = n.transpose(w, {0, 2, 3, 4, 1});
  return n.reshape(w, {groups * s[1], s[2], s[3], s[0] / groups});
}

// With stride 1, an ordinary convolution with the kernel turned around and the rest of the kernel's
// extent as padding: the better kernels serve it. Not where that padding would be negative.
bool as_convolution(const TransposedWindow& t, const std::array<int64_t, 2>& spatial,
                    int64_t groups, Conv2dAttrs& conv) {
  conv = {.stride = {1, 1}, .dilation = t.dilation, .pad = {}, .groups = groups, .act = {}};
  for (size_t i = 0; i < 2; ++i) {
    const int64_t reach = t.dilation[i] * (t.kernel[i] - 1);
    conv.pad[i] = reach - t.pad[i];
    conv.pad[2 + i] = t.out[i] - spatial[i] + t.pad[i];
    if (t.stride[i] != 1 || conv.pad[i] < 0 || conv.pad[2 + i] < 0) return false;
  }
  return true;
}

void import_conv_transpose(Node& n) {
  const Maps maps(n, n.in(0));
  n.constant_in(1, "the weights");
  n.require(n.rank(1) == n.rank(0),
            fmt::format("ConvTranspose: weights {} are not of the operand's rank",
                        to_string(n.shape(1))));
  const Shape& w_shape = n.shape(1);
  const Shape kernel(w_shape.begin() + 2, w_shape.end());
  if (n.has_attr("kernel_shape"))
    n.require(n.attr_ints("kernel_shape") == kernel,
              "ConvTranspose: kernel_shape is not that of the weights");
  const int64_t groups = n.attr_int("group", 1);
  n.require(groups >= 1 && w_shape[0] % groups == 0 && element_count(w_shape) > 0 &&
                w_shape[0] == n.shape(0)[1],
            fmt::format("ConvTranspose: weights {} do not fit {} channels in {} groups",
                        to_string(w_shape), n.shape(0)[1], groups));
  const TransposedWindow t = read_transposed_window(n, maps.spatial(), kernel);
  n.require(
      t.out[0] > 0 && t.out[1] > 0 && t.out[0] <= kLargest && t.out[1] <= kLargest,
      fmt::format("ConvTranspose: the result has {} rows and {} columns", t.out[0], t.out[1]));

  ValueId w = ohwi_weights(n, n.in(1), groups);
  std::vector<ValueId> in = {maps.nhwc(), w};
  if (n.has(2)) {
    n.constant_in(2, "the bias");
    in.push_back(n.in(2));
  }
  Conv2dAttrs conv;
  if (as_convolution(t, maps.spatial(), groups, conv)) {
    const Shape& s = n.shape(w);
    in[1] = n.add(ops::slice,
                  SliceAttrs{{0, s[1] - 1, s[2] - 1, 0}, {1, -1, -1, 1}, {s[0], s[1], s[2], s[3]}},
                  {w});
    n.set(maps.back(n.add(ops::conv2d, conv, in)));
    return;
  }
  const ConvTranspose2dAttrs attrs{.stride = t.stride,
                                   .dilation = t.dilation,
                                   .pad = t.pad,
                                   .out = t.out,
                                   .groups = groups,
                                   .act = {}};
  n.set(maps.back(n.add(ops::conv_transpose2d, attrs, in)));
}

constexpr Importer kImporters[] = {{"ConvTranspose", import_conv_transpose}};

}  // namespace

std::span<const Importer> conv_transpose_importers() { return kImporters; }

}  // namespace motec
