// The inner loops of the integer matrix kernels in Helium. They are functions in assembly, shared
// by all layers: eight sums fill every even general register (VMLADAVA takes no others), and
// compilers run out of registers and move them about.
#pragma once
#include "scalar_s8.h"

#if defined(__ARM_FEATURE_MVE)
// Functions that all layers share: not to be copied for the arguments of one, and of assembly
// alone. GCC must not conclude from the empty argument list of the assembly that the arguments are
// unused and no register is changed.
#if defined(__clang__)
#define MOTE_MVE_ASSEMBLY __attribute__((naked, noinline))
#define MOTE_MVE_SHARED __attribute__((noinline))
#else
#define MOTE_MVE_ASSEMBLY __attribute__((naked, noipa))
#define MOTE_MVE_SHARED __attribute__((noinline, noclone))
#endif

namespace mote::isa::mve_gemm {

// Sixteen inputs of two pixels by four channels: 14 instructions of 4 bytes for 128
// multiplications.
#define MOTE_MVE_DOTS           \
  "vldrb.u8 q2, [r7], #16\n\t"  \
  "vmladava.s8 r0, q0, q2\n\t"  \
  "vldrb.u8 q3, [r7], #16\n\t"  \
  "vmladava.s8 r8, q1, q2\n\t"  \
  "vmladava.s8 r2, q0, q3\n\t"  \
  "vldrb.u8 q2, [r7], #16\n\t"  \
  "vmladava.s8 r10, q1, q3\n\t" \
  "vmladava.s8 r4, q0, q2\n\t"  \
  "vldrb.u8 q3, [r7], #16\n\t"  \
  "vmladava.s8 r12, q1, q2\n\t" \
  "vmladava.s8 r6, q0, q3\n\t"  \
  "vmladava.s8 lr, q1, q3\n\t"
#define MOTE_MVE_STEP          \
  "vldrb.u8 q0, [r3], #16\n\t" \
  "vldrb.u8 q1, [r5], #16\n\t" MOTE_MVE_DOTS
constexpr int32_t kUnroll = 4, kStepBytes = 56, kLoopBytes = kUnroll * kStepBytes + 6;

// Saves registers, keeps the arguments in a frame, and makes vectors: q5 and q6 the clamp, q7 where
// the results of two pixels go from y.
#define MOTE_MVE_BEGIN          \
  "push {r4-r11, lr}\n\t"       \
  "vpush {d8-d15}\n\t"          \
  "sub sp, sp, #40\n\t"         \
  "str r2, [sp, #16]\n\t"       \
  "strd r0, r1, [sp, #24]\n\t"  \
  "str r3, [sp, #32]\n\t"       \
  "ldr r4, [sp, #152]\n\t"      \
  "str r4, [sp, #20]\n\t"       \
  "ldrd r4, r5, [sp, #172]\n\t" \
  "vdup.16 q5, r4\n\t"          \
  "vdup.16 q6, r5\n\t"          \
  "ldrd r4, r1, [sp, #180]\n\t" \
  "movs r0, #0\n\t"             \
  "mov r2, #0x00010001\n\t"     \
  "vidup.u32 q7, r0, #1\n\t"    \
  "vmul.i32 q7, q7, r2\n\t"     \
  "vadd.i32 q7, q7, r4\n\t"     \
  "adr r2, 3f\n\t"              \
  "add r1, r1, r2\n\t"          \
  "orr r1, r1, #1\n"
#define MOTE_MVE_BLOCK_BEGIN                                       \
  "vstrw.32 q0, [sp]\n\t"                                          \
  "strd r0, r2, [sp, #140]\n\t"                                    \
  "ldrd r3, r5, [sp, #24]\n\t"                                     \
  "ldr r11, [sp, #32]\n"                                           \
  "2:\n\t"                                                         \
  "ldm sp, {r0, r2, r4, r6, r7, r9}\n\t"                           \
  "ldm sp, {r8, r10, r12, lr}\n\t"                                 \
  "bx r1\n\t"                                                      \
  ".p2align 2\n"                                                   \
  "3:\n\t" MOTE_MVE_STEP MOTE_MVE_STEP MOTE_MVE_STEP MOTE_MVE_STEP \
  "subs r9, r9, #1\n\t"                                            \
  "bne.n 3b\n\t"
// The sums as two vectors.
#define MOTE_MVE_SUMS              \
  "vmov q0[2], q0[0], r0, r4\n\t"  \
  "vmov q0[3], q0[1], r2, r6\n\t"  \
  "vmov q1[2], q1[0], r8, r12\n\t" \
  "vmov q1[3], q1[1], r10, lr\n\t"
#define MOTE_MVE_CONSTANTS      \
  "ldrd r0, r2, [sp, #156]\n\t" \
  "ldrd r4, r6, [sp, #164]\n\t"
#define MOTE_MVE_REQUANTIZE   \
  "vrmulh.s32 q0, q0, q4\n\t" \
  "vrmulh.s32 q1, q1, q4\n\t" \
  "vqmovnb.s32 q0, q0\n\t"    \
  "vqmovnt.s32 q0, q1\n\t"    \
  "vqadd.s16 q0, q0, r0\n\t"  \
  "add r3, r3, r4\n\t"        \
  "add r5, r5, r4\n\t"
#define MOTE_MVE_BLOCK_END \
  "add r11, r11, r2\n\t"   \
  "cmp r3, r6\n\t"         \
  "bne 2b\n\t"             \
  "str r7, [sp, #16]\n\t"  \
  "ldr r0, [sp, #32]\n\t"  \
  "adds r0, r0, #4\n\t"    \
  "str r0, [sp, #32]\n\t"  \
  "ldr r0, [sp, #148]\n\t" \
  "subs r0, r0, #1\n\t"    \
  "str r0, [sp, #148]\n\t" \
  "bne 1b\n\t"             \
  "add sp, sp, #40\n\t"    \
  "vpop {d8-d15}\n\t"      \
  "pop {r4-r11, pc}"

// The tile of two pixels by four channels, for `blocks` blocks of weights, and for each block over
// pixels until x0 is x_end. x0 and x1 are the first two pixels.
MOTE_MVE_ASSEMBLY inline void whole_tiles(const int8_t* /*x0*/, const int8_t* /*x1*/,
                                          const int8_t* /*w*/, int8_t* /*y*/,
                                          const int32_t* /*bias*/, const int32_t* /*mult*/,
                                          int32_t /*blocks*/, int32_t /*loops*/, int32_t /*zp*/,
                                          int32_t /*y_advance*/, int32_t /*x_advance*/,
                                          const int8_t* /*x_end*/, int32_t /*lo*/, int32_t /*hi*/,
                                          int32_t /*y_step << 16*/, int32_t /*entry*/) {
  __asm__ volatile(MOTE_MVE_BEGIN
                   "1:\n\t"
                   "ldrd r0, r2, [sp, #140]\n\t"
                   "vldrw.u32 q0, [r0], #16\n\t"
                   "vldrw.u32 q4, [r2], #16\n\t" MOTE_MVE_BLOCK_BEGIN MOTE_MVE_SUMS
                       MOTE_MVE_CONSTANTS MOTE_MVE_REQUANTIZE
                   "vqmovnb.s16 q0, q0\n\t"
                   "vstrb.16 q0, [r11, q7]\n\t" MOTE_MVE_BLOCK_END ::
                       : "memory");
}

// The same for any number of inputs and channels, and with a shift: 7 instructions more per tile.
// The last inputs, 1 to 16 of them, are read under a predicate.
MOTE_MVE_ASSEMBLY inline void any_tiles(const int8_t* /*x0*/, const int8_t* /*x1*/,
                                        const int8_t* /*w*/, int8_t* /*y*/, const int32_t* /*bias*/,
                                        const int32_t* /*mult*/, int32_t /*blocks*/,
                                        int32_t /*loops*/, int32_t /*zp*/, int32_t /*y_advance*/,
                                        int32_t /*x_advance*/, const int8_t* /*x_end*/,
                                        int32_t /*lo*/, int32_t /*hi*/, int32_t /*y_step << 16*/,
                                        int32_t /*entry*/, int32_t /*shift*/,
                                        int32_t /*2 * channels*/, int32_t /*last inputs*/) {
  __asm__ volatile(MOTE_MVE_BEGIN
                   "1:\n\t"
                   "ldrd r0, r2, [sp, #140]\n\t"
                   "ldr r4, [sp, #192]\n\t"
                   "lsrs r4, r4, #1\n\t"
                   "vctp.32 r4\n\t"
                   "vpstt\n\t"
                   "vldrwt.u32 q0, [r0], #16\n\t"
                   "vldrwt.u32 q4, [r2], #16\n\t" MOTE_MVE_BLOCK_BEGIN
                   "ldr r9, [sp, #196]\n\t"
                   "vctp.8 r9\n\t"
                   "vpstt\n\t"
                   "vldrbt.u8 q0, [r3], #16\n\t"
                   "vldrbt.u8 q1, [r5], #16\n\t" MOTE_MVE_DOTS MOTE_MVE_SUMS MOTE_MVE_CONSTANTS
                   "ldrd r8, r10, [sp, #188]\n\t"
                   "vshl.s32 q0, r8\n\t"
                   "vshl.s32 q1, r8\n\t"
                   "vctp.16 r10\n\t" MOTE_MVE_REQUANTIZE
                   "vmax.s16 q0, q0, q5\n\t"
                   "vmin.s16 q0, q0, q6\n\t"
                   "vpst\n\t"
                   "vstrbt.16 q0, [r11, q7]\n\t"
                   "add r11, r11, r2\n\t"
                   "cmp r3, r6\n\t"
                   "bne 2b\n\t"
                   "subs r10, r10, #8\n\t"
                   "str r10, [sp, #192]\n\t"
                   "str r7, [sp, #16]\n\t"
                   "ldr r0, [sp, #32]\n\t"
                   "adds r0, r0, #4\n\t"
                   "str r0, [sp, #32]\n\t"
                   "ldr r0, [sp, #148]\n\t"
                   "subs r0, r0, #1\n\t"
                   "str r0, [sp, #148]\n\t"
                   "bne 1b\n\t"
                   "add sp, sp, #40\n\t"
                   "vpop {d8-d15}\n\t"
                   "pop {r4-r11, pc}" ::
                       : "memory");
}

// Whole blocks of channels where a pixel has at most sixteen inputs: weights stay in q4 to q7, and
// a tile takes 30 instructions instead of 49.
MOTE_MVE_ASSEMBLY inline void short_tiles(const int8_t* /*x0*/, const int8_t* /*x1*/,
                                          const int8_t* /*w*/, int8_t* /*y*/,
                                          const int32_t* /*bias*/, const int32_t* /*mult*/,
                                          int32_t /*blocks*/, int32_t /*inputs*/, int32_t /*zp*/,
                                          int32_t /*y_advance*/, int32_t /*x_advance*/,
                                          const int8_t* /*x_end*/, int32_t /*y_step << 16*/) {
  // In the frame: biases, x_end; arguments from 120 on.
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "vpush {d8-d15}\n\t"
      "sub sp, sp, #36\n\t"
      "strd r0, r1, [sp, #16]\n\t"
      "strd r2, r3, [sp, #24]\n\t"
      "movs r0, #0\n\t"
      "mov r2, #0x00010001\n\t"
      "ldr r4, [sp, #168]\n\t"
      "vidup.u32 q3, r0, #1\n\t"
      "ldr r5, [sp, #148]\n\t"
      "vmul.i32 q3, q3, r2\n\t"
      "ldrd r7, r1, [sp, #152]\n\t"
      "vadd.i32 q3, q3, r4\n\t"
      "ldr r9, [sp, #160]\n\t"
      "vctp.8 r5\n"
      "1:\n\t"
      "ldrd r0, r2, [sp, #136]\n\t"
      "ldrd r4, r11, [sp, #24]\n\t"
      "vldrw.u32 q0, [r0], #16\n\t"
      "vldrw.u32 q2, [r2], #16\n\t"
      "vldrb.u8 q4, [r4], #16\n\t"
      "vldrb.u8 q5, [r4], #16\n\t"
      "vldrb.u8 q6, [r4], #16\n\t"
      "vldrb.u8 q7, [r4], #16\n\t"
      "vstrw.32 q0, [sp]\n\t"
      "strd r0, r2, [sp, #136]\n\t"
      "add r6, r11, #4\n\t"
      "strd r4, r6, [sp, #24]\n\t"
      "ldrd r3, r5, [sp, #16]\n"
      "2:\n\t"
      "vpstt\n\t"
      "vldrbt.u8 q0, [r3]\n\t"
      "vldrbt.u8 q1, [r5]\n\t"
      "ldm sp, {r0, r2, r4, r6}\n\t"
      "vmladava.s8 r0, q0, q4\n\t"
      "ldm sp, {r8, r10, r12, lr}\n\t"
      "vmladava.s8 r2, q0, q5\n\t"
      "vmladava.s8 r4, q0, q6\n\t"
      "vmladava.s8 r6, q0, q7\n\t"
      "vmladava.s8 r8, q1, q4\n\t"
      "vmladava.s8 r10, q1, q5\n\t"
      "vmladava.s8 r12, q1, q6\n\t"
      "vmladava.s8 lr, q1, q7\n\t" MOTE_MVE_SUMS
      "ldr r0, [sp, #164]\n\t"
      "add r3, r3, r9\n\t"
      "vrmulh.s32 q0, q0, q2\n\t"
      "vrmulh.s32 q1, q1, q2\n\t"
      "add r5, r5, r9\n\t"
      "vqmovnb.s32 q0, q0\n\t"
      "vqmovnt.s32 q0, q1\n\t"
      "cmp r3, r0\n\t"
      "vqadd.s16 q0, q0, r7\n\t"
      "vqmovnb.s16 q0, q0\n\t"
      "vstrb.16 q0, [r11, q3]\n\t"
      "add r11, r11, r1\n\t"
      "bne 2b\n\t"
      "ldr r0, [sp, #144]\n\t"
      "subs r0, r0, #1\n\t"
      "str r0, [sp, #144]\n\t"
      "bne 1b\n\t"
      "add sp, sp, #36\n\t"
      "vpop {d8-d15}\n\t"
      "pop {r4-r11, pc}" ::
          : "memory");
}

