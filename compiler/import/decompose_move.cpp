// Operators that rearrange, cut, repeat or surround tensors.
#include <algorithm>

#include "import/importers.h"
#include "import/index_table.h"
#include "import/maps.h"
#include "import/tensor_reader.h"
#include "ops/concat.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/select.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr int64_t kLargest = int64_t{1} << 31;  // of sizes and steps: keeps arithmetic in range

void import_concat(Node& n) {
  const int axis = normalize_axis(n.attr_int("axis"), n.rank(0), "Concat");
  std::vector<ValueId> in;
  for (size_t i = 0; i < n.in_count(); ++i) {
    const Shape& shape = n.shape(i);
    // Exporters concatenate with empty tensors; one is kept, in case all are empty.
    const bool empty =
        static_cast<size_t>(axis) < shape.size() && shape[static_cast<size_t>(axis)] == 0;
    if (!empty || (in.empty() && i + 1 == n.in_count())) in.push_back(n.in(i));
  }
  n.set(in.size() == 1 ? n.unary(UnaryFn::Identity, in[0])
                       : n.add(ops::concat, ConcatAttrs{axis}, in));
}

// A slice of everything, to be narrowed down.
SliceAttrs whole(const Shape& shape) {
  return {Shape(shape.size(), 0), Shape(shape.size(), 1), shape};
}

// Sizes of the parts: an attribute before opset 13, then an operand; without either, equal ones.
std::vector<int64_t> split_sizes(const Node& n, int64_t size) {
  if (n.has(1)) return n.ints_in(1, "the sizes of the parts");
  if (n.has_attr("split")) return n.attr_ints("split");
  const auto count = static_cast<int64_t>(n.out_count());
  n.require(count > 0 && n.attr_int("num_outputs", count) == count,
            "Split: num_outputs is not the number of results");
  n.require(n.has_attr("num_outputs") || size % count == 0,
            fmt::format("Split: {} does not divide into {} equal parts", size, count));
  // The last part is smaller when the others do not fill up (opset 18).
  const int64_t part = (size + count - 1) / count;
  std::vector<int64_t> sizes(static_cast<size_t>(count), part);
  sizes.back() = size - part * (count - 1);
  n.require(sizes.back() >= 0, fmt::format("Split: {} does not divide into {} parts", size, count));
  return sizes;
}

void import_split(Node& n) {
  const Shape x = n.shape(0);
  const auto axis = static_cast<size_t>(normalize_axis(n.attr_int("axis", 0), x.size(), "Split"));
  const int64_t size = x[axis];
  const std::vector<int64_t> sizes = split_sizes(n, size);
  n.require(sizes.size() == n.out_count(),
            fmt::format("Split: {} sizes are given for {} results", sizes.size(), n.out_count()));
  SliceAttrs a = whole(x);
  int64_t start = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    n.require(sizes[i] >= 0 && sizes[i] <= size - start,
              "Split: the parts are larger than the whole");
    a.size[axis] = sizes[i];
    a.start[axis] = sizes[i] ? start : 0;
    start += sizes[i];
    if (n.wants(i)) n.set(i, n.add(ops::slice, a, {n.in(0)}));
  }
  n.require(start == size, fmt::format("Split: the parts sum up to {}, not {}", start, size));
}

// Python's slice(start, end, step) of a dimension.
void narrow(SliceAttrs& a, size_t d, int64_t start, int64_t end, int64_t step) {
  const int64_t size = a.size[d];
  const bool forward = step > 0;
  step = std::clamp(step, -kLargest, kLargest);
  const auto clamp = [&](int64_t at) {
    if (at < 0) at += size;
    return forward ? std::clamp<int64_t>(at, 0, size) : std::clamp<int64_t>(at, -1, size - 1);
  };
  start = clamp(start), end = clamp(end);
  const int64_t span = forward ? end - start : start - end;
  const int64_t count = size && span > 0 ? (span - 1) / std::abs(step) + 1 : 0;
  a.size[d] = count;
  a.start[d] = count ? start : 0;
  a.step[d] = count > 1 ? step : 1;
}

