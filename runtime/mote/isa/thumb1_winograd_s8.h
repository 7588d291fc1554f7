// The inner loop of convolutions in Winograd's form (winograd_s8.h) on Cortex-M0 and M0+ (Armv6-M):
// 80 cycles for 16 multiply-adds, where compilers take 120. Words are loaded, as only these loads
// have offsets, and halves taken from them; six of the sums are in high registers, which an
// addition may name.
#pragma once
#include "../winograd.h"

#if defined(__thumb__) && !defined(__thumb2__) && defined(__ARM_ARCH_PROFILE) && \
    __ARM_ARCH_PROFILE == 'M'
#define MOTE_ISA_WINOGRAD_PRODUCTS 1

namespace mote::isa {

// See winograd_products(). r0 v, r1 w, r2 and r3 inputs, r4 weights, r5 products; sums of the first
// tile r8-r11, of the second r12, lr, r6, r7. Stack: 0 end of w, 4 bytes of v without products, 8
// end of the inputs of the point.
__attribute__((naked, noinline)) inline void winograd_products(uint32_t* /*v*/,
                                                               const int16_t* /*w*/,
                                                               int32_t /*words*/) {
  __asm__ volatile(
      ".syntax unified\n\t"
      "push {r4-r7, lr}\n\t"
      "mov r4, r8\n\tmov r5, r9\n\tmov r6, r10\n\tmov r7, r11\n\t"
      "push {r4-r7}\n\t"
      "sub sp, #12\n\t"
      "movs r3, #144\n\t"
      "lsls r3, r3, #2\n\t"  // 36 points of 16 bytes for each word
      "muls r3, r2, r3\n\t"
      "adds r3, r3, r1\n\t"
      "str r3, [sp]\n\t"
      "lsls r2, r2, #3\n\t"
      "str r2, [sp, #4]\n\t"
      // A point.
      "10:\n\t"
      "ldr r2, [sp, #4]\n\t"
      "adds r2, r2, r0\n\t"
      "str r2, [sp, #8]\n\t"
      "movs r6, #0\n\t"
      "movs r7, #0\n\t"
      "mov r8, r6\n\tmov r9, r6\n\tmov r10, r6\n\tmov r11, r6\n\tmov r12, r6\n\tmov lr, r6\n\t"
      // The lower or upper half of a word.
      ".macro mote_take half, to, from\n\t"
      ".ifc \\half, upper\n\t"
      "asrs \\to, \\from, #16\n\t"
      ".else\n\t"
      "sxth \\to, \\from\n\t"
      ".endif\n\t"
      ".endm\n\t"
      ".macro mote_channel half, at, a, b\n\t"
      "ldr r4, [r1, #\\at]\n\t"
      "mote_take \\half, r5, r4\n\t"
      "mote_take \\half, r4, r4\n\t"
      "muls r5, r2, r5\n\t"
      "muls r4, r3, r4\n\t"
      "add \\a, \\a, r5\n\t"
      "add \\b, \\b, r4\n\t"
      ".endm\n\t"
      // Halves of words, at these offsets of v and w.
      ".macro mote_half half, v, w\n\t"
      "ldr r2, [r0, #\\v]\n\t"
      "ldr r3, [r0, #\\v + 4]\n\t"
      "mote_take \\half, r2, r2\n\t"
      "mote_take \\half, r3, r3\n\t"
      "mote_channel \\half, \\w, r8, r12\n\t"
      "mote_channel \\half, \\w + 4, r9, lr\n\t"
      "mote_channel \\half, \\w + 8, r10, r6\n\t"
      "mote_channel \\half, \\w + 12, r11, r7\n\t"
      ".endm\n\t"
      "20:\n\t"
      "mote_half lower, 0, 0\n\t"
      "mote_half upper, 0, 0\n\t"
      "mote_half lower, 8, 16\n\t"
      "mote_half upper, 8, 16\n\t"
      ".purgem mote_half\n\t"
      ".purgem mote_channel\n\t"
      ".purgem mote_take\n\t"
      "ldr r2, [sp, #8]\n\t"
      "adds r0, #16\n\t"
      "adds r1, #32\n\t"
      "cmp r0, r2\n\t"
      "beq 30f\n\t"
      "b 20b\n\t"
      "30:\n\t"
      "mov r2, r8\n\tmov r3, r9\n\tmov r4, r10\n\tmov r5, r11\n\t"
      "stm r0!, {r2-r5}\n\t"
      "mov r4, r12\n\tmov r5, lr\n\t"
      "stm r0!, {r4-r7}\n\t"
      "ldr r2, [sp]\n\t"
      "cmp r1, r2\n\t"
      "beq 40f\n\t"
      "b 10b\n\t"
      "40:\n\t"
      "add sp, #12\n\t"
      "pop {r4-r7}\n\t"
      "mov r8, r4\n\tmov r9, r5\n\tmov r10, r6\n\tmov r11, r7\n\t"
      "pop {r4-r7, pc}\n\t");
}

}  // namespace mote::isa
#endif
