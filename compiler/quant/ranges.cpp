#include "quant/ranges.h"

#include <algorithm>
#include <cmath>

#include "ops/quantize.h"

namespace motec {
namespace {

constexpr double kTail = 1e-4;  // share of values that Percentile leaves out at either end

Range percentile(const Histogram& h) {
  const auto allowed = static_cast<int64_t>(kTail * static_cast<double>(h.total()));
  const auto first = [&](auto begin, auto end) {
    int64_t sum = 0;
    auto it = begin;
    while (it != end && sum + *it <= allowed) sum += *it++;
    return it - begin;
  };
  const auto& bins = h.bins();
  return {h.limits().lo + static_cast<double>(first(bins.begin(), bins.end())) * h.bin_width(),
          h.limits().hi - static_cast<double>(first(bins.rbegin(), bins.rend())) * h.bin_width()};
}

// Narrows both ends in turn as long as `cost` falls. Ends move in 128ths of their distance from 0.
template <class Cost>
Range narrowed(const Range& limits, Cost cost) {
  constexpr int kSteps = 128;
  int lo = kSteps, hi = kSteps;
  const auto range = [&](int a, int b) {
    return Range{limits.lo * a / kSteps, limits.hi * b / kSteps};
  };
  double best = cost(range(lo, hi));
  for (int round = 0; round < 3; ++round) {
    const int lo_before = lo, hi_before = hi;
    for (int b = kSteps; b >= kSteps / 8 && limits.hi > 0; --b)
      if (const double c = cost(range(lo, b)); c < best) best = c, hi = b;
    for (int a = kSteps; a >= kSteps / 8 && limits.lo < 0; --a)
      if (const double c = cost(range(a, hi)); c < best) best = c, lo = a;
    if (lo == lo_before && hi == hi_before) break;
  }
  return range(lo, hi);
}

// Kullback-Leibler divergence of what is left of the histogram after rounding to `levels` steps of
// `range` (Migacz, 8-bit inference with TensorRT, 2017): every step spreads its count evenly over
// the bins in it that held anything, and what is clipped weighs on the outermost bins. Zeros, of
// which a Relu makes many, are exact in any range and left out.
double divergence(const Histogram& h, const Range& range, int levels) {
  const double step = (range.hi - range.lo) / (levels - 1);
  if (!(step > 0)) return HUGE_VAL;
  std::vector<double> reference(Histogram::kBins), kept(Histogram::kBins);
  const auto bin_of = [&](double v) {
    return static_cast<size_t>(
        std::clamp((v - h.limits().lo) / h.bin_width(), 0.0, Histogram::kBins - 1.0));
  };
  const size_t first = bin_of(range.lo), last = bin_of(range.hi), zero = bin_of(0);
  const bool holds_zero = h.limits().lo <= 0 && h.limits().hi >= 0;
  std::vector<double> count(static_cast<size_t>(levels));
  std::vector<int> held(count.size());
  const auto level_of = [&](size_t bin) {
    const double level = std::nearbyint((h.bin_center(static_cast<int>(bin)) - range.lo) / step);
    return static_cast<size_t>(std::clamp(level, 0.0, levels - 1.0));
  };
  for (size_t i = 0; i < kept.size(); ++i) {
    const auto n = static_cast<double>(h.bins()[i]);
    if (n == 0 || (holds_zero && i == zero)) continue;
    reference[std::clamp(i, first, last)] += n;
    if (i < first || i > last) continue;
    count[level_of(i)] += n;
    ++held[level_of(i)];
    kept[i] = n;
  }
  double reference_sum = 0, kept_sum = 0;
  for (size_t i = first; i <= last; ++i) {
    if (kept[i] > 0) kept[i] = count[level_of(i)] / held[level_of(i)];
    reference_sum += reference[i];
    kept_sum += kept[i];
  }
  if (reference_sum == 0) return 0;
  double sum = 0;
  for (size_t i = first; i <= last; ++i) {
    if (reference[i] == 0) continue;
    // The floor keeps an empty outermost bin that clipped values weigh on finite, and dear.
    const double p = reference[i] / reference_sum, q = std::max(kept[i] / kept_sum, 1e-9);
    sum += p * std::log(p / q);
  }
  return sum;
}

}  // namespace

std::string_view name_of(RangeMethod method) {
  constexpr std::string_view kNames[] = {"minmax", "average", "percentile", "entropy", "mse"};
  return kNames[static_cast<size_t>(method)];
}

std::vector<RangeMethod> range_methods() {
  return {RangeMethod::MinMax, RangeMethod::Average, RangeMethod::Percentile, RangeMethod::Entropy,
          RangeMethod::Mse};
}

RangeError error_of(const Histogram& h, const Range& range, int levels) {
  const double step = (range.hi - range.lo) / (levels - 1);
  RangeError error;
  if (h.total() == 0 || !(step > 0)) return error;
  double squares = 0;
  int64_t clipped = 0;
  for (int i = 0; i < Histogram::kBins; ++i) {
    const int64_t n = h.bins()[static_cast<size_t>(i)];
    if (n == 0) continue;
    const double v = h.bin_center(i);
    const double excess = std::max({range.lo - v, v - range.hi, 0.0});
    // Within the range the error is uniform over a step.
    squares += static_cast<double>(n) * (excess > 0 ? excess * excess : step * step / 12);
    if (excess > step / 2) clipped += n;
  }
  const auto total = static_cast<double>(h.total());
  return {squares / total, static_cast<double>(clipped) / total};
}

Range find_range(const Histogram& h, RangeMethod method, int levels) {
  const Range limits = with_zero(h.limits());
  switch (method) {
    case RangeMethod::MinMax:
      return limits;
    case RangeMethod::Average:
      return with_zero(h.mean_limits());
    case RangeMethod::Percentile:
      return with_zero(percentile(h));
    case RangeMethod::Entropy:
      return narrowed(limits, [&](const Range& r) { return divergence(h, r, levels); });
    case RangeMethod::Mse:
      break;
  }
  return narrowed(limits, [&](const Range& r) { return error_of(h, r, levels).mse; });
}

Affine affine_of(const Range& range, DType dtype) {
  const Range r = with_zero(range);
  // What never varies from 0 has any scale.
  if (dtype == DType::S16) {
    const double largest = std::max(-r.lo, r.hi);
    return {largest > 0 ? static_cast<double>(static_cast<float>(largest / 32767)) : 1.0, 0};
  }
  const auto scale = static_cast<float>((r.hi - r.lo) / 255);
  if (!(scale > 0)) return {1.0, 0};
  const double zp = std::nearbyint(-128 - r.lo / static_cast<double>(scale));
  return {static_cast<double>(scale), static_cast<int32_t>(std::clamp(zp, -128.0, 127.0))};
}

Range covered(const Affine& affine, DType dtype) {
  return {affine.scale * (lowest_of(dtype) - affine.zp),
          affine.scale * (highest_of(dtype) - affine.zp)};
}

}  // namespace motec