// Slice-1 has attributes, Slice-10 operands and steps.
void import_slice(Node& n) {
  const bool operands = n.opset() >= 10;
  const std::vector<int64_t> starts = operands ? n.ints_in(1, "the starts") : n.attr_ints("starts");
  const std::vector<int64_t> ends = operands ? n.ints_in(2, "the ends") : n.attr_ints("ends");
  std::vector<int64_t> axes, steps(starts.size(), 1);
  for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (operands && n.has(3)) axes = n.ints_in(3, "the axes");
  if (!operands) axes = n.attr_ints("axes", axes);
  if (operands && n.has(4)) steps = n.ints_in(4, "the steps");
  n.require(
      ends.size() == starts.size() && axes.size() == starts.size() && steps.size() == starts.size(),
      "Slice: starts, ends, axes and steps are not equally many");
  normalize_axes(axes, n.rank(0), "Slice");  // none is named twice
  SliceAttrs a = whole(n.shape(0));
  for (size_t i = 0; i < starts.size(); ++i) {
    n.require(steps[i] != 0, "Slice: a step is 0");
    narrow(a, static_cast<size_t>(normalize_axis(axes[i], n.rank(0), "Slice")), starts[i], ends[i],
           steps[i]);
  }
  n.set(n.add(ops::slice, a, {n.in(0)}));
}

// A constant around x; negative padding cuts.
ValueId pad_constant(Node& n, ValueId x, std::vector<int64_t> begin, std::vector<int64_t> end,
                     ValueId value) {
  SliceAttrs cut = whole(n.shape(x));
  bool cuts = false, pads = false;
  for (size_t d = 0; d < begin.size(); ++d) {
    const int64_t first = std::max<int64_t>(-begin[d], 0), last = std::max<int64_t>(-end[d], 0);
    cuts |= first > 0 || last > 0;
    n.require(first + last <= cut.size[d],
              fmt::format("{}: more is cut off dimension {} than it has", n.op_type(), d));
    cut.size[d] -= first + last;
    cut.start[d] = cut.size[d] ? first : 0;
    begin[d] = std::max<int64_t>(begin[d], 0);
    end[d] = std::max<int64_t>(end[d], 0);
    pads |= begin[d] > 0 || end[d] > 0;
  }
  if (cuts) x = n.add(ops::slice, cut, {x});
  if (pads) x = n.add(ops::pad, PadAttrs{begin, end}, {x, n.reshape(value, {})});
  return cuts || pads ? x : n.unary(UnaryFn::Identity, x);
}

// The position in a dimension of `size` that the padded position `at` copies.
int64_t mirrored(int64_t at, int64_t size, std::string_view mode) {
  if (mode == "edge") return std::clamp<int64_t>(at, 0, size - 1);
  const int64_t period = mode == "wrap" ? size : std::max<int64_t>(2 * (size - 1), 1);
  at = (at % period + period) % period;
  return at < size ? at : period - at;
}

ValueId pad_mirrored(Node& n, ValueId x, const std::vector<int64_t>& begin,
                     const std::vector<int64_t>& end, std::string_view mode) {
  const ValueId original = x;
  for (size_t d = 0; d < begin.size(); ++d) {
    if (begin[d] == 0 && end[d] == 0) continue;
    const int64_t size = n.shape(x)[d];
    n.require(size > 0, fmt::format("Pad: mode '{}' has nothing to copy in dimension {}", mode, d));
    std::vector<int64_t> table;
    for (int64_t i = -begin[d]; i < size + end[d]; ++i) table.push_back(mirrored(i, size, mode));
    x = pick(n, x, static_cast<int>(d), table);
  }
  return x == original ? n.unary(UnaryFn::Identity, x) : x;
}

