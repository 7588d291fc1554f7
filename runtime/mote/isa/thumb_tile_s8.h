// The inner loops of the matrix kernel on Cortex-M3 (Armv7-M without DSP instructions), which need
// all 14 registers: at -Os compilers take twice the instructions. A step of four k is unrolled, its
// first loads update the pointers: 1.84 instructions per multiplication for 2 pixels x 4 channels.
// The frame pointer r7 may not be named as clobbered: it is saved here.
#pragma once
#include "../config.h"

#if defined(__thumb2__) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && \
    defined(__OPTIMIZE__)
#define MOTE_ISA_THUMB_TILE 1

namespace mote::isa {

// clang-format off
#define MOTE_STEP_2X4(X0, X1, W0, W1, W2, W3) \
  "ldrsb r12, " X0 "\n\tldrsb lr, " X1 "\n\t" \
  "ldrsb r3, " W0 "\n\tmla r4, r12, r3, r4\n\tmla r5, lr, r3, r5\n\t" \
  "ldrsb r3, " W1 "\n\tmla r6, r12, r3, r6\n\tmla r7, lr, r3, r7\n\t" \
  "ldrsb r3, " W2 "\n\tmla r8, r12, r3, r8\n\tmla r9, lr, r3, r9\n\t" \
  "ldrsb r3, " W3 "\n\tmla r10, r12, r3, r10\n\tmla r11, lr, r3, r11\n\t"

#define MOTE_STEP_1X8(X, V0, V1, V2, V3, W0, W1, W2, W3) \
  "ldrsb r12, " X "\n\t" \
  "ldrsb r3, " V0 "\n\tldrsb lr, " V1 "\n\tmla r4, r12, r3, r4\n\tmla r5, r12, lr, r5\n\t" \
  "ldrsb r3, " V2 "\n\tldrsb lr, " V3 "\n\tmla r6, r12, r3, r6\n\tmla r7, r12, lr, r7\n\t" \
  "ldrsb r3, " W0 "\n\tldrsb lr, " W1 "\n\tmla r8, r12, r3, r8\n\tmla r9, r12, lr, r9\n\t" \
  "ldrsb r3, " W2 "\n\tldrsb lr, " W3 "\n\tmla r10, r12, r3, r10\n\tmla r11, r12, lr, r11\n\t"
#define MOTE_FOUR_STEPS_2X4 \
  MOTE_STEP_2X4("[r0], #4", "[r1], #4", "[r2], #16", "[r2, #-15]", "[r2, #-14]", "[r2, #-13]") \
  MOTE_STEP_2X4("[r0, #-3]", "[r1, #-3]", "[r2, #-12]", "[r2, #-11]", "[r2, #-10]", "[r2, #-9]") \
  MOTE_STEP_2X4("[r0, #-2]", "[r1, #-2]", "[r2, #-8]", "[r2, #-7]", "[r2, #-6]", "[r2, #-5]") \
  MOTE_STEP_2X4("[r0, #-1]", "[r1, #-1]", "[r2, #-4]", "[r2, #-3]", "[r2, #-2]", "[r2, #-1]")
// clang-format on

// sums[j][i] = bias[j] + sum over l < k of x[i * x_step + l] * w[4 * l + j].
MOTE_INLINE void thumb_tile(int32_t (&sums)[4][2], const int32_t* bias, const int8_t* x,
                            int32_t x_step, const int8_t* w, int32_t k) {
  register const int8_t* x0 __asm__("r0") = x;
  register const int8_t* x1 __asm__("r1") = x + x_step;
  register const int8_t* weights __asm__("r2") = w;
  register int32_t* to __asm__("r3") = &sums[0][0];
  register const int32_t* from __asm__("r4") = bias;
  register const int8_t* fours __asm__("r5") = x + (k & ~3);
  register const int8_t* end __asm__("r6") = x + k;
  __asm__ volatile(
      "push {r3, r5, r6, r7}\n\t"
      "ldm r4, {r4, r6, r8, r10}\n\t"
      "mov r5, r4\n\tmov r7, r6\n\tmov r9, r8\n\tmov r11, r10\n\t"
      "b 2f\n"
      "1:\n\t"
      // clang-format off
      MOTE_FOUR_STEPS_2X4
      "2:\n\t"
      "ldr r3, [sp, #4]\n\tcmp r0, r3\n\tbne 1b\n\t"
      "b 4f\n"
      "3:\n\t"
      MOTE_STEP_2X4("[r0], #1", "[r1], #1", "[r2], #4", "[r2, #-3]", "[r2, #-2]", "[r2, #-1]")
      "4:\n\t"
      "ldr r3, [sp, #8]\n\tcmp r0, r3\n\tbne 3b\n\t"
      // clang-format on
      "ldr r3, [sp]\n\t"
      "stm r3, {r4-r11}\n\t"
      "ldr r7, [sp, #12]\n\tadd sp, sp, #16"
      : "+r"(x0), "+r"(x1), "+r"(weights), "+r"(to), "+r"(from), "+r"(fours), "+r"(end)
      :
      : "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

// sums[j] = bias[j] + sum over l < k of x[l] * w(l, j), j < 8: two blocks of four channels.
MOTE_INLINE void thumb_row(int32_t* sums, const int32_t* bias, const int8_t* x, const int8_t* w,
                           int32_t k) {
  register const int8_t* x0 __asm__("r0") = x;
  register const int8_t* first __asm__("r1") = w;
  register const int8_t* second __asm__("r2") = w + 4 * k;
  register int32_t* to __asm__("r3") = sums;
  register const int32_t* from __asm__("r4") = bias;
  register const int8_t* fours __asm__("r5") = x + (k & ~3);
  register const int8_t* end __asm__("r6") = x + k;
  __asm__ volatile(
      "push {r3, r5, r6, r7}\n\t"
      "ldm r4, {r4-r11}\n\t"
      "b 2f\n"
      "1:\n\t"
      // clang-format off
      MOTE_STEP_1X8("[r0], #4", "[r1], #16", "[r1, #-15]", "[r1, #-14]", "[r1, #-13]",
                    "[r2], #16", "[r2, #-15]", "[r2, #-14]", "[r2, #-13]")
      MOTE_STEP_1X8("[r0, #-3]", "[r1, #-12]", "[r1, #-11]", "[r1, #-10]", "[r1, #-9]",
                    "[r2, #-12]", "[r2, #-11]", "[r2, #-10]", "[r2, #-9]")
      MOTE_STEP_1X8("[r0, #-2]", "[r1, #-8]", "[r1, #-7]", "[r1, #-6]", "[r1, #-5]",
                    "[r2, #-8]", "[r2, #-7]", "[r2, #-6]", "[r2, #-5]")
      MOTE_STEP_1X8("[r0, #-1]", "[r1, #-4]", "[r1, #-3]", "[r1, #-2]", "[r1, #-1]",
                    "[r2, #-4]", "[r2, #-3]", "[r2, #-2]", "[r2, #-1]")
      "2:\n\t"
      "ldr r3, [sp, #4]\n\tcmp r0, r3\n\tbne 1b\n\t"
      "b 4f\n"
      "3:\n\t"
      MOTE_STEP_1X8("[r0], #1", "[r1], #4", "[r1, #-3]", "[r1, #-2]", "[r1, #-1]",
                    "[r2], #4", "[r2, #-3]", "[r2, #-2]", "[r2, #-1]")
      "4:\n\t"
      "ldr r3, [sp, #8]\n\tcmp r0, r3\n\tbne 3b\n\t"
      // clang-format on
      "ldr r3, [sp]\n\t"
      "stm r3, {r4-r11}\n\t"
      "ldr r7, [sp, #12]\n\tadd sp, sp, #16"
      : "+r"(x0), "+r"(first), "+r"(second), "+r"(to), "+r"(from), "+r"(fours), "+r"(end)
      :
      : "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#undef MOTE_STEP_1X8

}  // namespace mote::isa
#else
#define MOTE_ISA_THUMB_TILE 0
#endif
