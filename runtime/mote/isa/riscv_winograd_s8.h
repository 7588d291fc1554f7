// The inner loop of convolutions in Winograd's form (winograd_s8.h) on RV32 and RV64 without
// vectors: 46 instructions for 16 multiply-adds, where compilers take 54.
#pragma once
#include "../winograd.h"

#if defined(__riscv) && !defined(__riscv_32e) && defined(__riscv_mul) && !defined(__riscv_vector)
#define MOTE_ISA_WINOGRAD_PRODUCTS 1

#if __riscv_xlen == 32
#define MOTE_STORE_SAVED "sw s0, 4(sp)\n\tsw s1, 8(sp)\n\t"
#define MOTE_LOAD_SAVED "lw s0, 4(sp)\n\tlw s1, 8(sp)\n\t"
#else
#define MOTE_STORE_SAVED "sd s0, 0(sp)\n\tsd s1, 8(sp)\n\t"
#define MOTE_LOAD_SAVED "ld s0, 0(sp)\n\tld s1, 8(sp)\n\t"
#endif

namespace mote::isa {

// See winograd_products(). a0 v, a1 w, a2 bytes of v without products; a3-a6 sums of the first
// tile, a7 and t0-t2 of the second; t3 and t4 inputs, t5 weights, t6 products; s0 end of w, s1 end
// of the inputs of the point.
__attribute__((naked, noinline)) inline void winograd_products(uint32_t* /*v*/,
                                                               const int16_t* /*w*/,
                                                               int32_t /*words*/) {
  __asm__ volatile("addi sp, sp, -16\n\t" MOTE_STORE_SAVED
                   "li s0, 576\n\t"  // 36 points of 16 bytes for each word
                   "mul s0, s0, a2\n\t"
                   "add s0, s0, a1\n\t"
                   "slli a2, a2, 3\n\t"
                   // A point.
                   "1:\n\t"
                   "add s1, a0, a2\n\t"
                   ".irp r, a3, a4, a5, a6, a7, t0, t1, t2\n\t"
                   "li \\r, 0\n\t"
                   ".endr\n\t"
                   ".macro mote_channel at, a, b\n\t"
                   "lh t5, \\at(a1)\n\t"
                   "mul t6, t5, t3\n\t"
                   "mul t5, t5, t4\n\t"
                   "add \\a, \\a, t6\n\t"
                   "add \\b, \\b, t5\n\t"
                   ".endm\n\t"
                   // Halves of words, at these offsets of v and w.
                   ".macro mote_half v, w\n\t"
                   "lh t3, \\v(a0)\n\t"
                   "lh t4, \\v + 4(a0)\n\t"
                   "mote_channel \\w, a3, a7\n\t"
                   "mote_channel \\w + 4, a4, t0\n\t"
                   "mote_channel \\w + 8, a5, t1\n\t"
                   "mote_channel \\w + 12, a6, t2\n\t"
                   ".endm\n\t"
                   "2:\n\t"
                   "mote_half 0, 0\n\t"
                   "mote_half 2, 2\n\t"
                   "mote_half 8, 16\n\t"
                   "mote_half 10, 18\n\t"
                   ".purgem mote_half\n\t"
                   ".purgem mote_channel\n\t"
                   "addi a0, a0, 16\n\t"
                   "addi a1, a1, 32\n\t"
                   "bne a0, s1, 2b\n\t"
                   "sw a3, 0(a0)\n\tsw a4, 4(a0)\n\tsw a5, 8(a0)\n\tsw a6, 12(a0)\n\t"
                   "sw a7, 16(a0)\n\tsw t0, 20(a0)\n\tsw t1, 24(a0)\n\tsw t2, 28(a0)\n\t"
                   "addi a0, a0, 32\n\t"
                   "bne a1, s0, 1b\n\t" MOTE_LOAD_SAVED
                   "addi sp, sp, 16\n\t"
                   "ret\n\t");
}

}  // namespace mote::isa

#undef MOTE_STORE_SAVED
#undef MOTE_LOAD_SAVED
#endif
