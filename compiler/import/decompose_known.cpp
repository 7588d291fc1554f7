// Operators whose results are known when the model is compiled, as they depend on shapes or
// constants alone.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "import/importers.h"
#include "import/tensor_reader.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

void import_eye_like(Node& n) {
  const Shape& shape = n.shape(0);
  n.require(shape.size() == 2, "EyeLike: the operand is no matrix");
  const int64_t k = std::clamp<int64_t>(n.attr_int("k", 0), -shape[0] - 1, shape[1] + 1);
  DType dtype = n.attr_dtype("dtype", n.dtype(0));
  if (dtype == DType::F16 || dtype == DType::BF16) dtype = DType::F32;
  Tensor eye = Tensor::zeros(dtype, shape);
  dispatch(dtype, [&]<class T>() {
    for (int64_t row = std::max<int64_t>(-k, 0); row < shape[0] && row + k < shape[1]; ++row)
      eye.data<T>()[row * shape[1] + row + k] = T(1);
  });
  n.set(n.constant(std::move(eye)));
}

template <class T>
T bound_in(const Node& n, size_t i, std::string_view what) {
  const Tensor& tensor = n.constant_in(i, what);
  n.require(tensor.dtype == n.dtype(0) && tensor.elements() == 1,
            fmt::format("Range: {} is not a single {}", what, name_of(n.dtype(0))));
  return tensor.data<T>()[0];
}

void import_range(Node& n) {
  const DType dtype = n.dtype(0);
  dispatch(dtype, [&]<class T>() {
    using Wide = std::conditional_t<std::is_integral_v<T>, int64_t, double>;
    const auto start = static_cast<Wide>(bound_in<T>(n, 0, "the start"));
    const auto limit = static_cast<Wide>(bound_in<T>(n, 1, "the limit"));
    const auto delta = static_cast<Wide>(bound_in<T>(n, 2, "the delta"));
    n.require(delta != 0, "Range: the delta is 0");
    const double steps = std::ceil((static_cast<double>(limit) - static_cast<double>(start)) /
                                   static_cast<double>(delta));
    n.require(std::isfinite(steps) && steps < 1e9, "Range: there is no end to it");
    const auto count = static_cast<int64_t>(std::max(steps, 0.0));
    check_dims({count}, dtype, "the result of Range");
    Tensor y = Tensor::zeros(dtype, {count});
    for (int64_t i = 0; i < count; ++i)
      y.data<T>()[i] = static_cast<T>(start + static_cast<Wide>(i) * delta);
    n.set(n.constant(std::move(y)));
  });
}

const Tensor& known_data(const Node& n) {
  const Tensor* x = n.constant(n.in(0));
  if (!x) {
    n.unsupported("an operand that is computed at run time",
                  "the number of results would depend on data, while memory is fixed");
  }
  return *x;
}

// Coordinates [rank, count] of what is not 0.
void import_non_zero(Node& n) {
  const Tensor& x = known_data(n);
  const Shape strides = strides_of(x.shape);
  std::vector<int64_t> found;
  const std::vector<double> values = to_doubles(x);
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0) found.push_back(static_cast<int64_t>(i));
  std::vector<int64_t> coordinates;
  for (size_t d = 0; d < x.shape.size(); ++d)
    for (const int64_t i : found) coordinates.push_back(i / strides[d] % x.shape[d]);
  n.set(n.constant(s64_tensor({std::ssize(x.shape), std::ssize(found)}, coordinates)));
}

// Where slices of a tensor along an axis first occur, and which of them each slice equals.
struct Distinct {
  std::vector<int64_t> first, inverse, counts;
};

// `less` orders slices by their positions.
template <class Less>
Distinct distinct(int64_t count, bool sorted, Less less) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), less);
  // Equal slices are neighbours now, the first occurrence in front.
  std::vector<std::vector<int64_t>> groups;
  for (const int64_t i : order) {
    if (groups.empty() || less(groups.back()[0], i)) groups.push_back({});
    groups.back().push_back(i);
  }
  if (!sorted) std::sort(groups.begin(), groups.end());
  Distinct d{{}, std::vector<int64_t>(order.size()), {}};
  for (const std::vector<int64_t>& group : groups) {
    for (const int64_t i : group) d.inverse[static_cast<size_t>(i)] = std::ssize(d.first);
    d.first.push_back(group[0]);
    d.counts.push_back(std::ssize(group));
  }
  return d;
}

// Unique-11: the distinct elements, or slices along an axis.
void import_unique(Node& n) {
  Tensor x = known_data(n);
  int axis = 0;
  if (n.has_attr("axis")) {
    axis = normalize_axis(n.attr_int("axis"), x.shape.size(), "Unique");
  } else {
    x.shape = {x.elements()};
  }
  const AxisView v = around_axis(x.shape, axis);
  dispatch(x.dtype, [&]<class T>() {
    const auto less = [&](int64_t a, int64_t b) {
      for (int64_t o = 0; o < v.outer; ++o) {
        const T* block = x.data<T>() + o * v.n * v.inner;
        const auto [at_a, at_b] =
            std::mismatch(block + a * v.inner, block + (a + 1) * v.inner, block + b * v.inner);
        if (at_a != block + (a + 1) * v.inner) return *at_a < *at_b;
      }
      return false;
    };
    const Distinct d = distinct(v.n, n.attr_int("sorted", 1) != 0, less);
    const auto count = std::ssize(d.first);
    Shape shape = x.shape;
    shape[static_cast<size_t>(axis)] = count;
    Tensor y = Tensor::zeros(x.dtype, shape);
    for (int64_t o = 0; o < v.outer; ++o)
      for (int64_t j = 0; j < count; ++j)
        std::copy_n(x.data<T>() + (o * v.n + d.first[static_cast<size_t>(j)]) * v.inner, v.inner,
                    y.data<T>() + (o * count + j) * v.inner);
    n.set(0, n.constant(std::move(y)));
    n.set(1, n.constant(s64_tensor({count}, d.first)));
    n.set(2, n.constant(s64_tensor({v.n}, d.inverse)));
    n.set(3, n.constant(s64_tensor({count}, d.counts)));
  });
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"EyeLike", import_eye_like},
    {"NonZero", import_non_zero},
    {"Range",   import_range},
    {"Unique",  import_unique},
    // clang-format on
};

}  // namespace

std::span<const Importer> known_importers() { return kImporters; }

}  // namespace motec
