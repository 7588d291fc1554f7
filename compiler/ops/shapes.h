// Shape arithmetic that operators share: axes, broadcasting, merging of dimensions for the
// runtime's walks of any rank.
#pragma once
#include <string_view>
#include <vector>

#include "ir/type.h"
#include "mote/config.h"

namespace motec {

// A size as the runtime's int32_t. Import has made sure that every tensor is small enough.
int32_t to_i32(int64_t value);

// An axis in [-rank, rank) as one in [0, rank). Fails with E3001.
int normalize_axis(int64_t axis, size_t rank, std::string_view what);
std::vector<int> normalize_axes(const std::vector<int64_t>& axes, size_t rank,
                                std::string_view what);

// The NumPy broadcast of shapes. Fails with E3002.
Shape broadcast(const std::vector<Shape>& shapes, std::string_view what);

// A tensor seen as [outer, n, inner] around `axis`.
struct AxisView {
  int64_t outer, n, inner;
};
AxisView around_axis(const Shape& shape, int axis);

// A nested walk over `dims` with strides for several operands.
struct Walk {
  Shape dims;
  std::vector<Shape> strides;
};
// Drops dimensions of 1 and merges neighbours that all operands step through evenly. At least one
// dimension is left. Fails with E3003 when more than mote::kMaxRank are needed.
Walk merged(Walk walk);
// Strides by which `shape` is read when broadcast to `to`: 0 where it repeats.
Shape broadcast_strides(const Shape& shape, const Shape& to);

// Fills a fixed-size member of a runtime shape.
void fill(int32_t (&to)[mote::kMaxRank], const Shape& from);

}  // namespace motec
