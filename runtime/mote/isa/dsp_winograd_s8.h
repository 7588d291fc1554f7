// The inner loops of convolutions in Winograd's form (winograd_s8.h) on Cortex-M cores with the DSP
// extension. Naked assembly, for the same reasons as in dsp_gemm_s8.h: products take 16 cycles for
// 16 multiply-adds, results 350 for a tile.
#pragma once
#include "../winograd.h"

#if defined(__ARM_FEATURE_DSP)
#define MOTE_ISA_DSP_WINOGRAD 1
#define MOTE_ISA_WINOGRAD_PRODUCTS 1

namespace mote::isa {

// The products of two tiles with a block of weights, at all points. See winograd_products().
//
// r0 v, r1 w, r2 and r3 inputs, r12 and lr weights, r4-r7 sums of the first tile, r8-r11 of the
// second. Stack: 0 end of w, 4 bytes of v without products, 8 where the loop begins, 12 end of the
// inputs of the point.
__attribute__((naked, noinline)) inline void winograd_products(uint32_t* /*v*/,
                                                               const int16_t* /*w*/,
                                                               int32_t /*words*/) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #16\n\t"
      "mov r3, #576\n\t"  // 36 points of 16 bytes for each word
      "mla r3, r2, r3, r1\n\t"
      "str r3, [sp]\n\t"
      "lsl r3, r2, #3\n\t"
      "str r3, [sp, #4]\n\t"
      // The first word is multiplied outside of the loop of eight.
      "rsb r2, r2, #1\n\t"
      "and r2, r2, #7\n\t"
      "mov r3, #56\n\t"  // bytes of code for a word
      "adr r4, 30f\n\t"
      "mla r2, r2, r3, r4\n\t"
      "adds r2, #1\n\t"  // Thumb state
      "str r2, [sp, #8]\n\t"
      // A point.
      "10:\n\t"
      "ldr r2, [sp, #4]\n\t"
      "add r2, r0\n\t"
      "str r2, [sp, #12]\n\t"
      "ldr r2, [r0], #4\n\t"
      "ldr r3, [r0], #4\n\t"
      "ldr r12, [r1], #4\n\t"
      "ldr lr, [r1], #4\n\t"
      "smuad r4, r2, r12\n\t"
      "smuad r8, r3, r12\n\t"
      "smuad r5, r2, lr\n\t"
      "smuad r9, r3, lr\n\t"
      "ldr r12, [r1], #4\n\t"
      "ldr lr, [r1], #4\n\t"
      "smuad r6, r2, r12\n\t"
      "smuad r10, r3, r12\n\t"
      "smuad r7, r2, lr\n\t"
      "ldr r12, [sp, #8]\n\t"
      "smuad r11, r3, lr\n\t"
      "bx r12\n\t"
      ".balign 4\n\t"
      "30:\n\t"
      ".rept 8\n\t"
      "ldr r2, [r0], #4\n\t"
      "ldr r3, [r0], #4\n\t"
      "ldr r12, [r1], #4\n\t"
      "ldr lr, [r1], #4\n\t"
      "smlad r4, r2, r12, r4\n\t"
      "smlad r8, r3, r12, r8\n\t"
      "smlad r5, r2, lr, r5\n\t"
      "smlad r9, r3, lr, r9\n\t"
      "ldr r12, [r1], #4\n\t"
      "ldr lr, [r1], #4\n\t"
      "smlad r6, r2, r12, r6\n\t"
      "smlad r10, r3, r12, r10\n\t"
      "smlad r7, r2, lr, r7\n\t"
      "smlad r11, r3, lr, r11\n\t"
      ".endr\n\t"
      "ldr r3, [sp, #12]\n\t"
      "cmp r0, r3\n\t"
      "bne 30b\n\t"
      "ldr r3, [sp]\n\t"
      "stm r0!, {r4-r11}\n\t"
      "cmp r1, r3\n\t"
      "bne 10b\n\t"
      "add sp, #16\n\t"
      "pop {r4-r11, pc}\n\t");
}

