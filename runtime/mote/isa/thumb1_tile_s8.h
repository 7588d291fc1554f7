// The inner loop of the matrix kernel on Cortex-M0 and M0+ (Armv6-M): eight low registers, where
// a multiplication destroys an operand and signed bytes are loaded with offsets in registers. r4
// to r7 hold the offsets 0 to 3, of inputs as well as of weights; the sums are in high registers,
// which an addition may name: 3.7 instructions per multiplication.
#pragma once
#include "../config.h"

#if defined(__thumb__) && !defined(__thumb2__) && defined(__ARM_ARCH_PROFILE) && \
    __ARM_ARCH_PROFILE == 'M' && defined(__OPTIMIZE__)
#define MOTE_ISA_THUMB1_TILE 1

namespace mote::isa {

// clang-format off
#define MOTE_MAC(OFFSET, SUM) \
  "ldrsb r3, [r1, " OFFSET "]\n\tmuls r3, r2, r3\n\tadd " SUM ", " SUM ", r3\n\t"
#define MOTE_STEP(OFFSET) \
  "ldrsb r2, [r0, " OFFSET "]\n\t" \
  MOTE_MAC("r4", "r8") MOTE_MAC("r5", "r9") MOTE_MAC("r6", "r10") MOTE_MAC("r7", "r11") \
  "adds r1, r1, #4\n\t"
// clang-format on

// sums[j] = bias[j] + sum over l < k of x[l] * w[4 * l + j], j < 4.
MOTE_INLINE void thumb1_tile(int32_t* sums, const int32_t* bias, const int8_t* x, const int8_t* w,
                             int32_t k) {
  register const int8_t* x0 __asm__("r0") = x;
  register const int8_t* weights __asm__("r1") = w;
  register const int8_t* fours __asm__("r2") = x + (k & ~3);
  register const int8_t* end __asm__("r3") = x + k;
  register int32_t* to __asm__("r4") = sums;
  register const int32_t* from __asm__("r5") = bias;
  __asm__ volatile(
      ".syntax unified\n\t"
      "push {r3, r4, r7}\n\t"  // r7 may be the frame pointer: no clobber

      "mov r12, r2\n\t"
      "ldm r5!, {r2, r3, r6, r7}\n\t"
      "mov r8, r2\n\tmov r9, r3\n\tmov r10, r6\n\tmov r11, r7\n\t"
      "movs r4, #0\n\tmovs r5, #1\n\tmovs r6, #2\n\tmovs r7, #3\n\t"
      "b 2f\n"
      "1:\n\t"
      // clang-format off
      MOTE_STEP("r4") MOTE_STEP("r5") MOTE_STEP("r6") MOTE_STEP("r7")
      "adds r0, r0, #4\n"
      "2:\n\t"
      "cmp r0, r12\n\tbne 1b\n\t"
      "b 4f\n"
      "3:\n\t"
      MOTE_STEP("r4")
      "adds r0, r0, #1\n"
      "4:\n\t"
      // clang-format on
      "ldr r3, [sp]\n\tcmp r0, r3\n\tbne 3b\n\t"
      "pop {r3, r4, r7}\n\t"
      "mov r0, r8\n\tmov r1, r9\n\tmov r2, r10\n\tmov r3, r11\n\t"
      "stm r4!, {r0, r1, r2, r3}"
      : "+r"(x0), "+r"(weights), "+r"(fours), "+r"(end), "+r"(to), "+r"(from)
      :
      : "r6", "r8", "r9", "r10", "r11", "r12", "cc", "memory");
}

// multiply_high() of requant.h, from halves: 16 instructions, where compilers take 30 for the same
// sums and call __muldi3, 60 of them, for the plain expression. `m` is even, so that half its lower
// half is exact; then every sum fits 32 bits. The last shift leaves in the carry what rounds half
// up.
MOTE_INLINE int32_t thumb1_multiply_high(int32_t a, int32_t m) {
  int32_t middle, m_low, product;
  __asm__(
      ".syntax unified\n\t"
      "uxth %2, %0\n\t"
      "asrs %0, %0, #16\n\t"
      "uxth %3, %1\n\t"
      "lsrs %1, %1, #16\n\t"
      "movs %4, %2\n\t"
      "muls %4, %3, %4\n\t"  // low * m_low
      "muls %2, %1, %2\n\t"  // low * m_high
      "lsrs %4, %4, #16\n\t"
      "adds %2, %2, %4\n\t"
      "lsrs %2, %2, #1\n\t"
      "lsrs %3, %3, #1\n\t"
      "muls %1, %0, %1\n\t"  // high * m_high
      "muls %3, %0, %3\n\t"  // high * m_low / 2
      "adds %2, %2, %3\n\t"
      "asrs %2, %2, #15\n\t"
      "adcs %2, %2, %1"
      : "+&l"(a), "+&l"(m), "=&l"(middle), "=&l"(m_low), "=&l"(product)
      :
      : "cc");
  return middle;
}

}  // namespace mote::isa
#else
#define MOTE_ISA_THUMB1_TILE 0
#endif
