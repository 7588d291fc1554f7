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

// Rows of four channels at four positions, 7 instructions for each four weights; 4 without factors.
MOTE_DSP_SHARED void spread_s4(const int8_t* from, int32_t rows, const int8_t* factors,
                               int8_t* to) {
  uint32_t in[2];
  if (factors == nullptr) {
    constexpr uint32_t kMask = 0x0f0f0f0fu, kOffset = 0x08080808u;
    for (int8_t* const end = to + rows * 16; to != end; to += 16, from += 8) {
      memcpy(in, from, 8);
      const uint32_t out[4] = {subtract_halves(in[0] & kMask, kOffset),
                               subtract_halves(in[1] & kMask, kOffset),
                               subtract_halves(in[0] >> 4 & kMask, kOffset),
                               subtract_halves(in[1] >> 4 & kMask, kOffset)};
      memcpy(to, out, 16);
    }
    return;
  }
  const Int4Pair a(factors[0], factors[1]), b(factors[4], factors[5]);
  for (int8_t* const end = to + rows * 16; to != end; to += 16, from += 8) {
    memcpy(in, from, 8);
    const uint32_t out[4] = {a.times(in[0]), b.times(in[1]), a.times(in[0] >> 4),
                             b.times(in[1] >> 4)};
    memcpy(to, out, 16);
  }
}

}  // namespace dsp

#endif

}  // namespace mote::isa
