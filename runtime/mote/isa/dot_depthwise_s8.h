// A 3x3 depthwise convolution by SDOT along a row. The three inputs of a column are brought
// together for each channel (in 32 bits, with one to spare), once for the three outputs that need
// them; an output is then three dot products for every four channels.
#pragma once
#include "neon_depthwise_s8.h"
#include "neon_gemm_s8.h"

#if defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)

namespace mote::isa::neon {

MOTE_INLINE int8x16_t zip_low(int8x16_t a, int8x16_t b) {
  return vreinterpretq_s8_s16(vzip1q_s16(vreinterpretq_s16_s8(a), vreinterpretq_s16_s8(b)));
}
MOTE_INLINE int8x16_t zip_high(int8x16_t a, int8x16_t b) {
  return vreinterpretq_s8_s16(vzip2q_s16(vreinterpretq_s16_s8(a), vreinterpretq_s16_s8(b)));
}

// V vectors of four channels: 4, or 2.
template <int32_t V>
struct Slide {
  const Store s;
  const int8_t* x[3];
  int64_t step[3];
  int32_t ix;
  uint32_t in_w;
  int8x16_t padding;
  const int8_t* w;
  const int32_t* bias;
  const HalvedMultipliers mult;
  int8_t* y;
  int32_t channels;

  using Column = int8x16_t[V];

  MOTE_INLINE int8x16_t load(int32_t i) {
    int8x16_t v;
    if constexpr (V == 4) {
      asm("ld1 {%0.16b}, [%1], %2"
          : "=w"(v), "+r"(x[i])
          : "r"(step[i]), "m"(*reinterpret_cast<const int8_t(*)[16]>(x[i])));
    } else {
      asm("ld1 {%0.8b}, [%1], %2"
          : "=w"(v), "+r"(x[i])
          : "r"(step[i]), "m"(*reinterpret_cast<const int8_t(*)[8]>(x[i])));
    }
    return v;
  }

  MOTE_INLINE void next(Column& c) {
    if (static_cast<uint32_t>(ix++) < in_w) {
      const int8x16_t x0 = load(0), x1 = load(1), x2 = load(2);
      const int8x16_t low01 = vzip1q_s8(x0, x1), low2 = vzip1q_s8(x2, x2);
      c[0] = zip_low(low01, low2), c[1] = zip_high(low01, low2);
      if constexpr (V == 4) {
        const int8x16_t high01 = vzip2q_s8(x0, x1), high2 = vzip2q_s8(x2, x2);
        c[2] = zip_low(high01, high2), c[3] = zip_high(high01, high2);
      }
    } else {
      for (auto& v : c) v = padding;
    }
  }

  MOTE_INLINE void output(const Column& a, const Column& b, const Column& c) {
    int32x4_t acc[V];
    const int8_t* wt = w;
    asm("" : "+r"(wt));  // weights are loaded anew: there are not enough registers to keep them
    for (int32_t v = 0; v < V; ++v) acc[v] = vld1q_s32(bias + 4 * v);
    for (int32_t v = 0; v < V; ++v) acc[v] = vdotq_s32(acc[v], a[v], vld1q_s8(wt + 16 * v));
    for (int32_t v = 0; v < V; ++v) acc[v] = vdotq_s32(acc[v], b[v], vld1q_s8(wt + 16 * (V + v)));
    for (int32_t v = 0; v < V; ++v)
      acc[v] = vdotq_s32(acc[v], c[v], vld1q_s8(wt + 16 * (2 * V + v)));
    finish(s, acc, mult, y, channels < 8 ? channels : 8);
    y += channels;
  }
};

template <int32_t V>
MOTE_INLINE void slide(const Store& store, const Run& r) {
  Slide<V> t{store,
             {r.rows[0], r.rows[1], r.rows[2]},
             {r.steps[0], r.steps[1], r.steps[2]},
             r.ix,
             static_cast<uint32_t>(r.in_w),
             vdupq_n_s8(*r.padding),
             r.w,
             r.bias,
             r.mult,
             r.y,
             r.channels};
  int32_t n = r.count;
  typename Slide<V>::Column a, b, c;
  t.next(a);
  if (r.stride == 1) {
    t.next(b);
    for (;;) {
      t.next(c), t.output(a, b, c);
      if (--n == 0) break;
      t.next(a), t.output(b, c, a);
      if (--n == 0) break;
      t.next(b), t.output(c, a, b);
      if (--n == 0) break;
    }
  } else {
    for (;;) {
      t.next(b), t.next(c), t.output(a, b, c);
      if (--n == 0) break;
      t.next(b), t.next(a), t.output(c, b, a);
      if (--n == 0) break;
    }
  }
}

}  // namespace mote::isa::neon

#endif
