// The inner loop of the matrix kernel on RV32 and RV64 without vectors, where compilers spill. It
// needs all 28 registers: 16 sums, 4 inputs, a weight and a product, and pointers. The frame
// pointer s0 may not be named as clobbered: it is saved here.
#pragma once
#include "../config.h"

#if defined(__riscv) && !defined(__riscv_32e) && defined(__riscv_mul) && defined(__OPTIMIZE__)
#define MOTE_ISA_RISCV_TILE 1

namespace mote::isa {

// clang-format off
#define MOTE_MAC4(X0, X1, X2, X3, W0, W1, W2, W3, A0, A1, A2, A3) \
  "mul t6, " X0 ", " W0 "\n\tadd " A0 ", " A0 ", t6\n\t" \
  "mul t6, " X1 ", " W1 "\n\tadd " A1 ", " A1 ", t6\n\t" \
  "mul t6, " X2 ", " W2 "\n\tadd " A2 ", " A2 ", t6\n\t" \
  "mul t6, " X3 ", " W3 "\n\tadd " A3 ", " A3 ", t6\n\t"

// One channel of four pixels.
#define MOTE_CHANNEL(W, A0, A1, A2, A3) \
  "lb t5, " W "(a4)\n\t" \
  MOTE_MAC4("t0", "t1", "t2", "t3", "t5", "t5", "t5", "t5", A0, A1, A2, A3)
#define MOTE_STEP_4X4(K, W0, W1, W2, W3) \
  "lb t0, " K "(a0)\n\tlb t1, " K "(a1)\n\tlb t2, " K "(a2)\n\tlb t3, " K "(a3)\n\t" \
  MOTE_CHANNEL(W0, "s0", "s1", "s2", "s3") \
  MOTE_CHANNEL(W1, "s4", "s5", "s6", "s7") \
  MOTE_CHANNEL(W2, "s8", "s9", "s10", "s11") \
  MOTE_CHANNEL(W3, "a6", "a7", "t4", "ra")

// Four channels of one pixel.
#define MOTE_BLOCK(P, W0, W1, W2, W3, A0, A1, A2, A3) \
  "lb t1, " W0 "(" P ")\n\tlb t2, " W1 "(" P ")\n\t" \
  "lb t3, " W2 "(" P ")\n\tlb t5, " W3 "(" P ")\n\t" \
  MOTE_MAC4("t0", "t0", "t0", "t0", "t1", "t2", "t3", "t5", A0, A1, A2, A3)
#define MOTE_STEP_1X16(K, W0, W1, W2, W3) \
  "lb t0, " K "(a0)\n\t" \
  MOTE_BLOCK("a1", W0, W1, W2, W3, "s0", "s1", "s2", "s3") \
  MOTE_BLOCK("a2", W0, W1, W2, W3, "s4", "s5", "s6", "s7") \
  MOTE_BLOCK("a3", W0, W1, W2, W3, "s8", "s9", "s10", "s11") \
  MOTE_BLOCK("a4", W0, W1, W2, W3, "a6", "a7", "t4", "ra")

#if __riscv_xlen == 32
#define MOTE_PUSH "addi sp, sp, -16\n\tsw a6, 0(sp)\n\tsw s0, 4(sp)\n\t"
#define MOTE_LOAD_T5 "lw t5, 0(sp)\n\t"
#define MOTE_POP "lw s0, 4(sp)\n\taddi sp, sp, 16"
#else
#define MOTE_PUSH "addi sp, sp, -16\n\tsd a6, 0(sp)\n\tsd s0, 8(sp)\n\t"
#define MOTE_LOAD_T5 "ld t5, 0(sp)\n\t"
#define MOTE_POP "ld s0, 8(sp)\n\taddi sp, sp, 16"
#endif
#define MOTE_STORE_SUMS \
  "sw s0, 0(t5)\n\tsw s1, 4(t5)\n\tsw s2, 8(t5)\n\tsw s3, 12(t5)\n\t" \
  "sw s4, 16(t5)\n\tsw s5, 20(t5)\n\tsw s6, 24(t5)\n\tsw s7, 28(t5)\n\t" \
  "sw s8, 32(t5)\n\tsw s9, 36(t5)\n\tsw s10, 40(t5)\n\tsw s11, 44(t5)\n\t" \
  "sw a6, 48(t5)\n\tsw a7, 52(t5)\n\tsw t4, 56(t5)\n\tsw ra, 60(t5)\n\t"
#define MOTE_CLOBBERS \
  "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", \
      "s9", "s10", "s11", "ra", "memory"
// clang-format on

// sums[j][i] = bias[j] + sum over l < k of x[i * x_step + l] * w[4 * l + j].
MOTE_INLINE void riscv_tile(int32_t (&sums)[4][4], const int32_t* bias, const int8_t* x,
                            int32_t x_step, const int8_t* w, int32_t k) {
  register const int8_t* x0 __asm__("a0") = x;
  register const int8_t* x1 __asm__("a1") = x + x_step;
  register const int8_t* x2 __asm__("a2") = x + 2 * x_step;
  register const int8_t* x3 __asm__("a3") = x + 3 * x_step;
  register const int8_t* weights __asm__("a4") = w;
  register const int8_t* end __asm__("a5") = x + k;
  register int32_t* to __asm__("a6") = &sums[0][0];
  register const int32_t* from __asm__("a7") = bias;
  __asm__ volatile(
      // clang-format off
      MOTE_PUSH
      "lw s0, 0(a7)\n\tlw s4, 4(a7)\n\tlw s8, 8(a7)\n\tlw a6, 12(a7)\n\t"
      "mv s1, s0\n\tmv s2, s0\n\tmv s3, s0\n\t"
      "mv s5, s4\n\tmv s6, s4\n\tmv s7, s4\n\t"
      "mv s9, s8\n\tmv s10, s8\n\tmv s11, s8\n\t"
      "mv a7, a6\n\tmv t4, a6\n\tmv ra, a6\n\t"
      "j 2f\n"
      "1:\n\t"
      MOTE_STEP_4X4("0", "0", "1", "2", "3")
      MOTE_STEP_4X4("1", "4", "5", "6", "7")
      MOTE_STEP_4X4("2", "8", "9", "10", "11")
      MOTE_STEP_4X4("3", "12", "13", "14", "15")
      "addi a0, a0, 4\n\taddi a1, a1, 4\n\taddi a2, a2, 4\n\taddi a3, a3, 4\n\t"
      "addi a4, a4, 16\n"
      "2:\n\t"
      "addi t6, a5, -3\n\t"
      "bltu a0, t6, 1b\n\t"
      "j 4f\n"
      "3:\n\t"
      MOTE_STEP_4X4("0", "0", "1", "2", "3")
      "addi a0, a0, 1\n\taddi a1, a1, 1\n\taddi a2, a2, 1\n\taddi a3, a3, 1\n\t"
      "addi a4, a4, 4\n"
      "4:\n\t"
      "bltu a0, a5, 3b\n\t"
      MOTE_LOAD_T5 MOTE_STORE_SUMS MOTE_POP
      // clang-format on
      : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(weights), "+r"(end), "+r"(to), "+r"(from)
      :
      : MOTE_CLOBBERS);
}

// sums[j] = bias[j] + sum over l < k of x[l] * w(l, j), j < 16: four blocks of four channels.
MOTE_INLINE void riscv_row(int32_t* sums, const int32_t* bias, const int8_t* x, const int8_t* w,
                           int32_t k) {
  register const int8_t* x0 __asm__("a0") = x;
  register const int8_t* w0 __asm__("a1") = w;
  register const int8_t* w1 __asm__("a2") = w + 4 * k;
  register const int8_t* w2 __asm__("a3") = w + 8 * k;
  register const int8_t* w3 __asm__("a4") = w + 12 * k;
  register const int8_t* end __asm__("a5") = x + k;
  register int32_t* to __asm__("a6") = sums;
  register const int32_t* from __asm__("a7") = bias;
  __asm__ volatile(
      // clang-format off
      MOTE_PUSH
      "lw s0, 0(a7)\n\tlw s1, 4(a7)\n\tlw s2, 8(a7)\n\tlw s3, 12(a7)\n\t"
      "lw s4, 16(a7)\n\tlw s5, 20(a7)\n\tlw s6, 24(a7)\n\tlw s7, 28(a7)\n\t"
      "lw s8, 32(a7)\n\tlw s9, 36(a7)\n\tlw s10, 40(a7)\n\tlw s11, 44(a7)\n\t"
      "lw a6, 48(a7)\n\tlw t4, 56(a7)\n\tlw ra, 60(a7)\n\tlw a7, 52(a7)\n\t"
      "j 2f\n"
      "1:\n\t"
      MOTE_STEP_1X16("0", "0", "1", "2", "3")
      MOTE_STEP_1X16("1", "4", "5", "6", "7")
      MOTE_STEP_1X16("2", "8", "9", "10", "11")
      MOTE_STEP_1X16("3", "12", "13", "14", "15")
      "addi a0, a0, 4\n\t"
      "addi a1, a1, 16\n\taddi a2, a2, 16\n\taddi a3, a3, 16\n\taddi a4, a4, 16\n"
      "2:\n\t"
      "addi t6, a5, -3\n\t"
      "bltu a0, t6, 1b\n\t"
      "j 4f\n"
      "3:\n\t"
      MOTE_STEP_1X16("0", "0", "1", "2", "3")
      "addi a0, a0, 1\n\t"
      "addi a1, a1, 4\n\taddi a2, a2, 4\n\taddi a3, a3, 4\n\taddi a4, a4, 4\n"
      "4:\n\t"
      "bltu a0, a5, 3b\n\t"
      MOTE_LOAD_T5 MOTE_STORE_SUMS MOTE_POP
      // clang-format on
      : "+r"(x0), "+r"(w0), "+r"(w1), "+r"(w2), "+r"(w3), "+r"(end), "+r"(to), "+r"(from)
      :
      : MOTE_CLOBBERS);
}

#undef MOTE_MAC4
#undef MOTE_CHANNEL
#undef MOTE_STEP_4X4
#undef MOTE_BLOCK
#undef MOTE_STEP_1X16
#undef MOTE_PUSH
#undef MOTE_LOAD_T5
#undef MOTE_POP
#undef MOTE_STORE_SUMS
#undef MOTE_CLOBBERS

}  // namespace mote::isa
#else
#define MOTE_ISA_RISCV_TILE 0
#endif