// The results of n channels of a tile, from its products m, clamped to int8.
//
// First columns: r0 and r1 products of rows 0 and 3 of the points, r2 and r3 bytes to the next row
// and column, r4-r11 products and sums. Then rows: r0 y, r1 factor, r2 bias, r3 mult, r12 zp, lr
// pixel_step. Stack: 0 columns [4][6], 96 m, 100 how, 104 y, 108 n left, 112 bias, 116 mult, 120
// bytes to the third result of the next row.
__attribute__((naked, noinline)) inline void dsp_winograd_results(const uint32_t* /*m*/,
                                                                  const WinogradResults* /*how*/,
                                                                  int8_t* /*y*/, int32_t /*n*/) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #124\n\t"
      "ldr r4, [r1, #20]\n\t"
      "ldr r5, [r1, #24]\n\t"
      "ldr r6, [r1, #12]\n\t"
      "ldr r7, [r1, #16]\n\t"
      "str r0, [sp, #96]\n\t"
      "str r1, [sp, #100]\n\t"
      "str r2, [sp, #104]\n\t"
      "str r3, [sp, #108]\n\t"
      "str r4, [sp, #112]\n\t"
      "str r5, [sp, #116]\n\t"
      "sub r7, r7, r6, lsl #1\n\t"
      "str r7, [sp, #120]\n\t"
      // r4-r9 to r4, r6, r8, r9: winograd_output().
      ".macro mote_output\n\t"
      "add r10, r5, r6\n\t"
      "sub r5, r5, r6\n\t"
      "add r11, r7, r8\n\t"
      "sub r7, r7, r8\n\t"
      "add r4, r4, r10\n\t"
      "add r9, r9, r7\n\t"
      "add r4, r4, r11\n\t"
      "add r6, r5, r7, lsl #1\n\t"
      "add r8, r10, r11, lsl #2\n\t"
      "add r9, r5, r9, lsl #3\n\t"
      ".endm\n\t"
      // A channel.
      "10:\n\t"
      "ldr r4, [sp, #100]\n\t"
      "ldr r0, [sp, #96]\n\t"
      "ldr r3, [r4]\n\t"
      "add r1, r0, #4\n\t"
      "str r1, [sp, #96]\n\t"
      "add r1, r3, r3, lsl #3\n\t"
      "lsl r2, r3, #1\n\t"
      "add r2, r2, r3, lsl #2\n\t"
      "add r1, r0, r1, lsl #1\n\t"
      ".irp at, 0, 4, 8, 12, 16, 20\n\t"
      "ldr r4, [r0]\n\t"
      "ldr r5, [r0, r2]\n\t"
      "ldr r6, [r0, r2, lsl #1]\n\t"
      "ldr r8, [r0, r2, lsl #2]\n\t"
      "ldr r7, [r1]\n\t"
      "ldr r9, [r1, r2, lsl #1]\n\t"
      "add r0, r3\n\t"
      "add r1, r3\n\t"
      "mote_output\n\t"
      "str r4, [sp, #\\at]\n\t"
      "str r6, [sp, #\\at + 24]\n\t"
      "str r8, [sp, #\\at + 48]\n\t"
      "str r9, [sp, #\\at + 72]\n\t"
      ".endr\n\t"
      "ldr r5, [sp, #112]\n\t"
      "ldr r6, [sp, #116]\n\t"
      "ldr r7, [sp, #100]\n\t"
      "ldr r0, [sp, #104]\n\t"
      "ldr r2, [r5], #4\n\t"
      "ldr r3, [r6], #4\n\t"
      "ldr r1, [r7, #4]\n\t"
      "ldr r12, [r7, #8]\n\t"
      "ldr lr, [r7, #12]\n\t"
      "add r4, r0, #1\n\t"
      "str r5, [sp, #112]\n\t"
      "str r6, [sp, #116]\n\t"
      "str r4, [sp, #104]\n\t"
      ".irp at, 0, 24, 48, 72\n\t"
      "ldr r4, [sp, #\\at]\n\t"
      "ldr r5, [sp, #\\at + 4]\n\t"
      "ldr r6, [sp, #\\at + 8]\n\t"
      "ldr r7, [sp, #\\at + 12]\n\t"
      "ldr r8, [sp, #\\at + 16]\n\t"
      "ldr r9, [sp, #\\at + 20]\n\t"
      "mote_output\n\t"
      ".irp r, r4, r6, r8, r9\n\t"
      "mul \\r, \\r, r1\n\t"
      "add \\r, r2, \\r, asr #6\n\t"
      "smmlar \\r, \\r, r3, r12\n\t"
      "ssat \\r, #8, \\r\n\t"
      ".endr\n\t"
      ".if \\at < 72\n\t"
      "ldr r10, [sp, #120]\n\t"
      ".endif\n\t"
      "strb r4, [r0]\n\t"
      "strb r6, [r0, lr]\n\t"
      "add r0, r0, lr, lsl #1\n\t"
      "strb r9, [r0, lr]\n\t"
      "strb r8, [r0]\n\t"
      ".if \\at < 72\n\t"
      "add r0, r10\n\t"
      ".endif\n\t"
      ".endr\n\t"
      ".purgem mote_output\n\t"
      "ldr r4, [sp, #108]\n\t"
      "subs r4, #1\n\t"
      "str r4, [sp, #108]\n\t"
      "bne 10b\n\t"
      "add sp, #124\n\t"
      "pop {r4-r11, pc}\n\t");
}

// Bytes 0 and 2, or 1 and 3, of four inputs.
MOTE_INLINE uint32_t dsp_even_bytes(uint32_t x) {
  uint32_t y;
  __asm__("uxtb16 %0, %1" : "=r"(y) : "r"(x));
  return y;
}
MOTE_INLINE uint32_t dsp_odd_bytes(uint32_t x) {
  uint32_t y;
  __asm__("uxtb16 %0, %1, ror #8" : "=r"(y) : "r"(x));
  return y;
}

MOTE_INLINE uint32_t dsp_pack_halves(uint32_t lower, uint32_t upper) {
  uint32_t y;
  __asm__("pkhbt %0, %1, %2" : "=r"(y) : "r"(lower), "r"(upper));
  return y;
}

}  // namespace mote::isa
#else
#define MOTE_ISA_DSP_WINOGRAD 0
#endif
