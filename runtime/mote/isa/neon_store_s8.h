// What the NEON kernels of integers share: copies of a few bytes, and sums becoming results.
#pragma once
#include "scalar_s8.h"
#if defined(__ARM_NEON)
#include <arm_neon.h>
#endif

// A function that all layers share. GCC would clone it for the arguments of one of them.
#if defined(__GNUC__) && !defined(__clang__)
#define MOTE_SHARED __attribute__((noinline, noclone))
#else
#define MOTE_SHARED __attribute__((noinline))
#endif

namespace mote::isa::neon {

// Copies n bytes, and touches no others. Two overlapping copies serve every n between two powers
// of 2, so this takes a dozen instructions where a call of memcpy takes thirty.
MOTE_INLINE void copy_few(int8_t* to, const int8_t* from, int32_t n) {  // 1 <= n < 16
  if (n >= 8) {
    memcpy(to, from, 8);
    memcpy(to + n - 8, from + n - 8, 8);
  } else if (n >= 4) {
    memcpy(to, from, 4);
    memcpy(to + n - 4, from + n - 4, 4);
  } else {
    if ((n & 1) != 0) to[n - 1] = from[n - 1];
    if ((n & 2) != 0) memcpy(to, from, 2);
  }
}
MOTE_INLINE void copy(int8_t* to, const int8_t* from, int32_t n) {
  if (n < 16) {
    if (n > 0) copy_few(to, from, n);
    return;
  }
  for (int32_t i = 0; i < n - 16; i += 16) memcpy(to + i, from + i, 16);
  memcpy(to + n - 16, from + n - 16, 16);
}

#if defined(__ARM_NEON)

MOTE_INLINE void fill(int8_t* to, int8x16_t v, int32_t n) {
  if (n >= 16) {
    for (int32_t i = 0; i < n - 16; i += 16) vst1q_s8(to + i, v);
    vst1q_s8(to + n - 16, v);
  } else if (n > 0) {
    int8_t bytes[16];
    vst1q_s8(bytes, v);
    copy_few(to, bytes, n);
  }
}

// The result's clamps and zero point, and the multiplication: requantize() of requant.h.
//
// SQRDMULH(a, m) is (2 * a * m + 2^31) >> 32. With a multiplier of `mult` that shifts the sum left
// by one, so a layer's shift is 1 less here, and a shift of 0 halves the (even) multipliers.
struct Store {
  int32_t zp, lo, hi, shift;

  MOTE_INLINE bool clamps() const { return lo > -128 || hi < 127; }
  // Whether there is nothing but multiplication, zero point and saturation. Where it is tested, an
  // empty asm keeps GCC from doing the rest always.
  MOTE_INLINE bool plain() const { return shift <= 1 && !clamps(); }
  MOTE_INLINE int32x4_t halving() const { return vdupq_n_s32(shift == 0 ? -1 : 0); }
  template <int32_t N>
  MOTE_INLINE void shift_sums(int32x4_t (&sum)[N]) const {
    if (shift <= 1) return;
    for (auto& v : sum) v = vshlq_s32(v, vdupq_n_s32(shift - 1));
  }
  MOTE_INLINE int8x16_t clamp(int8x16_t v) const {
    return vminq_s8(vmaxq_s8(v, vdupq_n_s8(static_cast<int8_t>(lo))),
                    vdupq_n_s8(static_cast<int8_t>(hi)));
  }
  MOTE_INLINE int8x8_t clamp(int8x8_t v) const {
    return vmin_s8(vmax_s8(v, vdup_n_s8(static_cast<int8_t>(lo))),
                   vdup_n_s8(static_cast<int8_t>(hi)));
  }
  MOTE_INLINE int16x8_t add_zero_point(int16x8_t v) const {
    return vqaddq_s16(v, vdupq_n_s16(static_cast<int16_t>(zp)));
  }
};

#if defined(__aarch64__)
MOTE_INLINE int16x8_t narrow(int32x4_t a, int32x4_t b) { return vqmovn_high_s32(vqmovn_s32(a), b); }
MOTE_INLINE int8x16_t narrow(int16x8_t a, int16x8_t b) { return vqmovn_high_s16(vqmovn_s16(a), b); }
#else
MOTE_INLINE int16x8_t narrow(int32x4_t a, int32x4_t b) {
  return vcombine_s16(vqmovn_s32(a), vqmovn_s32(b));
}
MOTE_INLINE int8x16_t narrow(int16x8_t a, int16x8_t b) {
  return vcombine_s8(vqmovn_s16(a), vqmovn_s16(b));
}
#endif

// Four results of each of four pixels, or of two blocks of channels, and so on: one to a lane of
// the result, saturated, with zero point and clamps.
template <int32_t N>
MOTE_INLINE uint32x4_t pack_results(const Store& s, const int32x4_t (&sum)[N]) {
  constexpr int32_t kLast = N - 1;
  const int16x8_t first = s.add_zero_point(narrow(sum[0], sum[kLast < 1 ? kLast : 1]));
  int16x8_t second = first;
  if constexpr (N > 2) second = s.add_zero_point(narrow(sum[2], sum[kLast]));
  int8x16_t v = narrow(first, second);
  if (__builtin_expect(s.clamps(), 0)) {
    asm("");
    v = s.clamp(v);
  }
  return vreinterpretq_u32_s8(v);
}

#endif  // __ARM_NEON

}  // namespace mote::isa::neon
