// Copies, sums and other elementwise loops in Helium. Every one is a tail-predicated loop: the core
// counts elements and masks the last vector. GCC 12 does not form such loops, hence the assembly.
// Loads that widen and stores that narrow take their address from a low register ("l").
#pragma once
#include "scalar_s8.h"

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>

namespace mote::isa::mve_elementwise {

MOTE_INLINE void copy(int8_t* to, const int8_t* from, int32_t n) {
  __asm__ volatile(
      "wlstp.8 lr, %2, 2f\n"
      "1:\n\t"
      "vldrb.u8 q0, [%1], #16\n\t"
      "vstrb.8 q0, [%0], #16\n\t"
      "letp lr, 1b\n"
      "2:"
      : "+r"(to), "+r"(from)
      : "r"(n)
      : "lr", "q0", "memory");
}

MOTE_INLINE void fill(int8_t* to, int32_t value, int32_t n) {
  __asm__ volatile(
      "vdup.8 q0, %1\n\t"
      "wlstp.8 lr, %2, 2f\n"
      "1:\n\t"
      "vstrb.8 q0, [%0], #16\n\t"
      "letp lr, 1b\n"
      "2:"
      : "+r"(to)
      : "r"(value), "r"(n)
      : "lr", "q0", "memory");
}

// y = clamp((a * a_mult + b * b_mult + offset) >> right). Three operands are vectors, here and in
// requantize_row, so that the general ones fit where a frame pointer takes a register.
__attribute__((noinline)) inline void add(const int8_t* a, const int8_t* b, int8_t* y, int32_t n,
                                          int32_t a_mult, int32_t b_mult, int32_t offset,
                                          int32_t right, int32_t lo, int32_t hi) {
  const int32x4_t a_mults = vdupq_n_s32(a_mult), lows = vdupq_n_s32(lo), highs = vdupq_n_s32(hi);
  __asm__ volatile(
      "wlstp.32 lr, %6, 2f\n"
      "1:\n\t"
      "vldrb.s32 q0, [%0], #4\n\t"
      "vldrb.s32 q1, [%1], #4\n\t"
      "vmlas.s32 q0, %q3, %8\n\t"
      "vmla.s32 q0, q1, %7\n\t"
      "vshl.s32 q0, %9\n\t"
      "vmax.s32 q0, q0, %q4\n\t"
      "vmin.s32 q0, q0, %q5\n\t"
      "vstrb.32 q0, [%2], #4\n\t"
      "letp lr, 1b\n"
      "2:"
      : "+l"(a), "+l"(b), "+l"(y)
      : "w"(a_mults), "w"(lows), "w"(highs), "r"(n), "r"(b_mult), "r"(offset), "r"(-right)
      : "lr", "q0", "q1", "memory");
}

// sums += x.
MOTE_INLINE void accumulate(int32_t* sums, const int8_t* x, int32_t n) {
  __asm__ volatile(
      "wlstp.32 lr, %2, 2f\n"
      "1:\n\t"
      "vldrb.s32 q0, [%1], #4\n\t"
      "vldrw.u32 q1, [%0]\n\t"
      "vadd.i32 q1, q1, q0\n\t"
      "vstrw.32 q1, [%0], #16\n\t"
      "letp lr, 1b\n"
      "2:"
      : "+r"(sums), "+l"(x)
      : "r"(n)
      : "lr", "q0", "q1", "memory");
}

// y = max(y, x).
MOTE_INLINE void maximum(int8_t* y, const int8_t* x, int32_t n) {
  __asm__ volatile(
      "wlstp.8 lr, %2, 2f\n"
      "1:\n\t"
      "vldrb.u8 q0, [%1], #16\n\t"
      "vldrb.u8 q1, [%0]\n\t"
      "vmax.s8 q1, q1, q0\n\t"
      "vstrb.8 q1, [%0], #16\n\t"
      "letp lr, 1b\n"
      "2:"
      : "+r"(y), "+r"(x)
      : "r"(n)
      : "lr", "q0", "q1", "memory");
}

// y = requantize(sums) with one multiplier.
__attribute__((noinline)) inline void requantize_row(const int32_t* sums, int32_t mult, int8_t* y,
                                                     int32_t n, int32_t shift, int32_t zp,
                                                     int32_t lo, int32_t hi) {
  // Three operands are vectors, so that the general ones fit where a frame pointer takes a
  // register.
  const int32x4_t mults = vdupq_n_s32(mult), lows = vdupq_n_s32(lo), highs = vdupq_n_s32(hi);
  __asm__ volatile(
      "wlstp.32 lr, %5, 2f\n"
      "1:\n\t"
      "vldrw.u32 q0, [%0], #16\n\t"
      "vshl.s32 q0, %6\n\t"
      "vrmulh.s32 q0, q0, %q2\n\t"
      "vadd.i32 q0, q0, %7\n\t"
      "vmax.s32 q0, q0, %q3\n\t"
      "vmin.s32 q0, q0, %q4\n\t"
      "vstrb.32 q0, [%1], #4\n\t"
      "letp lr, 1b\n"
      "2:"
      : "+r"(sums), "+l"(y)
      : "w"(mults), "w"(lows), "w"(highs), "r"(n), "r"(shift), "r"(zp)
      : "lr", "q0", "memory");
}

MOTE_INLINE int16x8_t load_s16(const int16_t* p) { return vld1q_s16(p); }
MOTE_INLINE int16x8_t load_s16(const int8_t* p) { return vldrbq_s16(p); }

// Products of int16 vectors, see ScalarS8::multiply_wide and multiply_rows.
template <class W>
__attribute__((noinline)) void multiply_wide(const int16_t* x, const W* w, int32_t k,
                                             int32_t* sums) {
  const W *w1 = w + k, *w2 = w1 + k, *w3 = w2 + k;
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (const int16_t* const end = x + k; x != end; x += 8, w += 8, w1 += 8, w2 += 8, w3 += 8) {
    const int16x8_t v = vld1q_s16(x);
    s0 = vmladavaq_s16(s0, v, load_s16(w)), s1 = vmladavaq_s16(s1, v, load_s16(w1));
    s2 = vmladavaq_s16(s2, v, load_s16(w2)), s3 = vmladavaq_s16(s3, v, load_s16(w3));
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

// Two of them in 64 bits, see ScalarS8::multiply_long.
__attribute__((noinline)) inline void multiply_long(const int16_t* x, const int16_t* w, int32_t k,
                                                    int64_t* sums) {
  const int16_t* v = w + k;
  int64_t s0 = 0, s1 = 0;
  for (const int16_t* const end = x + k; x != end; x += 8, w += 8, v += 8) {
    const int16x8_t a = vld1q_s16(x);
    s0 = vmlaldavaq_s16(s0, a, vld1q_s16(w)), s1 = vmlaldavaq_s16(s1, a, vld1q_s16(v));
  }
  sums[0] = s0, sums[1] = s1;
}

MOTE_INLINE int32_t bits_of(float x) {
  int32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

#if __ARM_FEATURE_MVE & 2
// quantize_one() of quantize.h: of NaN and a number VMAXNM takes the number.
__attribute__((noinline)) inline void quantize(const float* x, int8_t* y, int32_t n,
                                               float reciprocal, int32_t zp, int32_t lo,
                                               int32_t hi) {
  const float32x4_t lows = vdupq_n_f32(static_cast<float>(lo - zp));
  const float32x4_t highs = vdupq_n_f32(static_cast<float>(hi - zp));
  __asm__ volatile(
      "wlstp.32 lr, %4, 2f\n"
      "1:\n\t"
      "vldrw.u32 q0, [%0], #16\n\t"
      "vmul.f32 q0, q0, %5\n\t"
      "vmaxnm.f32 q0, q0, %q2\n\t"
      "vminnm.f32 q0, q0, %q3\n\t"
      "vcvtn.s32.f32 q0, q0\n\t"
      "vadd.i32 q0, q0, %6\n\t"
      "vstrb.32 q0, [%1], #4\n\t"
      "letp lr, 1b\n"
      "2:"
      : "+r"(x), "+l"(y)
      : "w"(lows), "w"(highs), "r"(n), "r"(bits_of(reciprocal)), "r"(zp)
      : "lr", "q0", "memory");
}

// y = (x - zp) * scale.
__attribute__((noinline)) inline void dequantize(const int8_t* x, float* y, int32_t n, float scale,
                                                 int32_t zp) {
  __asm__ volatile(
      "wlstp.32 lr, %2, 2f\n"
      "1:\n\t"
      "vldrb.s32 q0, [%0], #4\n\t"
      "vsub.i32 q0, q0, %4\n\t"
      "vcvt.f32.s32 q0, q0\n\t"
      "vmul.f32 q0, q0, %3\n\t"
      "vstrw.32 q0, [%1], #16\n\t"
      "letp lr, 1b\n"
      "2:"
      : "+l"(x), "+r"(y)
      : "r"(n), "r"(bits_of(scale)), "r"(zp)
      : "lr", "q0", "memory");
}
#endif

}  // namespace mote::isa::mve_elementwise
#endif
