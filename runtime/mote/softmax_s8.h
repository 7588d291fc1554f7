// Softmax of int8 or int16 values along one dimension, in integers. Of int8 values: the
// exponentials come from a table, exps[d] = round(2^23 * exp(-scale_x * d)) for a distance d of 0
// .. 255 from the greatest element; one 64-bit division per row does for all its elements. Before
// the last rounding the result is within (n + 2) / 2^16 units of the exact one, for rows of n
// elements and scale_y of 1 / 256.
#pragma once
#include "requant.h"

namespace mote {

// Of int16 values distances have 16 bits: exps[d >> 8] * exps[256 + (d & 255)] / 2^30 is
// 2^30 * exp(-scale_x * d), from tables of round(2^30 * exp(-scale_x * 256 * i)) and of round(2^30
// * exp(-scale_x * i)). The result is within (n + 2) / 2^14 units for scale_y of 1 / 2^15.
struct SoftmaxS8Shape {
  int32_t outer, n, inner;  // the operand as [outer, n, inner]; 1 <= n < 2^20
  int32_t inverse_scale;    // round(2^16 / scale_y), scale_y >= 2^-14; of int16 values round(2^15 /
                            // scale_y), scale_y >= 2^-15
  int32_t zp, lo, hi;
  MOTE_FIELDS(outer, n, inner, inverse_scale, zp, lo, hi)
};

// a / b. On cores of 32 bits the compilers' function takes 740 bytes; bit by bit, for b < 2^63, it
// takes 60 and some 700 cycles more.
MOTE_INLINE uint64_t divide(uint64_t a, uint64_t b) {
  if constexpr (kForSize && sizeof(void*) == 4) {
    uint64_t rest = 0;
    for (int32_t i = 0; i < 64; ++i) {
      rest = rest << 1 | a >> 63;
      a <<= 1;
      if (rest >= b) rest -= b, ++a;
    }
    return a;
  }
  return a / b;
}

// `y` may be `x`.
template <class S>
MOTE_KERNEL void softmax_s8(const S& s, const int8_t* x, const int32_t* exps, int8_t* y) {
  for (int32_t o = 0; o < s.outer; ++o, x += s.n * s.inner, y += s.n * s.inner) {
    for (int32_t i = 0; i < s.inner; ++i) {
      int32_t max = -128;
      for (int32_t k = 0; k < s.n; ++k) max = x[k * s.inner + i] > max ? x[k * s.inner + i] : max;
      uint64_t sum = 0;
      for (int32_t k = 0; k < s.n; ++k) {
        sum += static_cast<uint32_t>(exps[max - x[k * s.inner + i]]);
      }
      const uint64_t factor = divide((uint64_t) static_cast<uint32_t>(s.inverse_scale) << 32, sum);
      for (int32_t k = 0; k < s.n; ++k) {
        const uint64_t e = static_cast<uint32_t>(exps[max - x[k * s.inner + i]]);
        const int64_t q = static_cast<int64_t>((e * factor + ((uint64_t)1 << 47)) >> 48);
        const int32_t capped = q > 65536 ? 65536 : static_cast<int32_t>(q);
        y[k * s.inner + i] = static_cast<int8_t>(clamp_i32(capped + s.zp, s.lo, s.hi));
      }
    }
  }
}

// 2^30 * exp(-scale_x * d).
MOTE_INLINE uint32_t exponential_s16(const int32_t* exps, int32_t d) {
  const int64_t product = (int64_t)exps[d >> 8] * exps[256 + (d & 255)];
  return static_cast<uint32_t>((product + (1 << 29)) >> 30);
}

// `y` may be `x` where both have the same type.
template <class Y, class S>
MOTE_KERNEL void softmax_s16(const S& s, const int16_t* x, const int32_t* exps, Y* y) {
  for (int32_t o = 0; o < s.outer; ++o, x += s.n * s.inner, y += s.n * s.inner) {
    for (int32_t i = 0; i < s.inner; ++i) {
      int32_t max = -32768;
      for (int32_t k = 0; k < s.n; ++k) max = x[k * s.inner + i] > max ? x[k * s.inner + i] : max;
      uint64_t sum = 0;
      for (int32_t k = 0; k < s.n; ++k) sum += exponential_s16(exps, max - x[k * s.inner + i]);
      // At most 2^32, as the greatest element alone gives 2^30.
      const uint64_t factor = divide((uint64_t) static_cast<uint32_t>(s.inverse_scale) << 32, sum);
      for (int32_t k = 0; k < s.n; ++k) {
        const uint64_t e = exponential_s16(exps, max - x[k * s.inner + i]);
        const int32_t q = static_cast<int32_t>((e * factor + ((uint64_t)1 << 46)) >> 47);
        y[k * s.inner + i] = static_cast<Y>(clamp_i32(q + s.zp, s.lo, s.hi));
      }
    }
  }
}

}  // namespace mote
