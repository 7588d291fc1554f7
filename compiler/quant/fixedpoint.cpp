#include "quant/fixedpoint.h"

#include <algorithm>
#include <cmath>

namespace motec {
namespace {

constexpr int64_t kLimit = int64_t{1} << 31;

// An error of 1 in the multiplier moves a sum by sum / 2^32 units: below 0.002 up to here.
constexpr int64_t kSmallSum = 8'000'000;

// 2^32 * ratio / 2^shift as an even number.
int64_t even_multiplier(double ratio, int shift) {
  return 2 * std::llround(std::ldexp(ratio, 31 - shift));
}

// Multiplier and shift of the wide form; false if the ratio is out of its range.
bool wide_multiplier(double ratio, int32_t& mult, int32_t& right) {
  int exponent = 0;
  int64_t m = std::llround(std::ldexp(std::frexp(ratio, &exponent), 31));
  if (m == kLimit) m /= 2, ++exponent;
  right = 31 - exponent;
  if (right < 1) return false;
  if (right > 62) m = 0, right = 62;
  mult = static_cast<int32_t>(m);
  return true;
}

// The result of a channel, if all its sums have the same.
std::optional<int32_t> constant_result(const Store& range, const ChannelScale& c) {
  int32_t mult = 0, right = 0;
  if (!wide_multiplier(c.ratio, mult, right)) return {};
  const auto result = [&](int64_t sum) {
    return mote::requantize_wide(range, static_cast<int32_t>(sum), mult, right);
  };
  const int32_t at_lowest = result(c.lowest);
  return at_lowest == result(c.highest) ? std::optional(at_lowest) : std::nullopt;
}

std::optional<Requantization> narrow(const Store& range,
                                     const std::vector<ChannelScale>& channels) {
  constexpr int kMostShift = 20;
  int shift = 0;
  for (const ChannelScale& c : channels)
    while (shift <= kMostShift && even_multiplier(c.ratio, shift) >= kLimit) ++shift;
  if (shift > kMostShift) return {};
  Requantization result{range, {}, {}};
  result.store.form = StoreForm::High;
  result.store.shift = shift;
  for (const ChannelScale& c : channels) {
    int64_t mult = even_multiplier(c.ratio, shift);
    const int64_t largest = c.largest() << shift;
    const bool fits = largest < kLimit && largest * mult < mote::kProductLimit;
    std::optional<int32_t> sum;
    if (!fits || (mult < (1 << 15) && largest > kSmallSum)) {
      const auto constant = constant_result(range, c);
      if (!constant) return {};
      sum = 4 * (*constant - range.zp);
      mult = int64_t{1} << (30 - shift);
    }
    result.mult.push_back(static_cast<int32_t>(mult));
    result.constant_sum.push_back(sum);
  }
  return result;
}

std::optional<Requantization> wide(const Store& range, const std::vector<ChannelScale>& channels) {
  Requantization result{range, {}, std::vector<std::optional<int32_t>>(channels.size())};
  result.store.form = StoreForm::Wide;
  result.store.shift = 0;
  for (const ChannelScale& c : channels) {
    int32_t mult = 0, right = 0;
    if (!wide_multiplier(c.ratio, mult, right)) return {};
    result.mult.insert(result.mult.end(), {mult, right});
  }
  return result;
}

}  // namespace

int64_t ChannelScale::largest() const { return std::max(std::abs(lowest), std::abs(highest)); }

std::optional<Requantization> requantization(const Store& range,
                                             const std::vector<ChannelScale>& channels) {
  constexpr double kLargestRatio = 1 << 30;  // beyond the wide form, and what int64 can take here
  for (const ChannelScale& c : channels)
    if (c.largest() >= kLimit || !(c.ratio < kLargestRatio)) return {};
  if (auto result = narrow(range, channels)) return result;
  return wide(range, channels);
}

std::optional<Requantization> wide_requantization(const Store& range, const ChannelScale& scale) {
  if (scale.largest() >= kLimit) return {};
  return wide(range, {scale});
}

std::optional<QAddAttrs> addition(const Affine& a, const Affine& b, bool subtract,
                                  const Affine& y) {
  for (int right = 21; right >= 8; --right) {
    const double a_mult = std::round(std::ldexp(a.scale / y.scale, right));
    const double b_mult = std::round(std::ldexp(b.scale / y.scale, right)) * (subtract ? -1 : 1);
    const double offset =
        std::ldexp(y.zp, right) - a.zp * a_mult - b.zp * b_mult + std::ldexp(1, right - 1);
    const double largest = 128 * (std::abs(a_mult) + std::abs(b_mult)) + std::abs(offset);
    if (!(largest < static_cast<double>(kLimit))) continue;
    return QAddAttrs{static_cast<int32_t>(a_mult), static_cast<int32_t>(b_mult),
                     static_cast<int64_t>(offset), right};
  }
  return {};
}

std::optional<QAddAttrs> addition_s16(const Affine& a, const Affine& b, bool subtract,
                                      const Affine& y, const Store& range) {
  for (int right = 32; right >= 24; --right) {
    const double a_mult = std::round(std::ldexp(a.scale / y.scale, right));
    const double b_mult = std::round(std::ldexp(b.scale / y.scale, right)) * (subtract ? -1 : 1);
    if (!(std::max(a_mult, std::abs(b_mult)) < static_cast<double>(kLimit))) continue;
    // Zero points have 16 bits, so that this is below 2^49.
    const int64_t am = std::llround(a_mult), bm = std::llround(b_mult);
    const int64_t offset =
        y.zp * (int64_t{1} << right) - a.zp * am - b.zp * bm + (int64_t{1} << (right - 1));
    return QAddAttrs{static_cast<int32_t>(am),
                     static_cast<int32_t>(bm),
                     offset,
                     right,
                     range.lo,
                     range.hi,
                     range.out};
  }
  return {};
}

}  // namespace motec