// Pads are attributes before opset 11. Pad-18 may name axes.
void import_pad(Node& n) {
  const Shape x = n.shape(0);
  const bool operands = n.opset() >= 11;
  const std::vector<int64_t> pads = operands ? n.ints_in(1, "the padding") : n.attr_ints("pads");
  std::vector<int> axes;
  for (size_t d = 0; d < x.size(); ++d) axes.push_back(static_cast<int>(d));
  if (operands && n.has(3)) {
    axes.clear();
    for (const int64_t axis : n.ints_in(3, "the axes"))
      axes.push_back(normalize_axis(axis, x.size(), "Pad"));
  }
  n.require(pads.size() == 2 * axes.size(),
            fmt::format("Pad: {} pads are given for {} dimensions", pads.size(), axes.size()));
  std::vector<int64_t> begin(x.size()), end(x.size());
  Shape y = x;
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto d = static_cast<size_t>(axes[i]);
    begin[d] = std::clamp(pads[i], -kLargest, kLargest);
    end[d] = std::clamp(pads[i + axes.size()], -kLargest, kLargest);
    y[d] = x[d] + begin[d] + end[d];
  }
  check_dims(y, n.dtype(0), "the result of Pad");
  const std::string mode = n.attr_string("mode", "constant");
  if (mode == "constant") {
    const ValueId value = operands && n.has(2)
                              ? n.in(2)
                              : n.scalar(n.dtype(0), operands ? 0.0f : n.attr_float("value", 0.0f));
    return n.set(pad_constant(n, n.in(0), begin, end, value));
  }
  if (mode != "reflect" && mode != "edge" && mode != "wrap")
    n.unsupported(fmt::format("mode '{}'", mode));
  n.set(pad_mirrored(n, n.in(0), begin, end, mode));
}

// CenterCropPad-18: what is odd goes to the end.
void import_center_crop_pad(Node& n) {
  const Shape x = n.shape(0);
  std::vector<int64_t> all;
  for (size_t d = 0; d < x.size(); ++d) all.push_back(static_cast<int64_t>(d));
  const std::vector<int64_t> axes = n.attr_ints("axes", all), sizes = n.ints_in(1, "the shape");
  n.require(axes.size() == sizes.size(), "CenterCropPad: axes and shape are not equally many");
  std::vector<int64_t> begin(x.size()), end(x.size());
  Shape y = x;
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto d = static_cast<size_t>(normalize_axis(axes[i], x.size(), "CenterCropPad"));
    y[d] = sizes[i];
    const int64_t grow = y[d] - x[d];
    begin[d] = grow < 0 ? -(-grow / 2) : grow / 2;
    end[d] = grow - begin[d];
  }
  check_dims(y, n.dtype(0), "the result of CenterCropPad");
  n.set(pad_constant(n, n.in(0), begin, end, n.scalar(n.dtype(0), 0.0)));
}

void import_expand(Node& n) {
  const Shape to = n.ints_in(1, "the shape");
  check_dims(to, n.dtype(0), "the shape of Expand");
  n.set(n.add(ops::expand, ExpandAttrs{broadcast({n.shape(0), to}, "Expand")}, {n.in(0)}));
}

// Repeated dimensions [d] become [r, d].
void import_tile(Node& n) {
  const Shape x = n.shape(0);
  const std::vector<int64_t> repeats = n.ints_in(1, "the repeats");
  n.require(repeats.size() == x.size(),
            fmt::format("Tile: {} repeats are given for {} dimensions", repeats.size(), x.size()));
  check_dims(repeats, n.dtype(0), "the repeats of Tile");
  Shape apart, repeated, y;
  for (size_t d = 0; d < x.size(); ++d) {
    if (repeats[d] != 1) {
      apart.push_back(1);
      repeated.push_back(repeats[d]);
    }
    apart.push_back(x[d]);
    repeated.push_back(x[d]);
    y.push_back(x[d] * repeats[d]);
  }
  check_dims(y, n.dtype(0), "the result of Tile");
  if (y == x) return n.set(n.unary(UnaryFn::Identity, n.in(0)));
  n.set(n.reshape(n.add(ops::expand, ExpandAttrs{repeated}, {n.reshape(n.in(0), apart)}), y));
}

