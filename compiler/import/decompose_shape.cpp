// Constants, and operators that only see or change shapes.
#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "import/importers.h"
#include "ops/move.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();  // elements of a tensor

void import_constant(Node& n) {
  if (n.has_attr("value")) return n.set(n.constant_of(n.attr_tensor("value")));
  if (n.has_attr("value_float"))
    return n.set(n.constant(f32_tensor({}, {n.attr_float("value_float")})));
  if (n.has_attr("value_int")) return n.set(n.constant(s64_tensor({}, {n.attr_int("value_int")})));
  if (n.has_attr("value_floats")) {
    const std::vector<float> values = n.attr_floats("value_floats");
    return n.set(n.constant(f32_tensor({std::ssize(values)}, values)));
  }
  if (n.has_attr("value_ints")) {
    const std::vector<int64_t> values = n.attr_ints("value_ints");
    return n.set(n.constant(s64_tensor({std::ssize(values)}, values)));
  }
  n.unsupported("a value that is no tensor of numbers");
}

void import_constant_of_shape(Node& n) {
  const Tensor value = n.has_attr("value") ? n.attr_tensor("value") : f32_tensor({1}, {0.0f});
  const Shape shape = n.ints_in(0, "the shape");
  for (const int64_t dim : shape) n.require(dim >= 0, "ConstantOfShape: a dimension is negative");
  n.require(value.elements() == 1, "ConstantOfShape: the value is not a single number");
  n.set(n.add(ops::expand, ExpandAttrs{shape}, {n.reshape(n.constant_of(value), {})}));
}

// Shape-15 may take a part of the dimensions.
void import_shape(Node& n) {
  const Shape& shape = n.shape(0);
  const auto rank = std::ssize(shape);
  const auto clamp = [rank](int64_t i) {
    return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank);
  };
  const int64_t start = clamp(n.attr_int("start", 0)), end = clamp(n.attr_int("end", rank));
  const std::vector<int64_t> part =
      start < end ? Shape(shape.begin() + start, shape.begin() + end) : Shape();
  n.set(n.constant(s64_tensor({std::ssize(part)}, part)));
}

void import_size(Node& n) { n.set(n.constant(s64_tensor({}, {element_count(n.shape(0))}))); }

// 0 copies the operand's dimension (unless allowzero), -1 is what is left.
void import_reshape(Node& n) {
  Shape to = n.ints_in(1, "the shape");
  const Shape& from = n.shape(0);
  const bool allow_zero = n.attr_int("allowzero", 0) != 0;
  int64_t known = 1;
  std::optional<size_t> open;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && !allow_zero) {
      n.require(i < from.size(), "Reshape: dimension 0 copies one that the operand does not have");
      to[i] = from[i];
    }
    if (to[i] == -1) {
      n.require(!open, "Reshape: more than one dimension is -1");
      open = i;
    } else {
      n.require(to[i] >= 0, "Reshape: a dimension is below -1");
      n.require(to[i] == 0 || known <= kLargest / to[i],
                fmt::format("Reshape: {} is larger than any tensor may be", to_string(to)));
      known *= to[i];
    }
  }
  const int64_t elements = element_count(from);
  if (open) {
    n.require(known != 0 && elements % known == 0,
              fmt::format("Reshape: {} elements do not divide into {}", elements, to_string(to)));
    to[*open] = elements / known;
  }
  n.require(element_count(to) == elements,
            fmt::format("Reshape: {} does not fill {}", to_string(from), to_string(to)));
  n.set(n.reshape(n.in(0), to));
}

void import_flatten(Node& n) {
  const auto rank = static_cast<int64_t>(n.rank(0));
  const int64_t axis = n.attr_int("axis", 1);
  n.require(axis >= -rank && axis <= rank, fmt::format("Flatten: axis {} is outside", axis));
  const auto at = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  const Shape& x = n.shape(0);
  n.set(n.reshape(n.in(0), {product(x, 0, at), product(x, at, x.size())}));
}

// Axes are attributes before opset 13.
std::vector<int64_t> axes_of(const Node& n) {
  if (n.has(1)) return n.ints_in(1, "the axes");
  return n.attr_ints("axes");
}

void import_squeeze(Node& n) {
  const Shape& x = n.shape(0);
  const bool all = !n.has(1) && !n.has_attr("axes");
  std::vector<bool> drop(x.size());
  for (size_t i = 0; i < x.size(); ++i) drop[i] = all && x[i] == 1;
  for (const int axis : normalize_axes(axes_of(n), x.size(), "Squeeze")) {
    const auto i = static_cast<size_t>(axis);
    n.require(x[i] == 1, fmt::format("Squeeze: dimension {} of {} is not 1", axis, to_string(x)));
    drop[i] = true;
  }
  Shape y;
  for (size_t i = 0; i < x.size(); ++i)
    if (!drop[i]) y.push_back(x[i]);
  n.set(n.reshape(n.in(0), y));
}

void import_unsqueeze(Node& n) {
  const Shape& x = n.shape(0);
  const std::vector<int64_t> axes = axes_of(n);
  std::vector<bool> is_new(x.size() + axes.size());
  for (const int axis : normalize_axes(axes, is_new.size(), "Unsqueeze"))
    is_new[static_cast<size_t>(axis)] = true;
  Shape y;
  size_t next = 0;
  for (const bool one : is_new) y.push_back(one ? 1 : x[next++]);
  n.set(n.reshape(n.in(0), y));
}

void import_transpose(Node& n) {
  const std::vector<int64_t> given = n.attr_ints("perm");
  std::vector<int> perm(given.begin(), given.end());
  if (perm.empty()) {
    perm.resize(n.rank(0));
    std::iota(perm.rbegin(), perm.rend(), 0);
  }
  n.set(n.transpose(n.in(0), perm));
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"Constant",        import_constant},
    {"ConstantOfShape", import_constant_of_shape},
    {"Flatten",         import_flatten},
    {"Reshape",         import_reshape},
    {"Shape",           import_shape},
    {"Size",            import_size},
    {"Squeeze",         import_squeeze},
    {"Transpose",       import_transpose},
    {"Unsqueeze",       import_unsqueeze},
    // clang-format on
};

}  // namespace

std::span<const Importer> shape_importers() { return kImporters; }

}  // namespace motec
