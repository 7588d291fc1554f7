#include "quant/weights.h"

#include <algorithm>
#include <cmath>

#include "ops/int4.h"
#include "quant/ranges.h"

namespace motec {
namespace {

int highest_weight(int bits) { return (1 << (bits - 1)) - 1; }

double squared_error(const float* begin, const float* end, double scale, int highest) {
  double sum = 0;
  for (const float* w = begin; w != end; ++w) {
    const double q = std::clamp(std::nearbyint(*w / scale), -1.0 * highest, 1.0 * highest);
    const double e = *w - q * scale;
    sum += e * e;
  }
  return sum;
}

}  // namespace

WeightMatrix weight_matrix(const Tensor& weights) {
  WeightMatrix m{weights.shape[0], weights.elements() / weights.shape[0], {}};
  m.values.assign(weights.data<float>(), weights.data<float>() + weights.elements());
  return m;
}

std::vector<float> largest_scales(const WeightMatrix& m, int bits) {
  std::vector<float> scales;
  for (int64_t o = 0; o < m.outputs; ++o) {
    float largest = 0;
    for (int64_t i = o * m.depth; i < (o + 1) * m.depth; ++i)
      largest = std::max(largest, std::abs(m.values[static_cast<size_t>(i)]));
    scales.push_back(largest / static_cast<float>(highest_weight(bits)));
  }
  return scales;
}

std::vector<float> mse_scales(const WeightMatrix& m, int bits, double* total) {
  if (total) *total = 0;
  std::vector<float> scales = largest_scales(m, bits);
  const int highest = highest_weight(bits);
  for (int64_t o = 0; o < m.outputs; ++o) {
    const float* begin = m.values.data() + o * m.depth;
    const float largest = scales[static_cast<size_t>(o)];
    if (largest == 0) continue;
    // Clipping more than half of the largest weight has never paid with 4 bits or more.
    constexpr int kSteps = 64;
    double best = HUGE_VAL;
    for (int step = kSteps; step >= kSteps / 2; --step) {
      const float scale = largest * static_cast<float>(step) / kSteps;
      const double error = squared_error(begin, begin + m.depth, scale, highest);
      if (error < best) best = error, scales[static_cast<size_t>(o)] = scale;
    }
    if (total) *total += best;
  }
  return scales;
}

void fit_bias(std::vector<float>& scales, const Tensor* bias, double x_scale) {
  constexpr double kLargestBias = 1 << 30;
  for (size_t o = 0; o < scales.size(); ++o) {
    const double b = bias ? std::abs(bias->data<float>()[bias->elements() == 1 ? 0 : o]) : 0.0;
    const auto least = static_cast<float>(b / (x_scale * kLargestBias));
    // A row of zeros may have any scale.
    scales[o] = std::max({scales[o], least, scales[o] == 0 ? 1e-6f : 1e-20f});
  }
}

QuantizedConstant round_weights(const Tensor& weights, const std::vector<float>& scales, int axis,
                                int bits) {
  QuantizedConstant result{Tensor::zeros(DType::S8, weights.shape),
                           {scales, std::vector<int32_t>(scales.size()), axis},
                           bits};
  int64_t inner = 1;
  for (size_t d = static_cast<size_t>(axis) + 1; d < weights.shape.size(); ++d)
    inner *= weights.shape[d];
  const auto n = static_cast<int64_t>(scales.size());
  const double highest = highest_weight(bits);
  for (int64_t i = 0; i < weights.elements(); ++i) {
    const double scale = scales[static_cast<size_t>(i / inner % n)];
    const double q = std::nearbyint(weights.data<float>()[i] / scale);
    result.q.data<int8_t>()[i] = static_cast<int8_t>(std::clamp(q, -highest, highest));
  }
  return result;
}

QuantizedConstant round_in_groups(const Tensor& weights, const std::vector<float>& scales,
                                  const Tensor& factors, int64_t group) {
  const int axis = static_cast<int>(weights.shape.size()) - 1;
  const int64_t depth = weights.elements() / weights.shape[0];
  QuantizedConstant result{Tensor::zeros(DType::S8, weights.shape),
                           {scales, std::vector<int32_t>(scales.size()), 0},
                           4,
                           QuantizedConstant::Groups{group, axis, factors}};
  for (int64_t i = 0; i < weights.elements(); ++i) {
    const double scale = scales[static_cast<size_t>(i / depth)] *
                         static_cast<double>(int4_factor(factors, group, weights.shape.back(), i));
    const double q = std::nearbyint(weights.data<float>()[i] / scale);
    result.q.data<int8_t>()[i] = static_cast<int8_t>(std::clamp(q, -7.0, 7.0));
  }
  result.q = int4_products(result.q, factors, group);
  return result;
}

QuantizedConstant round_bias(const Tensor& bias, const std::vector<float>& scales, double x_scale) {
  const auto n = static_cast<int64_t>(scales.size());
  QuantizedConstant result{Tensor::zeros(DType::S32, {n}),
                           {{}, std::vector<int32_t>(scales.size()), 0}};
  for (int64_t o = 0; o < n; ++o) {
    const auto scale = static_cast<float>(x_scale * scales[static_cast<size_t>(o)]);
    result.quant.scale.push_back(scale);
    const double b = bias.data<float>()[bias.elements() == 1 ? 0 : o];
    result.q.data<int32_t>()[o] =
        static_cast<int32_t>(std::nearbyint(b / static_cast<double>(scale)));
  }
  return result;
}

QuantizedConstant round_tensor(const Tensor& tensor) {
  Range range;
  for (const float v : tensor.values<float>())
    range = {std::min<double>(range.lo, v), std::max<double>(range.hi, v)};
  const Affine affine = affine_of(range, DType::S8);
  QuantizedConstant result{Tensor::zeros(DType::S8, tensor.shape),
                           {{static_cast<float>(affine.scale)}, {affine.zp}, -1}};
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    const double q = std::nearbyint(tensor.data<float>()[i] / affine.scale) + affine.zp;
    result.q.data<int8_t>()[i] = static_cast<int8_t>(std::clamp(q, -128.0, 127.0));
  }
  return result;
}

}  // namespace motec
