#include "ops/shapes.h"

#include <algorithm>
#include <limits>

#include "support/diag.h"

namespace motec {

int32_t to_i32(int64_t value) {
  internal_check(
      value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max(),
      "{} does not fit 32 bits", value);
  return static_cast<int32_t>(value);
}

int normalize_axis(int64_t axis, size_t rank, std::string_view what) {
  const auto n = static_cast<int64_t>(rank);
  if (axis < -n || axis >= n) {
    fail({.code = "E3001",
          .message = fmt::format("{}: axis {} is outside a tensor of rank {}", what, axis, rank)});
  }
  return static_cast<int>(axis < 0 ? axis + n : axis);
}

std::vector<int> normalize_axes(const std::vector<int64_t>& axes, size_t rank,
                                std::string_view what) {
  std::vector<int> result;
  for (const int64_t axis : axes) result.push_back(normalize_axis(axis, rank, what));
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end())
    fail({.code = "E3001", .message = fmt::format("{}: an axis is named twice", what)});
  return result;
}

Shape broadcast(const std::vector<Shape>& shapes, std::string_view what) {
  Shape result;
  for (const Shape& shape : shapes)
    if (shape.size() > result.size()) result.resize(shape.size());
  std::fill(result.begin(), result.end(), 1);
  for (const Shape& shape : shapes) {
    for (size_t i = 0; i < shape.size(); ++i) {
      int64_t& dim = result[result.size() - shape.size() + i];
      if (shape[i] == dim || shape[i] == 1) continue;
      if (dim != 1) {
        std::string list;
        for (const Shape& s : shapes) list += (list.empty() ? "" : " and ") + to_string(s);
        fail({.code = "E3002",
              .message = fmt::format("{}: shapes {} cannot be broadcast", what, list)});
      }
      dim = shape[i];
    }
  }
  return result;
}

AxisView around_axis(const Shape& shape, int axis) {
  const auto at = static_cast<size_t>(axis);
  return {product(shape, 0, at), shape[at], product(shape, at + 1, shape.size())};
}

Walk merged(Walk walk) {
  Walk out;
  out.strides.resize(walk.strides.size());
  for (size_t d = 0; d < walk.dims.size(); ++d) {
    if (walk.dims[d] == 1) continue;
    bool merge = !out.dims.empty();
    for (size_t k = 0; merge && k < walk.strides.size(); ++k)
      merge = out.strides[k].back() == walk.strides[k][d] * walk.dims[d];
    if (merge) {
      out.dims.back() *= walk.dims[d];
      for (size_t k = 0; k < walk.strides.size(); ++k) out.strides[k].back() = walk.strides[k][d];
    } else {
      out.dims.push_back(walk.dims[d]);
      for (size_t k = 0; k < walk.strides.size(); ++k) out.strides[k].push_back(walk.strides[k][d]);
    }
  }
  if (out.dims.empty()) {
    out.dims = {1};
    for (Shape& stride : out.strides) stride = {0};
  }
  if (out.dims.size() > static_cast<size_t>(mote::kMaxRank)) {
    fail({.code = "E3003",
          .message =
              fmt::format("tensors of more than {} dimensions are not supported", mote::kMaxRank)});
  }
  return out;
}

Shape broadcast_strides(const Shape& shape, const Shape& to) {
  const Shape dense = strides_of(shape);
  Shape strides(to.size(), 0);
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1) strides[to.size() - shape.size() + i] = dense[i];
  return strides;
}

void fill(int32_t (&to)[mote::kMaxRank], const Shape& from) {
  internal_check(from.size() <= static_cast<size_t>(mote::kMaxRank), "rank is too high");
  for (size_t i = 0; i < from.size(); ++i) to[i] = to_i32(from[i]);
}

}  // namespace motec
