// Spreading weights of four bits (int4.h) on Cortex-M cores with the DSP extension.
#pragma once
#include "dsp_conv_s8.h"

namespace mote::isa {

#if defined(__ARM_FEATURE_DSP)

namespace dsp {

// a - b in both halves.
MOTE_INLINE uint32_t subtract_halves(uint32_t a, uint32_t b) {
  __asm__("ssub16 %0, %1, %2" : "=r"(a) : "r"(a), "r"(b));
  return a;
}

// A word of two channels at two positions: halves 256 * v + u, of which the weights are u - 8 and
// v - 8, times factors.
struct Int4Pair {
  uint32_t low, high, offset;
  Int4Pair(int32_t f, int32_t g)
      : low(static_cast<uint32_t>(f)),
        high(static_cast<uint32_t>(g) << 8),
        offset((low + high) * 0x00080008u) {}
  MOTE_INLINE uint32_t times(uint32_t word) const {
    constexpr uint32_t kMask = 0x000f000fu;
    return subtract_halves((word & kMask) * low + (word >> 8 & kMask) * high, offset);
  }
};

typedef uint32_t __attribute__((may_alias)) Int4Words;

// Rows of four channels at four positions, 7 instructions for each four weights; 4 without factors.
// Both ends are aligned for words.
MOTE_DSP_SHARED void spread_s4(const int8_t* from, int32_t rows, const int8_t* factors,
                               int8_t* to) {
  const Int4Words* in = reinterpret_cast<const Int4Words*>(from);
  Int4Words* out = reinterpret_cast<Int4Words*>(to);
  Int4Words* const end = out + rows * 4;
  if (factors == nullptr) {
    constexpr uint32_t kMask = 0x0f0f0f0fu, kOffset = 0x08080808u;
    for (; out != end; out += 4, in += 2) {
      const uint32_t a = in[0], b = in[1];
      out[0] = subtract_halves(a & kMask, kOffset);
      out[1] = subtract_halves(b & kMask, kOffset);
      out[2] = subtract_halves(a >> 4 & kMask, kOffset);
      out[3] = subtract_halves(b >> 4 & kMask, kOffset);
    }
    return;
  }
  const Int4Pair f(factors[0], factors[1]), g(factors[4], factors[5]);
  for (; out != end; out += 4, in += 2) {
    const uint32_t a = in[0], b = in[1];
    out[0] = f.times(a);
    out[1] = g.times(b);
    out[2] = f.times(a >> 4);
    out[3] = g.times(b >> 4);
  }
}

}  // namespace dsp

#endif

}  // namespace mote::isa
