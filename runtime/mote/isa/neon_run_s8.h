// A 3x3 depthwise convolution along a row without dot products: products of two taps are added in
// int16, then to four or two vectors of int32.
#pragma once
#include "neon_depthwise_s8.h"

#if defined(__ARM_NEON)

namespace mote::isa::neon {

// 16 channels of AArch64, or 8.
template <int32_t Lanes>
struct Taps;

template <>
struct Taps<8> {
  using Bytes = int8x8_t;
  using Sums = int32x4_t[2];
  int16x8_t sum;
  static MOTE_INLINE Bytes load(const int8_t* p) { return vld1_s8(p); }
  MOTE_INLINE void first(Bytes x, Bytes w) { sum = vmull_s8(x, w); }
  MOTE_INLINE void second(Bytes x, Bytes w) { sum = vmlal_s8(sum, x, w); }
  MOTE_INLINE void add(Sums& acc) const {
    acc[0] = vaddw_s16(acc[0], vget_low_s16(sum));
    acc[1] = vaddw_s16(acc[1], vget_high_s16(sum));
  }
};

#if defined(__aarch64__)
template <>
struct Taps<16> {
  using Bytes = int8x16_t;
  using Sums = int32x4_t[4];
  int16x8_t low, high;
  static MOTE_INLINE Bytes load(const int8_t* p) { return vld1q_s8(p); }
  MOTE_INLINE void first(Bytes x, Bytes w) {
    low = vmull_s8(vget_low_s8(x), vget_low_s8(w)), high = vmull_high_s8(x, w);
  }
  MOTE_INLINE void second(Bytes x, Bytes w) {
    low = vmlal_s8(low, vget_low_s8(x), vget_low_s8(w)), high = vmlal_high_s8(high, x, w);
  }
  MOTE_INLINE void add(Sums& acc) const {
    acc[0] = vaddw_s16(acc[0], vget_low_s16(low)), acc[1] = vaddw_high_s16(acc[1], low);
    acc[2] = vaddw_s16(acc[2], vget_low_s16(high)), acc[3] = vaddw_high_s16(acc[3], high);
  }
};
#endif

// Where the inputs of a window inside the image are, and of one that reaches into padding.
struct InnerWindow {
  const int8_t* const (&x)[3];
  const int32_t (&step)[3];
  MOTE_INLINE const int8_t* at(int32_t t) const { return x[t / 3] + t % 3 * step[t / 3]; }
};
struct BorderWindow {
  const int8_t* p[9];
  MOTE_INLINE const int8_t* at(int32_t t) const { return p[t]; }
};

// Lanes channels from channel c on, of blocks of Width.
template <int32_t Lanes, int32_t Width>
struct KernelRun {
  using T = Taps<Lanes>;
  const Store s;
  const int32_t* const bias;
  const HalvedMultipliers mult;
  const int32_t count;
  typename T::Bytes w[9];

  template <class Window>
  MOTE_INLINE void output(const Window& window, int8_t* y) const {
    typename T::Sums acc;
    for (int32_t i = 0; i < Lanes / 4; ++i) acc[i] = vld1q_s32(bias + 4 * i);
    for (int32_t t = 0; t < 8; t += 2) {
      T taps;
      taps.first(T::load(window.at(t)), w[t]);
      taps.second(T::load(window.at(t + 1)), w[t + 1]);
      taps.add(acc);
    }
    T last;
    last.first(T::load(window.at(8)), w[8]);
    last.add(acc);
    finish(s, acc, mult, y, count);
  }
};

template <int32_t Lanes, int32_t Width>
MOTE_INLINE void run(const Store& store, const Run& r, int32_t c) {
  KernelRun<Lanes, Width> k{
      store, r.bias + c, {r.mult.mult + c}, r.channels < 8 ? r.channels : 8, {}};
  for (int32_t t = 0; t < 9; ++t) k.w[t] = Taps<Lanes>::load(r.w + Width * t + c);
  const int32_t step[3] = {r.steps[0], r.steps[1], r.steps[2]};
  const int32_t stride = r.stride, channels = r.channels, in_w = r.in_w;
  const int8_t* const padding = r.padding;
  int32_t ix = r.ix;
  const int8_t* x[3];
  for (int32_t ky = 0; ky < 3; ++ky) x[ky] = r.rows[ky] + c + ix * step[ky];
  int8_t* y = r.y + c;
  for (int32_t n = r.count; n > 0; --n, y += channels, ix += stride) {
    if (ix >= 0 && ix + 3 <= in_w) {
      k.output(InnerWindow{x, step}, y);
    } else {
      BorderWindow border;
      for (int32_t t = 0; t < 9; ++t) {
        const int32_t column = ix + t % 3;
        border.p[t] = column >= 0 && column < in_w ? x[t / 3] + t % 3 * step[t / 3] : padding;
      }
      k.output(border, y);
    }
    for (int32_t ky = 0; ky < 3; ++ky) x[ky] += stride * step[ky];
  }
}

}  // namespace mote::isa::neon

#endif  // __ARM_NEON
