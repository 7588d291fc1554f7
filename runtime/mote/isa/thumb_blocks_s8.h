// All whole blocks of four channels of two pixels on Cortex-M3, from biases to stored results: with
// sums that never leave their registers, a result takes 9 instructions beside its multiplications,
// where the loops of compilers around thumb_tile() take 13.
#pragma once
#include "thumb_tile_s8.h"

#if MOTE_ISA_THUMB_TILE

namespace mote::isa {

// clang-format off
#define MOTE_SCALE_2(A, B) \
  "ldr r3, [r1], #4\n\t" \
  "smull r12, " A ", " A ", r3\n\tsmull lr, " B ", " B ", r3\n\t" \
  "add " A ", " A ", r12, lsr #31\n\tadd " B ", " B ", lr, lsr #31\n\t" \
  "add " A ", " A ", r0\n\tadd " B ", " B ", r0\n\t"
#define MOTE_EACH_SUM(...) ".irp r, r4, r5, r6, r7, r8, r9, r10, r11\n\t" __VA_ARGS__ ".endr\n\t"

// y[i * call->y_step + j] of pixels 0 and 1 and of channels j < call->n / 4 * 4. `call` is a
// GemmCall<High, int8_t, int8_t>: x_step is at 4, k 12, n 16, w 20, bias 24, mult 28, y_step 36,
// zp 40, lo 44, hi 48, shift 52. Not for n < 4.
//
// r0, r1 pixels, or zero point and multipliers; r2 weights; r4-r11 sums. Stack: 0 end of whole
// fours of inputs, 4 end of inputs, 8 and 12 pixels, 16 bias, 20 mult, 24 y, 28 y_step, 32 blocks,
// 36 zp, 40 call where sums shift or results clamp, otherwise null.
__attribute__((naked, noinline)) inline void thumb_blocks(const void* /*call*/,
                                                          const int8_t* /*x*/, int8_t* /*y*/) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #44\n\t"
      "str r2, [sp, #24]\n\t"
      "ldr r2, [r0, #4]\n\t"
      "ldr r3, [r0, #12]\n\t"
      "add r2, r1\n\t"
      "strd r1, r2, [sp, #8]\n\t"
      "add r5, r1, r3\n\t"
      "bic r4, r3, #3\n\t"
      "add r4, r1\n\t"
      "strd r4, r5, [sp]\n\t"
      "ldrd r4, r5, [r0, #24]\n\t"
      "strd r4, r5, [sp, #16]\n\t"
      "ldrd r4, r5, [r0, #36]\n\t"
      "str r4, [sp, #28]\n\t"
      "ldr r4, [r0, #16]\n\t"
      "lsrs r4, r4, #2\n\t"
      "strd r4, r5, [sp, #32]\n\t"
      "ldr r2, [r0, #20]\n\t"
      "ldrd r4, r5, [r0, #44]\n\t"
      "ldr r6, [r0, #52]\n\t"
      "adds r4, #128\n\t"
      "subs r5, #127\n\t"
      "orrs r4, r5\n\t"
      "orrs r4, r6\n\t"
      "it eq\n\t"
      "moveq r0, #0\n\t"
      "str r0, [sp, #40]\n"
      "1:\n\t"  // a block
      "ldr r12, [sp, #16]\n\t"
      "ldrd r0, r1, [sp, #8]\n\t"
      "ldm r12!, {r4, r6, r8, r10}\n\t"
      "str r12, [sp, #16]\n\t"
      "mov r5, r4\n\tmov r7, r6\n\tmov r9, r8\n\tmov r11, r10\n\t"
      "b 3f\n"
      "2:\n\t"
      MOTE_FOUR_STEPS_2X4
      "3:\n\t"
      "ldr r3, [sp]\n\t"
      "cmp r0, r3\n\t"
      "bne 2b\n"
      "4:\n\t"
      "ldr r3, [sp, #4]\n\t"
      "cmp r0, r3\n\t"
      "bne 6f\n\t"
      "ldr r3, [sp, #40]\n\t"
      "cmp r3, #0\n\t"
      "bne 7f\n"
      "5:\n\t"
      "ldr r1, [sp, #20]\n\t"
      "ldr r0, [sp, #36]\n\t"
      MOTE_SCALE_2("r4", "r5") MOTE_SCALE_2("r6", "r7")
      MOTE_SCALE_2("r8", "r9") MOTE_SCALE_2("r10", "r11")
      "ldr r3, [sp, #40]\n\t"
      "str r1, [sp, #20]\n\t"
      "cmp r3, #0\n\t"
      "bne 8f\n\t"
      MOTE_EACH_SUM("ssat \\r, #8, \\r\n\t")
      "9:\n\t"
      "ldrd r1, r3, [sp, #24]\n\t"
      "strb r5, [r1, r3]\n\tstrb r4, [r1], #1\n\t"
      "strb r7, [r1, r3]\n\tstrb r6, [r1], #1\n\t"
      "strb r9, [r1, r3]\n\tstrb r8, [r1], #1\n\t"
      "strb r11, [r1, r3]\n\tstrb r10, [r1], #1\n\t"
      "ldr r3, [sp, #32]\n\t"
      "str r1, [sp, #24]\n\t"
      "subs r3, #1\n\t"
      "str r3, [sp, #32]\n\t"
      "bne 1b\n\t"
      "add sp, #44\n\t"
      "pop {r4-r11, pc}\n"
      "6:\n\t"  // one input
      MOTE_STEP_2X4("[r0], #1", "[r1], #1", "[r2], #4", "[r2, #-3]", "[r2, #-2]", "[r2, #-1]")
      "b 4b\n"
      "7:\n\t"
      "ldr r12, [r3, #52]\n\t"
      MOTE_EACH_SUM("lsl \\r, \\r, r12\n\t")
      "b 5b\n"
      "8:\n\t"
      "ldrd r12, lr, [r3, #44]\n\t"
      MOTE_EACH_SUM("cmp \\r, r12\n\tit lt\n\tmovlt \\r, r12\n\t"
                    "cmp \\r, lr\n\tit gt\n\tmovgt \\r, lr\n\t")
      "b 9b\n\t");
}
// clang-format on

#undef MOTE_SCALE_2
#undef MOTE_EACH_SUM

}  // namespace mote::isa
#endif
#undef MOTE_STEP_2X4
