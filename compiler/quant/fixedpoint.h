// From real scales to the integers that kernels multiply by (runtime/mote/requant.h, add_s8.h),
// with the proofs that nothing overflows.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ops/qbinary.h"
#include "ops/store.h"

namespace motec {

// One output channel of a layer.
struct ChannelScale {
  double ratio = 0;     // scale_x * scale_w / scale_y, > 0
  int64_t largest = 0;  // no sum of the channel has a greater magnitude
};

struct Requantization {
  Store store;
  std::vector<int32_t> mult;  // params_of(store) per channel
};

// `range` gives zp, lo, hi and out. The form is High where that errs by less than 0.002 of a unit:
// the multipliers have 16 bits, or the sums are too small for the missing ones to matter; otherwise
// Wide. Empty if a sum may not fit int32.
std::optional<Requantization> requantization(const Store& range,
                                             const std::vector<ChannelScale>& channels);

// y = a + b (or a - b) for scales and zero points of the three. Empty if the result's scale is so
// much finer than an operand's that no bit of precision is left.
struct Affine {
  double scale = 1;
  int32_t zp = 0;
};
std::optional<QAddAttrs> addition(const Affine& a, const Affine& b, bool subtract, const Affine& y);

}  // namespace motec
