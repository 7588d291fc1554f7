// The inner loop of the matrix kernel on RV32 and RV64 without vectors, where compilers spill. It
// needs all 28 registers: 16 sums, 4 inputs, a weight and a product, and pointers.
#pragma once
#include "../config.h"

#if defined(__riscv) && !defined(__riscv_32e) && defined(__riscv_mul) && defined(__OPTIMIZE__)
#define MOTE_ISA_RISCV_TILE 1

namespace mote::isa {

// One channel of four pixels: weight J of step K, sums A0 .. A3.
#define MOTE_RISCV_CHANNEL(W, A0, A1, A2, A3) \
  "lb t5, " W                                 \
  "(a4)\n\t"                                  \
  "mul t6, t0, t5\n\t"                        \
  "add " A0 ", " A0                           \
  ", t6\n\t"                                  \
  "mul t6, t1, t5\n\t"                        \
  "add " A1 ", " A1                           \
  ", t6\n\t"                                  \
  "mul t6, t2, t5\n\t"                        \
  "add " A2 ", " A2                           \
  ", t6\n\t"                                  \
  "mul t6, t3, t5\n\t"                        \
  "add " A3 ", " A3 ", t6\n\t"
#define MOTE_RISCV_STEP(K, W0, W1, W2, W3)                                                  \
  "lb t0, " K "(a0)\n\tlb t1, " K                                                           \
  "(a1)\n\t"                                                                                \
  "lb t2, " K "(a2)\n\tlb t3, " K "(a3)\n\t" MOTE_RISCV_CHANNEL(W0, "s0", "s1", "s2", "s3") \
      MOTE_RISCV_CHANNEL(W1, "s4", "s5", "s6", "s7")                                        \
          MOTE_RISCV_CHANNEL(W2, "s8", "s9", "s10", "s11")                                  \
              MOTE_RISCV_CHANNEL(W3, "a6", "a7", "t4", "ra")

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
      "addi sp, sp, -16\n\t"
#if __riscv_xlen == 32
      "sw a6, 0(sp)\n\t"
#else
      "sd a6, 0(sp)\n\t"
#endif
      "lw s0, 0(a7)\n\tlw s4, 4(a7)\n\tlw s8, 8(a7)\n\tlw a6, 12(a7)\n\t"
      "mv s1, s0\n\tmv s2, s0\n\tmv s3, s0\n\t"
      "mv s5, s4\n\tmv s6, s4\n\tmv s7, s4\n\t"
      "mv s9, s8\n\tmv s10, s8\n\tmv s11, s8\n\t"
      "mv a7, a6\n\tmv t4, a6\n\tmv ra, a6\n\t"
      "addi t6, a5, -3\n\t"
      "bgeu a0, t6, 2f\n"
      "1:\n\t"
      MOTE_RISCV_STEP("0", "0", "1", "2", "3")
      MOTE_RISCV_STEP("1", "4", "5", "6", "7")
      MOTE_RISCV_STEP("2", "8", "9", "10", "11")
      MOTE_RISCV_STEP("3", "12", "13", "14", "15")
      "addi a0, a0, 4\n\taddi a1, a1, 4\n\taddi a2, a2, 4\n\taddi a3, a3, 4\n\t"
      "addi a4, a4, 16\n\t"
      "addi t6, a5, -3\n\t"
      "bltu a0, t6, 1b\n"
      "2:\n\t"
      "bgeu a0, a5, 4f\n"
      "3:\n\t"
      MOTE_RISCV_STEP("0", "0", "1", "2", "3")
      "addi a0, a0, 1\n\taddi a1, a1, 1\n\taddi a2, a2, 1\n\taddi a3, a3, 1\n\t"
      "addi a4, a4, 4\n\t"
      "bltu a0, a5, 3b\n"
      "4:\n\t"
#if __riscv_xlen == 32
      "lw t5, 0(sp)\n\t"
#else
      "ld t5, 0(sp)\n\t"
#endif
      "sw s0, 0(t5)\n\tsw s1, 4(t5)\n\tsw s2, 8(t5)\n\tsw s3, 12(t5)\n\t"
      "sw s4, 16(t5)\n\tsw s5, 20(t5)\n\tsw s6, 24(t5)\n\tsw s7, 28(t5)\n\t"
      "sw s8, 32(t5)\n\tsw s9, 36(t5)\n\tsw s10, 40(t5)\n\tsw s11, 44(t5)\n\t"
      "sw a6, 48(t5)\n\tsw a7, 52(t5)\n\tsw t4, 56(t5)\n\tsw ra, 60(t5)\n\t"
      "addi sp, sp, 16"
      : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(weights), "+r"(end), "+r"(to), "+r"(from)
      :
      : "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7",
        "s8", "s9", "s10", "s11", "ra", "memory");
}

#undef MOTE_RISCV_STEP
#undef MOTE_RISCV_CHANNEL

}  // namespace mote::isa
#else
#define MOTE_ISA_RISCV_TILE 0
#endif
