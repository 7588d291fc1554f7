#include "import/blocked.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "ops/shapes.h"

namespace motec {
namespace {

constexpr int kMostParts = 127;  // of int8

// The largest number of which all of `scales` are multiples by 1 .. kMostParts; 0 if there is none.
double common_scale(const std::set<float>& scales) {
  for (int parts = 1; parts <= kMostParts; ++parts) {
    const double unit = static_cast<double>(*scales.rbegin()) / parts;
    // Each scale was rounded once, and the unit is the quotient of one of them.
    const double slack = parts * 0x1p-22;
    const auto is_multiple = [&](float s) {
      const double ratio = s / unit;
      return ratio > 0.5 && std::abs(ratio - std::nearbyint(ratio)) <= slack;
    };
    if (std::all_of(scales.begin(), scales.end(), is_multiple)) return unit;
  }
  return 0;
}

}  // namespace

std::optional<QuantizedConstant> as_channel_scales(const Tensor& q, const Tensor& scales,
                                                   const Tensor& zeros, int axis) {
  if (q.shape.size() < 2 || q.elements() == 0) return {};
  const int channel_axis = axis == 0 ? 1 : 0;
  const AxisView view = around_axis(q.shape, channel_axis);
  const auto channel_of = [&](int64_t i) { return static_cast<size_t>(i / view.inner % view.n); };
  const auto channels = static_cast<size_t>(view.n);
  std::vector<std::set<float>> distinct(channels);
  for (int64_t i = 0; i < q.elements(); ++i)
    distinct[channel_of(i)].insert(scales.data<float>()[i]);
  std::vector<double> units;
  for (const std::set<float>& set : distinct) {
    units.push_back(common_scale(set));
    if (units.back() == 0) return {};
  }
  QuantizedConstant result{Tensor::zeros(DType::S8, q.shape),
                           {{}, std::vector<int32_t>(channels), channel_axis}};
  for (const double unit : units) result.quant.scale.push_back(static_cast<float>(unit));
  const std::vector<int64_t> integers = to_int64s(q);
  const bool one_zero = zeros.elements() == 1;
  for (int64_t i = 0; i < q.elements(); ++i) {
    const double factor = std::nearbyint(scales.data<float>()[i] / units[channel_of(i)]);
    const double value = static_cast<double>(integers[static_cast<size_t>(i)]) -
                         static_cast<double>(zeros.data<float>()[one_zero ? 0 : i]);
    if (std::abs(value * factor) > kMostParts) return {};
    result.q.data<int8_t>()[i] = static_cast<int8_t>(value * factor);
  }
  return result;
}

}  // namespace motec
