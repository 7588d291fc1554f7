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

// Where the inputs of a window are: inside the image, or with padding in a column.
constexpr int32_t kNone = -1;
template <int32_t kPadded>
struct Window3x3 {
  const int8_t* const (&x)[3];
  const int32_t (&step)[3];
  const int8_t* padding;
  MOTE_INLINE const int8_t* at(int32_t t) const {
    return t % 3 == kPadded ? padding : x[t / 3] + t % 3 * step[t / 3];
  }
};
// With padding in two columns, or in all.
struct NarrowWindow {
  const int8_t* p[9];
  MOTE_INLINE const int8_t* at(int32_t t) const { return p[t]; }
};
inline MOTE_SHARED void find_window(NarrowWindow& window, const int8_t* const (&x)[3],
                                    const int32_t (&step)[3], int32_t ix, int32_t in_w,
                                    const int8_t* padding) {
  for (int32_t t = 0; t < 9; ++t) {
    const int32_t column = ix + t % 3;
    window.p[t] = column >= 0 && column < in_w ? x[t / 3] + t % 3 * step[t / 3] : padding;
  }
}

// Lanes channels from channel c on, of blocks of Width.
template <int32_t Lanes, int32_t Width>
struct KernelRun {
  using T = Taps<Lanes>;
  const Store s;
  const int32_t* const bias;
  const HalvedMultipliers mult;
  const int32_t count;
  const bool plain;
  typename T::Bytes w[9];

  template <class Window>
  MOTE_INLINE void output(const Window& window, int8_t* y) const {
    typename T::Sums acc;
    // Of 16 channels, biases and multipliers find no room in registers beside the kernel, and
    // should come from their arrays, not from copies.
    const int32_t* b = bias;
    HalvedMultipliers m = mult;
    if constexpr (Lanes == 16) asm("" : "+r"(b), "+r"(m.mult));
    for (int32_t i = 0; i < Lanes / 4; ++i) acc[i] = vld1q_s32(b + 4 * i);
    for (int32_t t = 0; t < 8; t += 2) {
      T taps;
      taps.first(T::load(window.at(t)), w[t]);
      taps.second(T::load(window.at(t + 1)), w[t + 1]);
      taps.add(acc);
    }
    T last;
    last.first(T::load(window.at(8)), w[8]);
    last.add(acc);
    finish(s, acc, m, y, count, plain);
  }
};

template <int32_t Lanes, int32_t Width>
MOTE_INLINE void run(const Store& store, const Run& r, int32_t c) {
  const int32_t count = r.channels < 8 ? r.channels : 8;
  KernelRun<Lanes, Width> k{
      store, r.bias + c, {r.mult.mult + c}, count, store.plain() && count == 8, {}};
  for (int32_t t = 0; t < 9; ++t) k.w[t] = Taps<Lanes>::load(r.w + Width * t + c);
  const int32_t step[3] = {r.steps[0], r.steps[1], r.steps[2]};
  const ptrdiff_t next[3] = {r.stride * step[0], r.stride * step[1], r.stride * step[2]};
  const int32_t stride = r.stride, channels = r.channels, in_w = r.in_w;
  const int8_t* const padding = r.padding;
  int32_t ix = r.ix;
  const int8_t* x[3];
  for (int32_t ky = 0; ky < 3; ++ky) x[ky] = r.rows[ky] + c + ix * step[ky];
  int8_t* y = r.y + c;
  const auto advance = [&] {
    for (int32_t ky = 0; ky < 3; ++ky) x[ky] += next[ky];
    ix += stride, y += channels;
  };
  for (int32_t n = r.count; n > 0;) {
    for (; n > 0 && (ix < 0 || ix + 3 > in_w); --n, advance()) {
      if (ix == -1 && in_w >= 2) {
        k.output(Window3x3<0>{x, step, padding}, y);
      } else if (ix == in_w - 2 && ix >= 0) {
        k.output(Window3x3<2>{x, step, padding}, y);
      } else {
        NarrowWindow narrow;
        find_window(narrow, x, step, ix, in_w, padding);
        k.output(narrow, y);
      }
    }
    if (n <= 0) return;
    // Those inside the image, with nothing to do between them but to move on.
    int32_t inner = stride == 1 ? in_w - 2 - ix : ((in_w - 3 - ix) >> 1) + 1;
    if (inner > n) inner = n;
    n -= inner, ix += inner * stride;
    for (; inner > 0; --inner, y += channels) {
      k.output(Window3x3<kNone>{x, step, padding}, y);
      for (int32_t ky = 0; ky < 3; ++ky) x[ky] += next[ky];
    }
  }
}

}  // namespace mote::isa::neon

#endif  // __ARM_NEON
