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

std::optional<Requantization> narrow(const Store& range,
                                     const std::vector<ChannelScale>& channels) {
  int shift = 0;
  for (const ChannelScale& c : channels)
    while (shift < 31 && even_multiplier(c.ratio, shift) >= kLimit) ++shift;
  Requantization result{range, {}};
  result.store.form = StoreForm::High;
  result.store.shift = shift;
  for (const ChannelScale& c : channels) {
    const int64_t mult = even_multiplier(c.ratio, shift);
    if (shift > 30 || (c.largest << shift) >= kLimit) return {};
    if (mult < (1 << 15) && (c.largest << shift) > kSmallSum) return {};
    result.mult.push_back(static_cast<int32_t>(mult));
  }
  return result;
}

}  // namespace

std::optional<Requantization> requantization(const Store& range,
                                             const std::vector<ChannelScale>& channels) {
  for (const ChannelScale& c : channels)
    if (c.largest >= kLimit || !std::isfinite(c.ratio)) return {};
  if (auto result = narrow(range, channels)) return result;
  Requantization result{range, {}};
  result.store.form = StoreForm::Wide;
  result.store.shift = 0;
  for (const ChannelScale& c : channels) {
    int exponent = 0;
    int64_t mult = std::llround(std::ldexp(std::frexp(c.ratio, &exponent), 31));
    if (mult == kLimit) mult /= 2, ++exponent;
    int right = 31 - exponent;
    if (right < 1) return {};
    if (right > 62) mult = 0, right = 62;
    result.mult.push_back(static_cast<int32_t>(mult));
    result.mult.push_back(right);
  }
  return result;
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
                     static_cast<int32_t>(offset), right};
  }
  return {};
}

}  // namespace motec
