// Depthwise convolution with 3-wide kernels of stride 1 on Cortex-M0: four neighbouring outputs of
// a channel at a time, 4.3 instructions per multiplication and 21 per result, where compilers,
// short of registers, take twice as many.
#pragma once
#include "thumb1_tile_s8.h"

#if MOTE_ISA_THUMB1_TILE

namespace mote::isa {

// `quads` times four outputs of one channel, of columns that lie four bytes apart, see
// scalar_depthwise_s8.h. Sums do not shift, results clamp to int8.
struct Thumb1Columns {
  const int8_t* x;
  int32_t row_step;
  const int8_t* w;  // four bytes apart
  int32_t kernel_h, bias;
  int32_t mult_low, mult_high;  // halves of the multiplier
  int8_t* y;
  int32_t y_step, zp, quads;
};

// clang-format off
#define MOTE_COLUMN(AT) "movs r2, #" AT "\n\tldrsb r2, [r0, r2]\n\t"
#define MOTE_TAP(W, SUM) "movs r3, " W "\n\tmuls r3, r2, r3\n\tadd " SUM ", " SUM ", r3\n\t"
#define MOTE_LAST_TAP(W, SUM) "muls r2, " W ", r2\n\tadd " SUM ", " SUM ", r2\n\t"
// See thumb1_multiply_high() for the product.
#define MOTE_RESULT(SUM) \
  "mov r0, " SUM "\n\t" \
  "uxth r2, r0\n\tasrs r0, r0, #16\n\t" \
  "movs r3, r4\n\tmuls r3, r2, r3\n\tmuls r2, r5, r2\n\t" \
  "lsrs r3, r3, #16\n\tadds r2, r2, r3\n\tlsrs r2, r2, #1\n\t" \
  "lsrs r3, r4, #1\n\tmuls r3, r0, r3\n\tmuls r0, r5, r0\n\tadds r2, r2, r3\n\t" \
  "asrs r2, r2, #15\n\tadcs r2, r0\n\t" \
  "add r2, r2, lr\n\t" \
  "sxtb r3, r2\n\tcmp r3, r2\n\tbeq 5f\n\t" \
  "asrs r2, r2, #31\n\tmovs r3, #127\n\teors r2, r3\n" \
  "5:\n\t" \
  "strb r2, [r6]\n\t" \
  "adds r6, r6, r7\n\t"

// Changes x, y and quads. r0 columns, r1 weights, r4-r6 those of a row, r7 rows left, r8-r11 sums,
// r12 the struct, lr row_step; then r4 and r5 halves of the multiplier, r6 y, r7 y_step, lr zp.
__attribute__((naked, noinline)) inline void thumb1_columns(Thumb1Columns* /*c*/) {
  __asm__ volatile(
      ".syntax unified\n\t"
      "push {r4-r7, lr}\n\t"
      "mov r4, r8\n\tmov r5, r9\n\tmov r6, r10\n\tmov r7, r11\n\t"
      "push {r4-r7}\n\t"
      "mov r12, r0\n"
      "1:\n\t"
      "mov r3, r12\n\t"
      "ldm r3!, {r0, r2}\n\t"
      "mov lr, r2\n\t"
      "ldm r3!, {r1, r7}\n\t"
      "ldr r3, [r3]\n\t"
      "mov r8, r3\n\tmov r9, r3\n\tmov r10, r3\n\tmov r11, r3\n"
      "2:\n\t"
      "movs r6, #0\n\tldrsb r4, [r1, r6]\n\t"
      "movs r6, #4\n\tldrsb r5, [r1, r6]\n\t"
      "movs r6, #8\n\tldrsb r6, [r1, r6]\n\t"
      MOTE_COLUMN("0") MOTE_LAST_TAP("r4", "r8")
      MOTE_COLUMN("4") MOTE_TAP("r5", "r8") MOTE_LAST_TAP("r4", "r9")
      MOTE_COLUMN("8") MOTE_TAP("r6", "r8") MOTE_TAP("r5", "r9") MOTE_LAST_TAP("r4", "r10")
      MOTE_COLUMN("12") MOTE_TAP("r6", "r9") MOTE_TAP("r5", "r10") MOTE_LAST_TAP("r4", "r11")
      MOTE_COLUMN("16") MOTE_TAP("r6", "r10") MOTE_LAST_TAP("r5", "r11")
      MOTE_COLUMN("20") MOTE_LAST_TAP("r6", "r11")
      "adds r1, r1, #12\n\t"
      "add r0, r0, lr\n\t"
      "subs r7, r7, #1\n\t"
      "bne 2b\n\t"
      "mov r3, r12\n\t"
      "ldr r0, [r3, #36]\n\t"
      "mov lr, r0\n\t"
      "adds r3, #20\n\t"
      "ldm r3!, {r4-r7}\n\t"
      MOTE_RESULT("r8") MOTE_RESULT("r9") MOTE_RESULT("r10") MOTE_RESULT("r11")
      "mov r3, r12\n\t"
      "str r6, [r3, #28]\n\t"
      "ldr r0, [r3]\n\t"
      "adds r0, r0, #16\n\t"
      "str r0, [r3]\n\t"
      "ldr r0, [r3, #40]\n\t"
      "subs r0, r0, #1\n\t"
      "str r0, [r3, #40]\n\t"
      "beq 3f\n\t"
      "b 1b\n"
      "3:\n\t"
      "pop {r4-r7}\n\t"
      "mov r8, r4\n\tmov r9, r5\n\tmov r10, r6\n\tmov r11, r7\n\t"
      "pop {r4-r7, pc}\n\t");
}
// clang-format on

#undef MOTE_COLUMN
#undef MOTE_TAP
#undef MOTE_LAST_TAP
#undef MOTE_RESULT

}  // namespace mote::isa
#endif
