#include "import/resize_table.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace motec {
namespace {

constexpr double kFar = 4e9;  // outside any axis

// The place in the operand, in elements, of result j.
double source_of(const std::string& mode, const ResizeAxis& axis, int64_t j) {
  const auto x = static_cast<double>(j), in = static_cast<double>(axis.in);
  const double out = axis.scale * in;  // not rounded to whole elements
  if (mode == "asymmetric") return x / axis.scale;
  if (mode == "align_corners") return out == 1 ? 0 : x * (in - 1) / (out - 1);
  if (mode == "pytorch_half_pixel" && out == 1) return -0.5;
  if (mode == "tf_half_pixel_for_nn") return (x + 0.5) / axis.scale;
  if (mode == "tf_crop_and_resize") {
    const double extent = (axis.roi_end - axis.roi_start) * (in - 1);
    return axis.roi_start * (in - 1) + (out == 1 ? extent / 2 : x * extent / (out - 1));
  }
  double offset = 0;
  if (mode == "half_pixel_symmetric") offset = in / 2 * (1 - static_cast<double>(axis.out) / out);
  return offset + (x + 0.5) / axis.scale - 0.5;
}

// Weights of consecutive elements, the first being `first`.
struct Sum {
  int64_t first = 0;
  std::vector<double> weights;
};

// A place that is whole or half but for the rounding of the scale is taken to be just that.
double without_rounding(double at) {
  const double halves = std::round(2 * at);
  return std::abs(2 * at - halves) < 1e-6 * std::max(1.0, std::abs(at)) ? halves / 2 : at;
}

int64_t nearest_of(const std::string& mode, double place, double scale) {
  const double at = without_rounding(place);
  const double down = std::floor(at), up = std::ceil(at);
  if (mode == "floor" || (mode == "ceil_when_shrinking" && scale >= 1)) return std::llround(down);
  if (mode == "ceil" || mode == "ceil_when_shrinking") return std::llround(up);
  const bool lower = mode == "round_prefer_floor" ? at - down <= 0.5 : at - down < 0.5;
  return std::llround(lower ? down : up);
}

double linear(double distance) { return std::max(1 - std::abs(distance), 0.0); }

// Keys' cubic convolution kernel.
double cubic(double distance, double a) {
  const double d = std::abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? a * (((d - 5) * d + 8) * d - 4) : 0;
}

// The interpolation kernel around `at`. Against aliasing it is stretched when the axis shrinks.
Sum interpolation(const ResizeRule& rule, double at, double scale) {
  const bool is_linear = rule.mode == ResizeRule::Mode::Linear;
  const double stretch = rule.antialias ? std::min(scale, 1.0) : 1.0;
  // Where `at` is an element, the window reaches further to the left, whose weight is 0 then.
  const double left = std::ceil(at) - 1, ratio = at - left;
  const auto reach = static_cast<int64_t>(std::floor(-(is_linear ? 1 : 2) / stretch)) + 1;
  Sum sum{static_cast<int64_t>(left) + reach, {}};
  double total = 0;
  for (int64_t i = reach; i < 2 - reach; ++i) {
    const double distance = (static_cast<double>(i) - ratio) * stretch;
    sum.weights.push_back(is_linear ? linear(distance) : cubic(distance, rule.cubic_a));
    total += sum.weights.back();
  }
  if (rule.antialias)
    for (double& weight : sum.weights) weight /= total;
  return sum;
}

// What lies outside repeats the border, or does not count.
Sum bounded(const Sum& sum, int64_t n, bool exclude_outside) {
  const auto inside = [n](int64_t at) { return std::clamp<int64_t>(at, 0, n - 1); };
  const int64_t low = inside(sum.first), high = inside(sum.first + std::ssize(sum.weights) - 1);
  std::vector<double> weights(static_cast<size_t>(high - low + 1));
  double total = 0;
  for (size_t t = 0; t < sum.weights.size(); ++t) {
    const int64_t at = sum.first + static_cast<int64_t>(t);
    if (exclude_outside && at != inside(at)) continue;
    weights[static_cast<size_t>(inside(at) - low)] += sum.weights[t];
    total += sum.weights[t];
  }
  const auto used = [](double weight) { return weight != 0; };
  const auto begin = std::find_if(weights.begin(), weights.end(), used);
  if (begin == weights.end()) return {low, {0.0}};
  const auto end = std::find_if(weights.rbegin(), weights.rend(), used).base();
  Sum cut{low + (begin - weights.begin()), std::vector<double>(begin, end)};
  if (exclude_outside)
    for (double& weight : cut.weights) weight /= total;
  return cut;
}

}  // namespace

bool ResizeTable::any_outside() const {
  return std::find(outside.begin(), outside.end(), true) != outside.end();
}

bool known_coordinates(const std::string& mode) {
  constexpr std::string_view kModes[] = {
      "align_corners",      "asymmetric",         "half_pixel",          "half_pixel_symmetric",
      "pytorch_half_pixel", "tf_crop_and_resize", "tf_half_pixel_for_nn"};
  return std::find(std::begin(kModes), std::end(kModes), mode) != std::end(kModes);
}

bool known_nearest(const std::string& mode) {
  return mode == "round_prefer_floor" || mode == "round_prefer_ceil" || mode == "floor" ||
         mode == "ceil";
}

ResizeTable resize_table(const ResizeRule& rule, const ResizeAxis& axis) {
  ResizeTable table;
  std::vector<Sum> sums;
  for (int64_t j = 0; j < axis.out; ++j) {
    const double at = std::clamp(source_of(rule.coordinates, axis, j), -kFar, kFar);
    const Sum sum = rule.mode == ResizeRule::Mode::Nearest
                        ? Sum{nearest_of(rule.nearest, at, axis.scale), {1.0}}
                        : interpolation(rule, at, axis.scale);
    sums.push_back(bounded(sum, axis.in, rule.exclude_outside && sum.weights.size() > 1));
    table.taps = std::max(table.taps, std::ssize(sums.back().weights));
    table.outside.push_back(rule.coordinates == "tf_crop_and_resize" &&
                            (at < 0 || at > static_cast<double>(axis.in - 1)));
  }
  for (const Sum& sum : sums) {
    const int64_t first = std::min(sum.first, axis.in - table.taps);
    table.first.push_back(first);
    std::vector<float> row(static_cast<size_t>(table.taps));
    std::copy(sum.weights.begin(), sum.weights.end(), row.begin() + (sum.first - first));
    table.weights.insert(table.weights.end(), row.begin(), row.end());
  }
  return table;
}

}  // namespace motec
