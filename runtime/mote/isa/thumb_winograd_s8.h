// The inner loop of convolutions in Winograd's form (winograd_s8.h) on Cortex-M3 (Armv7-M without
// DSP instructions): 48 cycles for 16 multiply-adds, where compilers take 90.
#pragma once
#include "../winograd.h"

#if defined(__thumb2__) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && \
    !defined(__ARM_FEATURE_DSP)
#define MOTE_ISA_WINOGRAD_PRODUCTS 1

namespace mote::isa {

// See winograd_products(). r0 v, r1 w, r2 and r3 inputs, r12 and lr weights, r4-r7 sums of the
// first tile, r8-r11 of the second. Stack: 0 end of w, 4 bytes of v without products, 8 end of the
// inputs of the point.
__attribute__((naked, noinline)) inline void winograd_products(uint32_t* /*v*/,
                                                               const int16_t* /*w*/,
                                                               int32_t /*words*/) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #12\n\t"
      "mov r3, #576\n\t"  // 36 points of 16 bytes for each word
      "mla r3, r2, r3, r1\n\t"
      "str r3, [sp]\n\t"
      "lsl r3, r2, #3\n\t"
      "str r3, [sp, #4]\n\t"
      // A point.
      "10:\n\t"
      "ldr r2, [sp, #4]\n\t"
      "add r2, r0\n\t"
      "str r2, [sp, #8]\n\t"
      ".irp r, r4, r5, r6, r7, r8, r9, r10, r11\n\t"
      "mov \\r, #0\n\t"
      ".endr\n\t"
      // Halves of words, at these offsets of v and w.
      ".macro mote_half v, w\n\t"
      "ldrsh r2, [r0, #\\v]\n\t"
      "ldrsh r3, [r0, #\\v + 4]\n\t"
      "ldrsh r12, [r1, #\\w]\n\t"
      "ldrsh lr, [r1, #\\w + 4]\n\t"
      "mla r4, r2, r12, r4\n\t"
      "mla r8, r3, r12, r8\n\t"
      "mla r5, r2, lr, r5\n\t"
      "mla r9, r3, lr, r9\n\t"
      "ldrsh r12, [r1, #\\w + 8]\n\t"
      "ldrsh lr, [r1, #\\w + 12]\n\t"
      "mla r6, r2, r12, r6\n\t"
      "mla r10, r3, r12, r10\n\t"
      "mla r7, r2, lr, r7\n\t"
      "mla r11, r3, lr, r11\n\t"
      ".endm\n\t"
      ".balign 4\n\t"
      "20:\n\t"
      "mote_half 0, 0\n\t"
      "mote_half 2, 2\n\t"
      "mote_half 8, 16\n\t"
      "mote_half 10, 18\n\t"
      ".purgem mote_half\n\t"
      "ldr r2, [sp, #8]\n\t"
      "add r0, #16\n\t"
      "add r1, #32\n\t"
      "cmp r0, r2\n\t"
      "bne 20b\n\t"
      "ldr r2, [sp]\n\t"
      "stm r0!, {r4-r11}\n\t"
      "cmp r1, r2\n\t"
      "bne 10b\n\t"
      "add sp, #12\n\t"
      "pop {r4-r11, pc}\n\t");
}

}  // namespace mote::isa
#endif