// Results of two pixels are stored at offsets of 16 bits.
constexpr int32_t kMaxStep = 65532;

// What the products of one layer share: k inputs times n channels, and how results are stored.
struct Matrix {
  const int8_t* w;
  const int32_t *bias, *mult;
  int32_t k, n, y_step;
  int32_t zp, lo, hi, shift;
};
template <class S>
MOTE_INLINE Matrix matrix(const S& s, const int8_t* w, const int32_t* bias, const int32_t* mult,
                          int32_t k, int32_t n, int32_t y_step) {
  return {w, bias, mult, k, n, y_step, s.zp, s.lo, s.hi, s.shift};
}

// Whether saturation to int8 is all that follows the multiplication by `mult`.
template <class S>
constexpr bool saturates(const S& s) {
  return s.lo == -128 && s.hi == 127 && s.shift == 0;
}
template <class S>
constexpr bool is_whole(const S& s, int32_t k, int32_t n) {
  return k % 16 == 0 && n % 4 == 0 && saturates(s);
}

// `m` pixels, an even number, x_step apart; or one pixel as two, with steps of 0.
template <bool kWhole>
MOTE_INLINE void multiply_pairs(const Matrix& g, const int8_t* x, int32_t x_step, int32_t m,
                                int8_t* y, int32_t y_step) {
  const int8_t *x1 = x + x_step, *x_end = x + m * x_step;
  const int32_t blocks = (g.n + 3) / 4;
  if (g.k <= 16 && g.n % 4 == 0 && (kWhole || saturates(g))) {
    short_tiles(x, x1, g.w, y, g.bias, g.mult, blocks, g.k, g.zp, 2 * y_step, 2 * x_step, x_end,
                y_step << 16);
    return;
  }
  const int32_t steps = kWhole ? g.k / 16 : (g.k - 1) / 16;
  const int32_t loops = (steps + kUnroll - 1) / kUnroll;
  const int32_t entry = steps == 0 ? kLoopBytes : (loops * kUnroll - steps) * kStepBytes;
  const int32_t advance = 2 * x_step - (g.k + 15) / 16 * 16;
  if constexpr (kWhole) {
    whole_tiles(x, x1, g.w, y, g.bias, g.mult, blocks, loops, g.zp, 2 * y_step, advance, x_end,
                g.lo, g.hi, y_step << 16, entry);
  } else {
    any_tiles(x, x1, g.w, y, g.bias, g.mult, blocks, loops, g.zp, 2 * y_step, advance, x_end, g.lo,
              g.hi, y_step << 16, entry, g.shift, 2 * g.n, g.k - steps * 16);
  }
}

template <bool kWhole>
MOTE_INLINE void multiply(const Matrix& g, const int8_t* x, int32_t x_step, int32_t m, int8_t* y) {
  if (m > 1) multiply_pairs<kWhole>(g, x, x_step, m & ~1, y, g.y_step);
  if (m % 2 != 0) {
    const int32_t last = m - 1;
    multiply_pairs<kWhole>(g, x + last * x_step, 0, 2, y + last * g.y_step, 0);
  }
}

}  // namespace mote::isa::mve_gemm
#endif
