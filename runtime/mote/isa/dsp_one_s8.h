// The matrix tile of dsp_gemm_s8.h for one pixel, as in fully connected layers.
#pragma once
#include "dsp_gemm_s8.h"

namespace mote::isa {

#if defined(__ARM_FEATURE_DSP)

// y[j] for 4 * blocks channels of one pixel, of int8 inputs as they are. With cut sums there is no
// part to keep in memory: registers suffice.
//
// r0 x, r1 w, r2 y, r3 bias; r4-r7 sums A B C D, r8 part of A, r9 part of C, r10 and r11 inputs,
// r12 end of x, lr weights with r8 and r9 outside of parts. Stack: 0 x, 4 y, 8 bias, 12 and 16
// parts, 20 quads left; arguments: 64 mult, 68 blocks, 72 quads, 76 zp, 80 special, 84 store.
__attribute__((naked, noinline)) inline void dsp_tile_1x4(const int8_t* /*x*/, const int8_t* /*w*/,
                                                          int8_t* /*y*/, const int32_t* /*bias*/,
                                                          const int32_t* /*mult*/,
                                                          int32_t /*blocks*/, int32_t /*quads*/,
                                                          int32_t /*zp*/, int32_t /*special*/,
                                                          const DspStore* /*store*/) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #28\n\t"
      "str r0, [sp]\n\t"
      "str r2, [sp, #4]\n\t"
      "str r3, [sp, #8]\n\t"
      "20:\n\t"
      "ldr r2, [sp, #72]\n\t"
      "ldr r0, [sp]\n\t"
      "ldr r3, [sp, #8]\n\t"
      "mov r8, r2\n\t"
      "cmp r2, #128\n\t"
      "itt hi\n\t"
      "andhi r8, r2, #7\n\t"
      "addhi r8, #120\n\t"
      "subs r9, r2, r8\n\t"
      "ldr r4, [r3]\n\t"
      "ldr r6, [r3, #8]\n\t"
      "add r12, r0, r8, lsl #2\n\t"
      "str r9, [sp, #20]\n\t"
      "mov r5, r4\n\t"
      "mov r7, r6\n\t"
      "movs r3, #0\n\t"
      "str r3, [sp, #12]\n\t"
      "str r3, [sp, #16]\n\t"
      "ands r2, r2, #" MOTE_DSP_LAST_QUAD
      "\n\t"
      "beq 30f\n\t"
      "tbh [pc, r2, lsl #1]\n\t"
      "21:\n\t"
      ".hword 0\n\t"  // one quad more of the loop in each
      ".set mote_left, " MOTE_DSP_LAST_QUAD
      "\n\t"
      ".rept " MOTE_DSP_LAST_QUAD
      "\n\t"
      ".hword (30f - 21b) / 2 + 38 * mote_left\n\t"
      ".set mote_left, mote_left - 1\n\t"
      ".endr\n\t"
      ".macro mote_quad\n\t"
      "ldr r2, [r1], #4\n\t"
      "ldr r3, [r1], #4\n\t"
      "ldr r8, [r1], #4\n\t"
      "ldr r9, [r1], #4\n\t"
      "ldr r11, [r0], #4\n\t"
      "sxtb16 r10, r11\n\t"
      "sxtb16 r11, r11, ror #8\n\t"
      "smlad r4, r10, r2, r4\n\t"
      "smlad r6, r10, r3, r6\n\t"
      "sxtb16 r2, r2\n\t"
      "sxtb16 r3, r3\n\t"
      "smlad r5, r10, r2, r5\n\t"
      "smlad r7, r10, r3, r7\n\t"
      "smlad r4, r11, r8, r4\n\t"
      "smlad r6, r11, r9, r6\n\t"
      "sxtb16 r8, r8\n\t"
      "sxtb16 r9, r9\n\t"
      "smlad r5, r11, r8, r5\n\t"
      "smlad r7, r11, r9, r7\n\t"
      ".endm\n\t"
      ".balign 4\n\t"
      "30:\n\t"
      ".rept 1 + " MOTE_DSP_LAST_QUAD
      "\n\t"
      "mote_quad\n\t"  // 76 bytes
      ".endr\n\t"
      ".purgem mote_quad\n\t"
      "cmp r0, r12\n\t"
      "bne 30b\n\t"
      "ldr r2, [sp, #20]\n\t"
      "ldr r8, [sp, #12]\n\t"
      "ldr r9, [sp, #16]\n\t"
      "ldr r3, [sp, #8]\n\t"
      "ldr r11, [sp, #64]\n\t"
      "sub r4, r4, r5\n\t"
      "sub r6, r6, r7\n\t"
      "add r4, r8, r4, asr #8\n\t"
      "add r6, r9, r6, asr #8\n\t"
      "cbz r2, 40f\n\t"
      "str r4, [sp, #12]\n\t"
      "str r6, [sp, #16]\n\t"
      "mov r8, r2\n\t"
      "cmp r2, #128\n\t"
      "it hi\n\t"
      "movhi r8, #128\n\t"
      "sub r2, r2, r8\n\t"
      "str r2, [sp, #20]\n\t"
      "add r12, r0, r8, lsl #2\n\t"
      "mov r4, r5\n\t"
      "mov r6, r7\n\t"
      "b 30b\n\t"
      // Results.
      "40:\n\t"
      "ldr r8, [r3, #4]\n\t"
      "ldr r9, [r3, #12]\n\t"
      "ldr r2, [sp, #76]\n\t"
      "ldr r0, [sp, #80]\n\t"
      "adds r3, #16\n\t"
      "add r4, r4, r8\n\t"
      "add r6, r6, r9\n\t"
      "str r3, [sp, #8]\n\t"
      "ldm r11!, {r3, r8, r9, r10}\n\t"
      "cbnz r0, 50f\n\t"
      "41:\n\t"
      "smmlar r5, r5, r3, r2\n\t"
      "smmlar r4, r4, r8, r2\n\t"
      "smmlar r7, r7, r9, r2\n\t"
      "smmlar r6, r6, r10, r2\n\t"
      "str r11, [sp, #64]\n\t"
      "cbnz r0, 51f\n\t"
      "ssat r4, #8, r4\n\t"
      "ssat r5, #8, r5\n\t"
      "ssat r6, #8, r6\n\t"
      "ssat r7, #8, r7\n\t"
      "42:\n\t"
      "ldr r2, [sp, #4]\n\t"
      "ldr r0, [sp, #68]\n\t"
      "strb r4, [r2, #1]\n\t"
      "strb r7, [r2, #2]\n\t"
      "strb r6, [r2, #3]\n\t"
      "strb r5, [r2], #4\n\t"
      "str r2, [sp, #4]\n\t"
      "subs r0, #1\n\t"
      "str r0, [sp, #68]\n\t"
      "bne 20b\n\t"
      "add sp, #28\n\t"
      "pop {r4-r11, pc}\n\t" MOTE_DSP_SPECIAL_4("84"));
}

#endif  // __ARM_FEATURE_DSP

}  // namespace mote::isa
