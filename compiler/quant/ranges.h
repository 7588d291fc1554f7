// From what was seen of a tensor to the range that its integers shall cover. A narrower range than
// all that was seen has finer steps, and clips what lies outside.
#pragma once
#include <string_view>
#include <vector>

#include "quant/fixedpoint.h"
#include "quant/histogram.h"

namespace motec {

enum class RangeMethod : uint8_t {
  MinMax,      // all that was seen
  Average,     // the mean of the samples' limits
  Percentile,  // all but 1 in 10,000 values at either end
  Entropy,     // least Kullback-Leibler divergence of the distributions
  Mse,         // least mean squared error
};
std::string_view name_of(RangeMethod method);
std::vector<RangeMethod> range_methods();

// `levels`: 256 for int8.
Range find_range(const Histogram& histogram, RangeMethod method, int levels);

// Scale and zero point of int8, or of int16, whose zero point is 0.
Affine affine_of(const Range& range, DType dtype);
// The range that they cover in truth.
Range covered(const Affine& affine, DType dtype);

// What rounding to a range costs on a histogram.
struct RangeError {
  double mse = 0;
  double clipped = 0;  // share of values
};
RangeError error_of(const Histogram& histogram, const Range& range, int levels);

}  // namespace motec
