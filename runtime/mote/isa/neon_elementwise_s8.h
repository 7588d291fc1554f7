// Additions, pools and rows of sums with NEON, out of line so that all layers share them.
#pragma once
#include "neon_store_s8.h"

#if defined(__ARM_NEON)

namespace mote::isa::neon {

struct Add {
  int32_t a_mult, b_mult, offset, right, lo, hi;
};

// (v + offset) >> 16 by ADDHN.
MOTE_INLINE int16x8_t high_halves(int32x4_t low, int32x4_t high, int32x4_t offset) {
  return vcombine_s16(vaddhn_s32(low, offset), vaddhn_s32(high, offset));
}

// Elements in whole vectors of 16, where the shift is at least 16. Returns how many are done.
inline MOTE_SHARED int32_t add(const Add& s, const int8_t* a, const int8_t* b, int8_t* y,
                               int32_t n) {
  const int32x4_t offset = vdupq_n_s32(s.offset);
  const int16x8_t right = vdupq_n_s16(static_cast<int16_t>(16 - s.right));
  const int8x16_t lo = vdupq_n_s8(static_cast<int8_t>(s.lo));
  const int8x16_t hi = vdupq_n_s8(static_cast<int8_t>(s.hi));
  int32_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const int8x16_t a8 = vld1q_s8(a + i), b8 = vld1q_s8(b + i);
    const int16x8_t a16[2] = {vmovl_s8(vget_low_s8(a8)), vmovl_s8(vget_high_s8(a8))};
    const int16x8_t b16[2] = {vmovl_s8(vget_low_s8(b8)), vmovl_s8(vget_high_s8(b8))};
    int16x8_t v[2];
    for (int32_t j = 0; j < 2; ++j) {
      int32x4_t low = vmulq_n_s32(vmovl_s16(vget_low_s16(a16[j])), s.a_mult);
      int32x4_t high = vmulq_n_s32(vmovl_s16(vget_high_s16(a16[j])), s.a_mult);
      low = vmlaq_n_s32(low, vmovl_s16(vget_low_s16(b16[j])), s.b_mult);
      high = vmlaq_n_s32(high, vmovl_s16(vget_high_s16(b16[j])), s.b_mult);
      v[j] = vshlq_s16(high_halves(low, high, offset), right);
    }
    vst1q_s8(y + i, vminq_s8(vmaxq_s8(narrow(v[0], v[1]), lo), hi));
  }
  return i;
}

inline MOTE_SHARED void accumulate(int32_t* sums, const int8_t* x, int32_t n) {
  for (; n >= 8; n -= 8, x += 8, sums += 8) {
    const int16x8_t v = vmovl_s8(vld1_s8(x));
    vst1q_s32(sums, vaddw_s16(vld1q_s32(sums), vget_low_s16(v)));
    vst1q_s32(sums + 4, vaddw_s16(vld1q_s32(sums + 4), vget_high_s16(v)));
  }
  for (; n > 0; --n) *sums++ += *x++;
}

inline MOTE_SHARED void maximum(int8_t* y, const int8_t* x, int32_t n) {
  for (; n >= 16; n -= 16, x += 16, y += 16) vst1q_s8(y, vmaxq_s8(vld1q_s8(y), vld1q_s8(x)));
  if (n >= 8) {
    vst1_s8(y, vmax_s8(vld1_s8(y), vld1_s8(x)));
    n -= 8, x += 8, y += 8;
  }
  for (; n > 0; --n, ++x, ++y) *y = *x > *y ? *x : *y;
}

// Sums in whole vectors of 8, with one multiplier. Returns how many are done.
inline MOTE_SHARED int32_t requantize_row(const Store& s, const int32_t* sums, int32_t mult,
                                          int8_t* y, int32_t n) {
  const int32x4_t halved = vshlq_s32(vdupq_n_s32(mult), s.halving());
  int32_t i = 0;
  for (; i + 8 <= n; i += 8) {
    int32x4_t v[2] = {vld1q_s32(sums + i), vld1q_s32(sums + i + 4)};
    s.shift_sums(v);
    for (auto& sum : v) sum = vqrdmulhq_s32(sum, halved);
    vst1_s8(y + i, s.clamp(vqmovn_s16(s.add_zero_point(narrow(v[0], v[1])))));
  }
  return i;
}

MOTE_INLINE int16x8_t load_s16(const int16_t* p) { return vld1q_s16(p); }
MOTE_INLINE int16x8_t load_s16(const int8_t* p) { return vmovl_s8(vld1_s8(p)); }

// Products of int16 vectors, see ScalarS8::multiply_wide and multiply_rows.
template <class W>
MOTE_SHARED void multiply_wide(const int16_t* x, const W* w, int32_t k, int32_t* sums) {
  int32x4_t acc[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
  for (const int16_t* const end = x + k; x != end; x += 8, w += 8) {
    const int16x8_t v = vld1q_s16(x);
    for (int32_t j = 0; j < 4; ++j) {
      const int16x8_t wj = load_s16(w + j * k);
      acc[j] = vmlal_s16(acc[j], vget_low_s16(v), vget_low_s16(wj));
      acc[j] = vmlal_s16(acc[j], vget_high_s16(v), vget_high_s16(wj));
    }
  }
  for (int32_t j = 0; j < 4; j += 2) {
    const int32x2_t a = vadd_s32(vget_low_s32(acc[j]), vget_high_s32(acc[j]));
    const int32x2_t b = vadd_s32(vget_low_s32(acc[j + 1]), vget_high_s32(acc[j + 1]));
    vst1_s32(sums + j, vpadd_s32(a, b));
  }
}

}  // namespace mote::isa::neon

#endif  // __ARM_NEON
