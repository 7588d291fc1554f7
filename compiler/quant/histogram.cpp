#include "quant/histogram.h"

#include <algorithm>

namespace motec {

void Histogram::see_limits(std::span<const float> values) {
  if (values.empty()) return;
  const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
  if (sample_empty_) sample_ = {*lo, *hi};
  sample_ = {std::min<double>(sample_.lo, *lo), std::max<double>(sample_.hi, *hi)};
  sample_empty_ = false;
}

void Histogram::end_sample() {
  if (sample_empty_) return;
  limits_ = samples_ == 0
                ? sample_
                : Range{std::min(limits_.lo, sample_.lo), std::max(limits_.hi, sample_.hi)};
  sums_.lo += sample_.lo;
  sums_.hi += sample_.hi;
  ++samples_;
  sample_empty_ = true;
}

void Histogram::count(std::span<const float> values) {
  bins_.resize(kBins);
  const double width = bin_width();
  const double per_unit = width > 0 ? 1 / width : 0;
  for (const float v : values) {
    const auto bin = static_cast<int64_t>((v - limits_.lo) * per_unit);
    ++bins_[static_cast<size_t>(std::clamp<int64_t>(bin, 0, kBins - 1))];
  }
  total_ += std::ssize(values);
}

Range Histogram::mean_limits() const {
  const auto n = static_cast<double>(std::max<int64_t>(samples_, 1));
  return {sums_.lo / n, sums_.hi / n};
}

Range with_zero(const Range& range) { return {std::min(range.lo, 0.0), std::max(range.hi, 0.0)}; }

}  // namespace motec
