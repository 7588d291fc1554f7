// The inner loop of dense_halves_s8.h on RV32 without vectors: 2.6 instructions per multiply-add,
// where one by one they take 3 and the loads of inputs.
//
// Inputs are taken four at a time. For two channels 0 and 2 they are multiplied with the word
// (w2 + 128) * 2^16 + w0 + 128 that a mask leaves of four weights as they lie. The sum of four such
// products is s2 * 2^16 + s0 + 128 * (2^16 + 1) * (the four inputs). Less its last part, known for
// all channels, and plus 2^15, it has s2 in its upper half as long as |s0| and |s2| are below 2^15.
// `sum` adds up s2, `both` the words themselves; the sum of s0 is what `both` has beyond `sum`. It
// needs all 28 registers.
#pragma once
#include "../config.h"

#if defined(__riscv) && !defined(__riscv_32e) && defined(__riscv_mul) && __riscv_xlen == 32 && \
    !defined(__riscv_vector) && defined(__OPTIMIZE__)
#define MOTE_ISA_RISCV_HALVES 1

namespace mote::isa {

// clang-format off
// Four channels: an input, and the word W of their weights.
#define MOTE_FIRST(X, W) \
  "lw t2, " W "(a1)\n\tand t5, t2, a2\n\tsrli t2, t2, 8\n\tand t6, t2, a2\n\t" \
  "mul t5, t5, " X "\n\tmul t6, t6, " X "\n\t"
#define MOTE_NEXT(X, W) \
  "lw t2, " W "(a1)\n\tand t3, t2, a2\n\tmul t3, t3, " X "\n\tadd t5, t5, t3\n\t" \
  "srli t2, t2, 8\n\tand t2, t2, a2\n\tmul t2, t2, " X "\n\tadd t6, t6, t2\n\t"
#define MOTE_ADD(P, BOTH, SUM) \
  "add " P ", " P ", t1\n\tadd " BOTH ", " BOTH ", " P "\n\t" \
  "srai " P ", " P ", 16\n\tadd " SUM ", " SUM ", " P "\n\t"
#define MOTE_CHANNELS(W0, W1, W2, W3, BOTH0, SUM0, BOTH1, SUM1) \
  MOTE_FIRST("a3", W0) MOTE_NEXT("a4", W1) MOTE_NEXT("a5", W2) MOTE_NEXT("t0", W3) \
  MOTE_ADD("t5", BOTH0, SUM0) MOTE_ADD("t6", BOTH1, SUM1)

// From sums, the last one from a6, and back, with 2^15 for each group of inputs in a5.
#define MOTE_BEGIN(A, B, C, D, BOTH0, SUM0, BOTH1, SUM1) \
  "lw " BOTH0 ", " A "(t0)\n\tlw " BOTH1 ", " B "(t0)\n\t" \
  "lw " SUM0 ", " C "(t0)\n\tlw " SUM1 ", " D "(t0)\n\t" \
  "slli t2, " SUM0 ", 16\n\tadd " BOTH0 ", " BOTH0 ", t2\n\t" \
  "slli t2, " SUM1 ", 16\n\tadd " BOTH1 ", " BOTH1 ", t2\n\t"
#define MOTE_END(A, B, C, D, BOTH0, SUM0, BOTH1, SUM1) \
  "slli t2, " SUM0 ", 16\n\tsub " BOTH0 ", " BOTH0 ", t2\n\tsub " BOTH0 ", " BOTH0 ", a5\n\t" \
  "slli t2, " SUM1 ", 16\n\tsub " BOTH1 ", " BOTH1 ", t2\n\tsub " BOTH1 ", " BOTH1 ", a5\n\t" \
  "sw " BOTH0 ", " A "(t0)\n\tsw " BOTH1 ", " B "(t0)\n\t" \
  "sw " SUM0 ", " C "(t0)\n\tsw " SUM1 ", " D "(t0)\n\t"
// clang-format on

// sums[j] += sum over l < k of x[l] * (w[16 * l + j] - 128), k a positive multiple of four, for
// weights as above. w is aligned to words.
MOTE_INLINE void multiply_halves(int32_t* sums, const int8_t* x, const uint8_t* w, int32_t k) {
  register const int8_t* from __asm__("a0") = x;
  register const uint8_t* weights __asm__("a1") = w;
  register uint32_t mask __asm__("a2") = 0x00ff00ff;
  register const int8_t* end __asm__("a3") = x + k;
  register int32_t rounding __asm__("a4") = k << 13;
  register int32_t* to __asm__("t0") = sums;
  __asm__ volatile(
      // clang-format off
      "addi sp, sp, -16\n\tsw s0, 0(sp)\n\tsw a3, 4(sp)\n\tsw a4, 8(sp)\n\tsw t0, 12(sp)\n\t"
      MOTE_BEGIN("0", "4", "8", "12", "s0", "s1", "s2", "s3")
      MOTE_BEGIN("16", "20", "24", "28", "s4", "s5", "s6", "s7")
      MOTE_BEGIN("32", "36", "40", "44", "s8", "s9", "s10", "s11")
      MOTE_BEGIN("48", "52", "56", "60", "a6", "a7", "t4", "ra")
      "1:\n\t"
      "lb a3, 0(a0)\n\tlb a4, 1(a0)\n\tlb a5, 2(a0)\n\tlb t0, 3(a0)\n\t"
      "add t1, a3, a4\n\tadd t2, a5, t0\n\tadd t1, t1, t2\n\t"
      "slli t2, t1, 7\n\tslli t1, t1, 23\n\tadd t1, t1, t2\n\tlui t2, 8\n\tsub t1, t2, t1\n\t"
      MOTE_CHANNELS("0", "16", "32", "48", "s0", "s1", "s2", "s3")
      MOTE_CHANNELS("4", "20", "36", "52", "s4", "s5", "s6", "s7")
      MOTE_CHANNELS("8", "24", "40", "56", "s8", "s9", "s10", "s11")
      MOTE_CHANNELS("12", "28", "44", "60", "a6", "a7", "t4", "ra")
      "lw t2, 4(sp)\n\taddi a0, a0, 4\n\taddi a1, a1, 64\n\tbne a0, t2, 1b\n\t"
      "lw a5, 8(sp)\n\tlw t0, 12(sp)\n\t"
      MOTE_END("0", "4", "8", "12", "s0", "s1", "s2", "s3")
      MOTE_END("16", "20", "24", "28", "s4", "s5", "s6", "s7")
      MOTE_END("32", "36", "40", "44", "s8", "s9", "s10", "s11")
      MOTE_END("48", "52", "56", "60", "a6", "a7", "t4", "ra")
      "lw s0, 0(sp)\n\taddi sp, sp, 16"
      // clang-format on
      : "+r"(from), "+r"(weights), "+r"(end), "+r"(rounding), "+r"(to)
      : "r"(mask)
      : "t1", "t2", "t3", "t4", "t5", "t6", "a5", "a6", "a7", "s1", "s2", "s3", "s4", "s5", "s6",
        "s7", "s8", "s9", "s10", "s11", "ra", "memory");
}

#undef MOTE_FIRST
#undef MOTE_NEXT
#undef MOTE_ADD
#undef MOTE_CHANNELS
#undef MOTE_BEGIN
#undef MOTE_END

}  // namespace mote::isa
#else
#define MOTE_ISA_RISCV_HALVES 0
#endif
