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
  double ratio = 0;                 // scale_x * scale_w / scale_y, > 0
  int64_t lowest = 0, highest = 0;  // every sum of the channel lies between these
  int64_t largest() const;          // of their magnitudes
};

struct Requantization {
  Store store;
  std::vector<int32_t> mult;  // params_of(store) per channel
  // For a channel whose result is the same whatever its inputs, the sum that stands for it: its
  // weights are to become zeros and its bias this.
  std::vector<std::optional<int32_t>> constant_sum;
};

// `range` gives zp, lo, hi and out. The form is High where that errs by less than 0.002 of a unit:
// the multipliers have 16 bits, or the sums are too small for the missing ones to matter, or the
// result is constant; otherwise Wide. (Training leaves channels dead: scales of 1e-10 with biases
// of 2^30, which always give the zero point.) Empty if a sum may not fit int32.
std::optional<Requantization> requantization(const Store& range,
                                             const std::vector<ChannelScale>& channels);

// The form Wide for one scale, which errs by less than 2^-15 units of int16.
std::optional<Requantization> wide_requantization(const Store& range, const ChannelScale& scale);

// y = a + b (or a - b) for scales and zero points of the three. Empty if the result's scale is so
// much finer than an operand's that no bit of precision is left.
struct Affine {
  double scale = 1;
  int32_t zp = 0;
  bool operator==(const Affine&) const = default;
};
std::optional<QAddAttrs> addition(const Affine& a, const Affine& b, bool subtract, const Affine& y);
// The same for int16 operands and results of `range`. Empty if an operand's scale is more than 128
// times the result's.
std::optional<QAddAttrs> addition_s16(const Affine& a, const Affine& b, bool subtract,
                                      const Affine& y, const Store& range);

}  // namespace motec
