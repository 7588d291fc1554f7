#include "quant/group_scales.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/conv2d.h"
#include "ops/int4.h"

namespace motec {
namespace {

constexpr int kHighest = 7, kMostFactor = 16;

double squared_error(const float* w, int64_t n, float scale) {
  double sum = 0;
  const float reciprocal = 1 / scale;
  for (int64_t i = 0; i < n; ++i) {
    const float q = std::clamp(std::nearbyint(w[i] * reciprocal), -7.0f, 7.0f);
    const float e = w[i] - q * scale;
    sum += static_cast<double>(e * e);
  }
  return sum;
}

struct Factor {
  int8_t factor = 1;
  double error = HUGE_VAL;
};

// Of n weights, for a channel's scale. Clipping more than half of the largest one has never paid.
Factor best_factor(const float* w, int64_t n, float scale) {
  float largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(w[i]));
  const double whole = std::ceil(static_cast<double>(largest) / kHighest / scale);
  const int most = static_cast<int>(std::clamp(whole, 1.0, double{kMostFactor}));
  Factor best;
  for (int factor = most; 2 * factor >= most; --factor) {
    const double error = squared_error(w, n, scale * static_cast<float>(factor));
    if (error < best.error) best = {static_cast<int8_t>(factor), error};
  }
  return best;
}

}  // namespace

bool takes_weight_groups(const Graph& graph, const Op& layer) {
  if (layer.def == &ops::conv2d && layer.as<Conv2dAttrs>().groups != 1) return false;
  return takes_int4_groups(graph.type(layer.in[1]).shape);
}

float exact_in_multiples(float scale) {
  if (scale == 0) return 0;
  // 24 bits less the five of a factor.
  int exponent;
  const float mantissa = std::frexp(scale, &exponent);
  return std::ldexp(std::ceil(std::ldexp(mantissa, 19)), exponent - 19);
}

GroupScales group_scales(const Tensor& weights, int64_t group) {
  const int64_t outputs = weights.shape[0], depth = weights.elements() / outputs;
  const int64_t channels = weights.shape.back(), groups = (channels + group - 1) / group;
  Shape shape = weights.shape;
  shape.back() = groups;
  GroupScales result{{}, Tensor::zeros(DType::S8, shape)};
  const int64_t each = result.factors.elements() / outputs;
  std::vector<Factor> factors(static_cast<size_t>(each));
  for (int64_t o = 0; o < outputs; ++o) {
    const float* row = weights.data<float>() + o * depth;
    int8_t* best = result.factors.data<int8_t>() + o * each;
    std::fill_n(best, each, int8_t{1});
    float largest = 0;
    for (int64_t i = 0; i < depth; ++i) largest = std::max(largest, std::abs(row[i]));
    result.scale.push_back(0);
    if (largest == 0) continue;
    double least = HUGE_VAL;
    // The widest group has the greatest factor, and may be clipped.
    constexpr int kSteps = 24;
    for (int step = kSteps; step >= kSteps / 2; --step) {
      const float scale = exact_in_multiples(largest * static_cast<float>(step) /
                                             (kSteps * kHighest * kMostFactor));
      double error = 0;
      for (int64_t g = 0; g < each; ++g) {
        const int64_t first = g / groups * channels + g % groups * group;
        const int64_t n = std::min(group, channels - g % groups * group);
        factors[static_cast<size_t>(g)] = best_factor(row + first, n, scale);
        error += factors[static_cast<size_t>(g)].error;
      }
      if (error >= least) continue;
      least = error;
      result.scale.back() = scale;
      for (int64_t g = 0; g < each; ++g) best[g] = factors[static_cast<size_t>(g)].factor;
    }
    // What reads the model back takes the largest common scale.
    const int common =
        std::accumulate(best, best + each, 0, [](int a, int b) { return std::gcd(a, b); });
    for (int64_t g = 0; g < each; ++g) best[g] = static_cast<int8_t>(best[g] / common);
    result.scale.back() *= static_cast<float>(common);
    result.error += least;
  }
  return result;
}

bool worth_factors(const Tensor& weights, const Tensor& factors, double error_without,
                   double error_with) {
  const double bits =
      4.0 * static_cast<double>(factors.elements()) / static_cast<double>(weights.elements());
  return error_with < error_without * std::exp2(-2 * bits);
}

}  // namespace motec
