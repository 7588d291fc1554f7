// All whole blocks of four channels of a pixel on Cortex-M0, from biases to stored results, for the
// loops of compilers around thumb1_tile() take twice the instructions: eight low registers are too
// few for theirs. A result takes 35 instructions beside its multiplications.
#pragma once
#include "thumb1_tile_s8.h"

#if MOTE_ISA_THUMB1_TILE

namespace mote::isa {

// clang-format off
#define MOTE_SHIFT(SUM) "mov r0, " SUM "\n\tlsls r0, r0, r2\n\tmov " SUM ", r0\n\t"
// See thumb1_multiply_high() for the product, here r2 = r0 * r1.
#define MOTE_RESULT(SUM, AT, MULT_AT) \
  "mov r0, " SUM "\n\t" \
  "ldr r1, [r7, #" MULT_AT "]\n\t" \
  "uxth r2, r0\n\tasrs r0, r0, #16\n\tuxth r3, r1\n\tlsrs r1, r1, #16\n\t" \
  "movs r4, r2\n\tmuls r4, r3, r4\n\tmuls r2, r1, r2\n\t" \
  "lsrs r4, r4, #16\n\tadds r2, r2, r4\n\tlsrs r2, r2, #1\n\tlsrs r3, r3, #1\n\t" \
  "muls r1, r0, r1\n\tmuls r3, r0, r3\n\tadds r2, r2, r3\n\t" \
  "asrs r2, r2, #15\n\tadcs r2, r1\n\t" \
  "adds r2, r2, r5\n\t" \
  "sxtb r3, r2\n\tcmp r3, r2\n\tbeq 5f\n\t" \
  "asrs r2, r2, #31\n\tmovs r3, #127\n\teors r2, r3\n" \
  "5:\n\t" \
  "strb r2, [r6, #" AT "]\n\t"

// y[j] of channels j < call->n / 4 * 4. `call` is a GemmCall<High, int8_t, int8_t>: k is at 12, n
// 16, w 20, bias 24, mult 28, zp 40, lo 44, hi 48, shift 52. Not for n < 4.
//
// In the products r0 inputs, r1 weights, r2 an input, r3 products, r4-r7 offsets, r8-r11 sums, r12
// end of whole fours of inputs; then r5 zero point, r6 y, r7 mult, lr weights. Stack: 0 end of
// inputs, 4 x, 8 bias, 12 mult, 16 y, 20 blocks, 24 zp, 28 call where sums shift or results clamp,
// otherwise null.
__attribute__((naked, noinline)) inline void thumb1_blocks(const void* /*call*/,
                                                           const int8_t* /*x*/, int8_t* /*y*/) {
  __asm__ volatile(
      ".syntax unified\n\t"
      "push {r4-r7, lr}\n\t"
      "mov r4, r8\n\tmov r5, r9\n\tmov r6, r10\n\tmov r7, r11\n\t"
      "push {r4-r7}\n\t"
      "sub sp, #32\n\t"
      "str r1, [sp, #4]\n\t"
      "str r2, [sp, #16]\n\t"
      "ldr r3, [r0, #12]\n\t"
      "adds r4, r1, r3\n\t"
      "str r4, [sp]\n\t"
      "movs r5, #3\n\t"
      "bics r3, r5\n\t"
      "adds r3, r3, r1\n\t"
      "mov r12, r3\n\t"
      "ldr r3, [r0, #24]\n\t"
      "str r3, [sp, #8]\n\t"
      "ldr r3, [r0, #28]\n\t"
      "str r3, [sp, #12]\n\t"
      "ldr r3, [r0, #16]\n\t"
      "lsrs r3, r3, #2\n\t"
      "str r3, [sp, #20]\n\t"
      "ldr r3, [r0, #40]\n\t"
      "str r3, [sp, #24]\n\t"
      "ldr r1, [r0, #20]\n\t"
      "mov lr, r1\n\t"
      "ldr r3, [r0, #44]\n\t"
      "adds r3, #128\n\t"
      "ldr r4, [r0, #48]\n\t"
      "subs r4, #127\n\t"
      "orrs r3, r4\n\t"
      "ldr r4, [r0, #52]\n\t"
      "orrs r3, r4\n\t"
      "beq 1f\n\t"
      "movs r3, r0\n"
      "1:\n\t"
      "str r3, [sp, #28]\n"
      "1:\n\t"  // a block
      "ldr r5, [sp, #8]\n\t"
      "ldm r5!, {r2, r3, r6, r7}\n\t"
      "str r5, [sp, #8]\n\t"
      "mov r8, r2\n\tmov r9, r3\n\tmov r10, r6\n\tmov r11, r7\n\t"
      "movs r4, #0\n\tmovs r5, #1\n\tmovs r6, #2\n\tmovs r7, #3\n\t"
      "ldr r0, [sp, #4]\n\t"
      "mov r1, lr\n\t"
      "b 4f\n"
      "2:\n\t"  // one input
      MOTE_STEP("r4")
      "adds r0, r0, #1\n\t"
      "b 5f\n"
      "3:\n\t"
      MOTE_STEP("r4") MOTE_STEP("r5") MOTE_STEP("r6") MOTE_STEP("r7")
      "adds r0, r0, #4\n"
      "4:\n\t"
      "cmp r0, r12\n\t"
      "bne 3b\n"
      "5:\n\t"
      "ldr r3, [sp]\n\t"
      "cmp r0, r3\n\t"
      "bne 2b\n\t"
      "mov lr, r1\n\t"
      "ldr r3, [sp, #28]\n\t"
      "cmp r3, #0\n\t"
      "beq 6f\n\t"
      "ldr r2, [r3, #52]\n\t"
      MOTE_SHIFT("r8") MOTE_SHIFT("r9") MOTE_SHIFT("r10") MOTE_SHIFT("r11")
      "6:\n\t"
      "ldr r7, [sp, #12]\n\t"
      "ldr r6, [sp, #16]\n\t"
      "ldr r5, [sp, #24]\n\t"
      MOTE_RESULT("r8", "0", "0") MOTE_RESULT("r9", "1", "4")
      MOTE_RESULT("r10", "2", "8") MOTE_RESULT("r11", "3", "12")
      "adds r7, r7, #16\n\t"
      "str r7, [sp, #12]\n\t"
      "ldr r3, [sp, #28]\n\t"
      "cmp r3, #0\n\t"
      "beq 8f\n\t"
      "ldr r0, [r3, #44]\n\t"  // narrower than int8
      "ldr r1, [r3, #48]\n\t"
      "movs r4, #3\n"
      "7:\n\t"
      "ldrsb r2, [r6, r4]\n\t"
      "cmp r2, r0\n\t"
      "bge 5f\n\t"
      "movs r2, r0\n"
      "5:\n\t"
      "cmp r2, r1\n\t"
      "ble 5f\n\t"
      "movs r2, r1\n"
      "5:\n\t"
      "strb r2, [r6, r4]\n\t"
      "subs r4, r4, #1\n\t"
      "bpl 7b\n"
      "8:\n\t"
      "adds r6, r6, #4\n\t"
      "str r6, [sp, #16]\n\t"
      "ldr r3, [sp, #20]\n\t"
      "subs r3, r3, #1\n\t"
      "str r3, [sp, #20]\n\t"
      "beq 9f\n\t"
      "b 1b\n"
      "9:\n\t"
      "add sp, #32\n\t"
      "pop {r4-r7}\n\t"
      "mov r8, r4\n\tmov r9, r5\n\tmov r10, r6\n\tmov r11, r7\n\t"
      "pop {r4-r7, pc}\n\t");
}
// clang-format on

#undef MOTE_SHIFT
#undef MOTE_RESULT

}  // namespace mote::isa
#endif
#undef MOTE_MAC
#undef MOTE_STEP
