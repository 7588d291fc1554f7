// Convolutions in Winograd's form, which have no ISA parameter.
#pragma once
#include "int8_test.h"
#include "mote/winograd_s8.h"

namespace mote_test {

inline void check_winograd(Check& check, Conv2dS8Shape s, Fill fill) {
  random_store(s);
  s.kernel_h = s.kernel_w = 3;
  s.stride_h = s.stride_w = s.dilation_h = s.dilation_w = s.groups = 1;
  s.pad_value = random_below(256) - 128;
  if (s.in_c > 50) s.shift = 0;
  const int32_t row = s.in_w * s.in_c, k = 9 * s.in_c;
  const Bytes x = random_ints<int8_t>(int64_t{s.batch} * s.in_h * row, fill, -128, 127);
  const Bytes w = random_ints<int8_t>(int64_t{s.out_c} * k, fill, -127, 127);
  Words bias, mult = random_multipliers(s.out_c);
  for (int32_t n = 0; n < s.out_c; ++n)
    bias.push_back(folded(random_below(20001) - 10000, s.pad_value + 128, &w[n * k], k));
  Bytes want;
  for (int32_t i = 0; i < s.batch * s.out_h * s.out_w * s.out_c; ++i) {
    const int32_t n = i % s.out_c, ox = i / s.out_c % s.out_w, oy = i / s.out_c / s.out_w % s.out_h;
    const int8_t* image = x.data() + i / (s.out_c * s.out_w * s.out_h) * s.in_h * row;
    int32_t acc = bias[n];
    for (int32_t t = 0; t < 9; ++t) {
      const int32_t iy = oy - s.pad_top + t / 3, ix = ox - s.pad_left + t % 3;
      const bool inside = iy >= 0 && iy < s.in_h && ix >= 0 && ix < s.in_w;
      for (int32_t c = 0; c < s.in_c; ++c) {
        const int32_t v = inside ? image[iy * row + ix * s.in_c + c] : s.pad_value;
        acc += (v + 128) * w[n * k + t * s.in_c + c];
      }
    }
    want.push_back(static_cast<int8_t>(requantize(s, acc, mult[n])));
  }
  Words packed(static_cast<size_t>(pack::winograd_elements(s.out_c, s.in_c) / 2));  // aligned
  int16_t* const weights = reinterpret_cast<int16_t*>(packed.data());
  pack::pack_winograd(w.data(), s.out_c, s.in_c, weights);
  for (int32_t& b : bias) b = static_cast<int32_t>(static_cast<uint32_t>(b) << s.shift);
  Output<int8_t> y(want.size());
  Scratch scratch(winograd_scratch(s));
  conv2d_winograd_s8(s, x.data(), weights, bias.data(), mult.data(), y.data(), scratch.data());
  check.compare(y, want, "image", s);
  check.expect(scratch.intact(), "winograd wrote beyond its scratch");
  if (s.batch != 1) return;
  // Over the inputs, as far below them as four rows may be written before all that these and the
  // next ones read has been read.
  int32_t distance = 0;
  for (int32_t oy = 0; oy < s.out_h; oy += kWinogradTile) {
    const int32_t end = oy + kWinogradTile < s.out_h ? oy + kWinogradTile : s.out_h;
    const int32_t lowest = oy > s.pad_top ? oy - s.pad_top : 0;
    const int32_t below = end * s.out_w * s.out_c - lowest * row;
    if (below > distance) distance = below;
  }
  Output<int8_t> over(want.size() + static_cast<size_t>(distance) + x.size());
  for (size_t i = 0; i < x.size(); ++i) over.y[static_cast<size_t>(distance) + i] = x[i];
  conv2d_winograd_s8(s, over.data() + distance, weights, bias.data(), mult.data(), over.data(),
                     scratch.data());
  for (size_t i = 0; i < want.size(); ++i) y.y[i] = over.y[i];
  check.compare(y, want, "over its inputs", s);
}

// Images around one, two and three tiles high and wide, and channels around four and eight.
inline int test_winograd() {
  Check check{"conv2d by Winograd"};
  for (int i = 0; i < 200; ++i) {
    Conv2dS8Shape s{};
    s.batch = i % 8 == 7 ? 2 : 1;
    s.in_h = 1 + random_below(11), s.in_w = 1 + random_below(14);
    s.pad_top = random_below(3), s.pad_left = random_below(3);
    s.out_h = s.in_h + s.pad_top + random_below(3) - 2;
    s.out_w = s.in_w + s.pad_left + random_below(3) - 2;
    if (s.out_h < 1) s.out_h = 1;
    if (s.out_w < 1) s.out_w = 1;
    s.in_c = Sizes{1, 2, 3, 4, 5, 8, 9, 16, 17, 20, 36}[random_below(11)];
    s.out_c = Sizes{1, 2, 3, 4, 5, 7, 8, 9}[random_below(8)];
    check_winograd(check, s, i % 8 == 0 ? Fill::Low : i % 8 == 1 ? Fill::Ends : Fill::Spread);
  }
  // The greatest sums that packing allows: 115 channels of 127 by 255.
  for (const Fill fill : {Fill::Low, Fill::Ends})
    check_winograd(check, {1, 5, 9, 115, 4, 9, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, fill);
  return check.report();
}

}  // namespace mote_test
