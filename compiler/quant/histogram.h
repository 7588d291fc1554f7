// What calibration remembers of a tensor: its limits in every sample, and a histogram between them.
// Values are added sample by sample in a fixed order, so that nothing depends on threads.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "quant/scheme.h"

namespace motec {

class Histogram {
 public:
  static constexpr int kBins = 2048;

  // First all samples are seen for their limits, ...
  void see_limits(std::span<const float> values);
  void end_sample();
  // ... then again for their distribution.
  void count(std::span<const float> values);

  bool is_empty() const { return samples_ == 0; }
  Range limits() const { return limits_; }
  // Means of the samples' limits.
  Range mean_limits() const;
  const std::vector<int64_t>& bins() const { return bins_; }
  int64_t total() const { return total_; }
  double bin_width() const { return (limits_.hi - limits_.lo) / kBins; }
  double bin_center(int i) const { return limits_.lo + (i + 0.5) * bin_width(); }

 private:
  Range limits_, sample_, sums_;
  bool sample_empty_ = true;
  int64_t samples_ = 0, total_ = 0;
  std::vector<int64_t> bins_;
};

// The range widened to span 0: a zero point must exist.
Range with_zero(const Range& range);

}  // namespace motec