// Both are computed on maps in NHWC, where the channels of a block are side by side.
int64_t block_size(const Node& n) {
  const int64_t b = n.attr_int("blocksize");
  n.require(b >= 1 && b <= kLargest, fmt::format("{}: blocksize is {}", n.op_type(), b));
  n.require(n.rank(0) == 4, fmt::format("{}: the operand is not of rank 4", n.op_type()));
  return b;
}

void import_depth_to_space(Node& n) {
  const int64_t b = block_size(n);
  const std::string mode = n.attr_string("mode", "DCR");
  n.require(mode == "DCR" || mode == "CRD",
            fmt::format("DepthToSpace: mode '{}' is unknown", mode));
  const Maps maps(n, n.in(0));
  const Shape x = n.shape(maps.nhwc());
  const int64_t depth = x[3] / b / b;
  n.require(depth * b * b == x[3],
            fmt::format("DepthToSpace: {} channels do not divide into blocks of {}", x[3], b * b));
  const bool depth_last = mode == "DCR";
  const ValueId apart = n.reshape(maps.nhwc(), depth_last ? Shape{x[0], x[1], x[2], b, b, depth}
                                                          : Shape{x[0], x[1], x[2], depth, b, b});
  const ValueId moved = n.transpose(
      apart, depth_last ? std::vector<int>{0, 1, 3, 2, 4, 5} : std::vector<int>{0, 1, 4, 2, 5, 3});
  n.set(maps.back(n.reshape(moved, {x[0], x[1] * b, x[2] * b, depth})));
}

void import_space_to_depth(Node& n) {
  const int64_t b = block_size(n);
  const Maps maps(n, n.in(0));
  const Shape x = n.shape(maps.nhwc());
  n.require(
      x[1] % b == 0 && x[2] % b == 0,
      fmt::format("SpaceToDepth: maps of {}x{} do not divide into blocks of {}", x[1], x[2], b));
  const ValueId apart = n.reshape(maps.nhwc(), {x[0], x[1] / b, b, x[2] / b, b, x[3]});
  const ValueId moved = n.transpose(apart, {0, 1, 3, 2, 4, 5});
  n.set(maps.back(n.reshape(moved, {x[0], x[1] / b, x[2] / b, b * b * x[3]})));
}

// Not by multiplication: what is dropped may be infinite.
void import_trilu(Node& n) {
  const Shape x = n.shape(0);
  n.require(x.size() >= 2, "Trilu: the operand has fewer than two dimensions");
  const bool upper = n.attr_int("upper", 1) != 0;
  int64_t k = 0;
  if (n.has(1)) {
    const std::vector<int64_t> given = n.ints_in(1, "the diagonal");
    n.require(given.size() == 1, "Trilu: the diagonal is not a single number");
    k = std::clamp(given[0], -kLargest, kLargest);
  }
  Tensor keep = Tensor::zeros(DType::Bool, {x[x.size() - 2], x[x.size() - 1]});
  for (int64_t row = 0, i = 0; row < keep.shape[0]; ++row)
    for (int64_t column = 0; column < keep.shape[1]; ++column, ++i)
      keep.data<uint8_t>()[i] = upper ? column >= row + k : column <= row + k;
  n.set(n.add(ops::select, NoAttrs{},
              {n.constant(std::move(keep)), n.in(0), n.scalar(n.dtype(0), 0.0)}));
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"CenterCropPad", import_center_crop_pad},
    {"Concat",        import_concat},
    {"DepthToSpace",  import_depth_to_space},
    {"Expand",        import_expand},
    {"Pad",           import_pad},
    {"Slice",         import_slice},
    {"SpaceToDepth",  import_space_to_depth},
    {"Split",         import_split},
    {"Tile",          import_tile},
    {"Trilu",         import_trilu},
    // clang-format on
};

}  // namespace

std::span<const Importer> move_importers() { return kImporters; }

}  // namespace motec
