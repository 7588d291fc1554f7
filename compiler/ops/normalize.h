// Normalization to mean 0 and variance 1 over neighbouring dimensions, with an optional scale and
// bias: layer normalization, and the core of instance and group normalization.
#pragma once
#include <optional>

#include "ir/op_def.h"
#include "mote/normalize.h"
#include "ops/shapes.h"

namespace motec {

// Operands: x; scale and bias (optional; a bias comes with a scale), each of the shape of the
// normalized dimensions, which must then be the last ones.
struct NormalizeAttrs {
  std::vector<int> axes;  // ascending, and neighbours once dimensions of 1 are left out
  float epsilon = 0;      // added to the variance
  MOTE_FIELDS(axes, epsilon)
  bool operator==(const NormalizeAttrs&) const = default;
};

// `shape` as [outer, n, inner] where n are all of `axes`; nothing if other dimensions lie between
// them.
std::optional<AxisView> around_axes(const Shape& shape, const std::vector<int>& axes);

mote::NormalizeShape normalize_shape(const NormalizeAttrs& attrs, const Shape& x);

namespace ops {
extern const OpDef normalize;
}

}  // namespace motec
