#include "ops/int4.h"

#include <algorithm>
#include <numeric>

#include "mote/int4.h"

namespace motec {
namespace {

bool fits(int64_t value) { return value >= -8 && value <= 7; }

// The least factor of n weights that leaves four bits; 0 if there is none.
int8_t common_factor(const int8_t* w, int64_t n) {
  int divisor = 0;
  for (int64_t i = 0; i < n; ++i) divisor = std::gcd(divisor, int{w[i]});
  if (divisor == 0) return 1;
  for (int factor = 1; factor <= 16; ++factor)
    if (divisor % factor == 0 &&
        std::all_of(w, w + n, [&](int8_t value) { return fits(value / factor); }))
      return static_cast<int8_t>(factor);
  return 0;
}

std::optional<Int4Weights> in_groups(const Tensor& weights, int64_t group) {
  const int64_t channels = weights.shape.back(), groups = (channels + group - 1) / group;
  Shape shape = weights.shape;
  shape.back() = groups;
  Int4Weights result{weights, group, Tensor::zeros(DType::S8, shape)};
  int8_t* w = result.q.data<int8_t>();
  for (int64_t i = 0; i < result.factors.elements(); ++i) {
    const int64_t n = std::min(group, channels - i % groups * group);
    const int8_t factor = common_factor(w, n);
    if (factor == 0) return {};
    result.factors.data<int8_t>()[i] = factor;
    for (const int8_t* const end = w + n; w != end; ++w) *w = static_cast<int8_t>(*w / factor);
  }
  return result;
}

}  // namespace

bool takes_int4_groups(const Shape& weights) {
  return mote::takes_int4_groups(product(weights, 1, weights.size()), weights.back());
}

std::optional<Int4Weights> as_int4(const Tensor& weights) {
  if (weights.dtype != DType::S8) return {};
  const auto values = weights.values<int8_t>();
  if (std::all_of(values.begin(), values.end(), fits)) return Int4Weights{weights};
  if (!takes_int4_groups(weights.shape)) return {};
  for (const int64_t group : {128, 64, 32, 16})
    if (auto result = in_groups(weights, group)) return result;
  return {};
}

Tensor int4_products(const Tensor& q, const Tensor& factors, int64_t group) {
  Tensor result = q;
  for (int64_t i = 0; i < q.elements(); ++i)
    result.data<int8_t>()[i] =
        static_cast<int8_t>(q.data<int8_t>()[i] * int4_factor(factors, group, q.shape.back(), i));
  return result;
}

}  // namespace motec
