// The inner loops of depthwise convolutions on Cortex-M cores with the DSP extension, as naked
// assembly for the same reasons as dsp_gemm_s8.h.
//
// 3x3 kernels: dsp_pack_columns widens four channels of a few columns such that one SMLAD takes two
// taps: a word holds rows 0 and 1 of a channel and column, or row 2 of two columns. Then
// dsp_slide_3x3 takes each channel along its row with the nine weights in five registers: five
// multiply-adds and 12 cycles per output. dsp_depthwise_4 takes any kernel tap by tap.
#pragma once
#include "dsp_gemm_s8.h"

namespace mote::isa {

#if defined(__ARM_FEATURE_DSP)

// Four channels, outputs out[4 * i + channel] for i < count. `records` are pairs of columns, for
// each channel the words of column 0, column 1 and row 2. `mode` is 0 for stride 1, 1 for stride 1
// where outputs begin at the second column of the first pair, 2 for stride 2.
//
// r0 records, r1 out, r2 bias, r3 multiplier, r4 zp, r5-r7 rows 0 and 1 of weights, r8 row 2 of
// columns 0 and 1, r9 of 1 and 2, r10 and r11 sums, r12 and lr inputs. Stack: 0 end of records, 4
// records, 8 w, 12 out, 16 bias; arguments: 56 mult, 60 length, 64 last, 68 mode, 72 zp, 76 shift.
__attribute__((naked, noinline)) inline void dsp_slide_3x3(
    const int8_t* /*records*/, const int8_t* /*w*/, int8_t* /*out*/, const int32_t* /*bias*/,
    const int32_t* /*mult*/, int32_t /*length*/, int32_t /*last*/, int32_t /*mode*/, int32_t /*zp*/,
    int32_t /*shift*/) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #20\n\t"
      "str r0, [sp, #4]\n\t"
      "str r1, [sp, #8]\n\t"
      "str r2, [sp, #12]\n\t"
      "str r3, [sp, #16]\n\t"
      "ldr r4, [sp, #72]\n\t"
      // A channel.
      "10:\n\t"
      "ldr r1, [sp, #8]\n\t"
      "ldr r12, [sp, #16]\n\t"
      "ldr r0, [sp, #4]\n\t"
      "ldr lr, [sp, #56]\n\t"
      "ldm r1!, {r5, r7, r9}\n\t"
      "ldr r2, [r12], #4\n\t"
      "ldr r3, [lr], #4\n\t"
      "str r1, [sp, #8]\n\t"
      "str r12, [sp, #16]\n\t"
      "str lr, [sp, #56]\n\t"
      "ldr r11, [sp, #60]\n\t"
      "ldr lr, [sp, #76]\n\t"
      "ldr r10, [sp, #68]\n\t"
      "ldr r1, [sp, #12]\n\t"
      "add r12, r0, #12\n\t"
      "add r11, r11, r0\n\t"
      "str r12, [sp, #4]\n\t"
      "add r12, r1, #1\n\t"
      "str r11, [sp]\n\t"
      "str r12, [sp, #12]\n\t"
      "sxtb16 r6, r5, ror #8\n\t"
      "sxtb16 r5, r5\n\t"
      "sxtb16 r8, r7, ror #8\n\t"
      "sxtb16 r7, r7\n\t"
      "sxtb16 r9, r9\n\t"
      "cmp lr, #0\n\t"
      "bne 50f\n\t"
      "11:\n\t"
      "cmp r10, #1\n\t"
      "bhi 30f\n\t"
      // Stride 1: the sums of two outputs go from record to record.
      "ldr lr, [r0, #8]\n\t"
      "ldr r12, [r0]\n\t"
      "ldr r11, [r0, #4]\n\t"
      "add r0, #48\n\t"
      "smlad r10, r12, r5, r2\n\t"
      "smlad r10, r11, r6, r10\n\t"
      "smlad r11, r11, r5, r2\n\t"
      "smlad r10, lr, r8, r10\n\t"
      "smlatb r11, lr, r8, r11\n\t"
      "ldr r12, [sp]\n\t"
      "beq 22f\n\t"
      "subs lr, r12, r0\n\t"
      "beq 21f\n\t"
      "lsls lr, lr, #27\n\t"  // negative for an odd number of records
      "bmi 24f\n\t"
      ".macro mote_outputs label\n\t"
      "ldr lr, [r0, #8]\n\t"
      "ldr r12, [r0], #4\n\t"
      "smlad r10, r12, r7, r10\n\t"
      "smlabt r10, lr, r9, r10\n\t"
      "smmlar r10, r10, r3, r4\n\t"
      "ssat r10, #8, r10\n\t"
      "strb r10, [r1], #4\n\t"
      "\\label:\n\t"
      "smlad r11, r12, r6, r11\n\t"
      "smlad r11, lr, r9, r11\n\t"
      "smlad r10, r12, r5, r2\n\t"
      "ldr r12, [r0], #44\n\t"
      "smlad r10, lr, r8, r10\n\t"
      "smlad r11, r12, r7, r11\n\t"
      "smmlar r11, r11, r3, r4\n\t"
      "ssat r11, #8, r11\n\t"
      "strb r11, [r1], #4\n\t"
      "smlad r10, r12, r6, r10\n\t"
      "smlad r11, r12, r5, r2\n\t"
      "smlatb r11, lr, r8, r11\n\t"
      ".endm\n\t"
      ".balign 4\n\t"
      "20:\n\t"
      "mote_outputs 23\n\t"
      "24:\n\t"
      "mote_outputs 25\n\t"
      ".purgem mote_outputs\n\t"
      "ldr r12, [sp]\n\t"
      "cmp r0, r12\n\t"
      "bne 20b\n\t"
      "21:\n\t"
      "ldr r12, [sp, #64]\n\t"
      "cmp r12, #0\n\t"
      "beq 40f\n\t"
      "ldr lr, [r0, #8]\n\t"
      "ldr r12, [r0]\n\t"
      "smlad r10, r12, r7, r10\n\t"
      "smlabt r10, lr, r9, r10\n\t"
      "smmlar r10, r10, r3, r4\n\t"
      "ssat r10, #8, r10\n\t"
      "strb r10, [r1]\n\t"
      "40:\n\t"
      "ldr r0, [sp, #12]\n\t"  // `out` is aligned to four: after the last channel it is again
      "lsls r0, r0, #30\n\t"
      "bne 10b\n\t"
      "add sp, #20\n\t"
      "pop {r4-r11, pc}\n\t"
      "22:\n\t"
      "sub lr, r12, r0\n\t"
      "lsls lr, lr, #27\n\t"
      "ldr lr, [r0, #8]\n\t"
      "ldr r12, [r0], #4\n\t"
      "bmi 25b\n\t"
      "b 23b\n\t"
      // Stride 2: one output per record.
      "30:\n\t"
      "ldr lr, [r0, #8]\n\t"
      "ldr r12, [r0], #4\n\t"
      "adds r11, #4\n\t"
      "smlad r10, r12, r5, r2\n\t"
      "ldr r12, [r0], #44\n\t"
      "smlad r10, lr, r8, r10\n\t"
      "smlad r10, r12, r6, r10\n\t"
      ".balign 4\n\t"
      "31:\n\t"
      "ldr lr, [r0, #8]\n\t"
      "ldr r12, [r0], #4\n\t"
      "smlad r10, r12, r7, r10\n\t"
      "smlabt r10, lr, r9, r10\n\t"
      "smmlar r10, r10, r3, r4\n\t"
      "ssat r10, #8, r10\n\t"
      "strb r10, [r1], #4\n\t"
      "smlad r10, r12, r5, r2\n\t"
      "cmp r0, r11\n\t"
      "ldr r12, [r0], #44\n\t"
      "smlad r10, lr, r8, r10\n\t"
      "smlad r10, r12, r6, r10\n\t"
      "bne 31b\n\t"
      "b 40b\n\t"
      // Shifted weights give shifted sums. Halves: SMLAD cannot, so both are shifted apart.
      "50:\n\t"
      "lsl r2, r2, lr\n\t"
      ".irp r, r5, r6, r7, r8, r9\n\t"
      "asr r12, \\r, #16\n\t"
      "lsl r12, r12, lr\n\t"
      "lsl \\r, \\r, lr\n\t"
      "pkhbt \\r, \\r, r12, lsl #16\n\t"
      ".endr\n\t"
      "b 11b\n\t");
}

// Packs `count` records of four channels from rows at p0, p1, p2, whose columns are step0, step1,
// step2 bytes apart; then one more, if `half`, of a single column (the words of its second column
// are unspecified).
//
// r0 records, r1-r3 rows, r4-r6 steps, r7-r12 and lr words. Stack: 0 end; arguments: 40 step0, 44
// step1, 48 step2, 52 count, 56 half.
__attribute__((naked, noinline)) inline void dsp_pack_columns(
    int8_t* /*records*/, const int8_t* /*p0*/, const int8_t* /*p1*/, const int8_t* /*p2*/,
    int32_t /*step0*/, int32_t /*step1*/, int32_t /*step2*/, int32_t /*count*/, int32_t /*half*/) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #4\n\t"
      "ldr r4, [sp, #40]\n\t"
      "ldr r5, [sp, #44]\n\t"
      "ldr r6, [sp, #48]\n\t"
      "ldr r7, [sp, #52]\n\t"
      "add r8, r7, r7, lsl #1\n\t"
      "add r8, r0, r8, lsl #4\n\t"
      "str r8, [sp]\n\t"
      "cmp r7, #0\n\t"
      "beq 30f\n\t"
      // The halves of words a (bytes 0 and 2, or 1 and 3 of it) and b.
      ".macro mote_halves a, b, at\n\t"
      "sxtb16 r11, \\a\n\t"
      "sxtb16 r12, \\b\n\t"
      "sxtb16 \\a, \\a, ror #8\n\t"
      "sxtb16 \\b, \\b, ror #8\n\t"
      "pkhbt lr, r11, r12, lsl #16\n\t"
      "pkhtb r12, r12, r11, asr #16\n\t"
      "str lr, [r0, #\\at]\n\t"
      "str r12, [r0, #\\at + 24]\n\t"
      "pkhbt lr, \\a, \\b, lsl #16\n\t"
      "pkhtb \\b, \\b, \\a, asr #16\n\t"
      "str lr, [r0, #\\at + 12]\n\t"
      "str \\b, [r0, #\\at + 36]\n\t"
      ".endm\n\t"
      ".balign 4\n\t"
      "20:\n\t"
      "ldr r7, [r1]\n\t"
      "ldr r8, [r2]\n\t"
      "ldr r9, [r1, r4]\n\t"
      "ldr r10, [r2, r5]\n\t"
      "add r1, r1, r4, lsl #1\n\t"
      "add r2, r2, r5, lsl #1\n\t"
      "mote_halves r7, r8, 0\n\t"
      "mote_halves r9, r10, 4\n\t"
      "ldr r7, [r3]\n\t"
      "ldr r8, [r3, r6]\n\t"
      "ldr r9, [sp]\n\t"
      "add r3, r3, r6, lsl #1\n\t"
      "mote_halves r7, r8, 8\n\t"
      "adds r0, #48\n\t"
      "cmp r0, r9\n\t"
      "bne 20b\n\t"
      ".purgem mote_halves\n\t"
      "30:\n\t"
      "ldr r7, [sp, #56]\n\t"
      "cbz r7, 40f\n\t"
      "movs r4, #0\n\t"
      "movs r5, #0\n\t"
      "movs r6, #0\n\t"
      "str r4, [sp, #56]\n\t"
      "add r8, r0, #48\n\t"
      "str r8, [sp]\n\t"
      "b 20b\n\t"
      "40:\n\t"
      "add sp, #4\n\t"
      "pop {r4-r11, pc}\n\t");
}

// Taps of any kernel whose inputs are `step` bytes apart; `bytes` of weights for four channels, and
// what to add to x for the next four.
struct DspRun {
  const int8_t* x;
  int32_t step, bytes, advance;
};
constexpr int32_t kDspRuns = 24;

// 4 * groups channels of a pixel.
//
// r0-r3 and r8-r12, lr: r1 w, r2 run, r8 x, r9 step, r10 end of w, r11 and r12 input and weight, lr
// and r0 their even bytes; r4-r7 sums. Stack: 0 runs, 4 y, 8 bias; arguments: 48 mult, 52 groups,
// 56 end of runs, 60 zp, 64 special, 68 store.
__attribute__((naked, noinline)) inline void dsp_depthwise_4(
    DspRun* /*runs*/, const int8_t* /*w*/, int8_t* /*y*/, const int32_t* /*bias*/,
    const int32_t* /*mult*/, int32_t /*groups*/, const DspRun* /*end*/, int32_t /*zp*/,
    int32_t /*special*/, const DspStore* /*store*/) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #12\n\t"
      "str r0, [sp]\n\t"
      "str r2, [sp, #4]\n\t"
      "str r3, [sp, #8]\n\t"
      "10:\n\t"
      "ldr r3, [sp, #8]\n\t"
      "ldr r2, [sp]\n\t"
      "ldm r3!, {r4-r7}\n\t"
      "str r3, [sp, #8]\n\t"
      "20:\n\t"
      "ldm r2, {r8-r11}\n\t"
      "add r11, r11, r8\n\t"
      "str r11, [r2], #16\n\t"
      "add r10, r10, r1\n\t"
      ".balign 4\n\t"
      "30:\n\t"
      "ldr r11, [r8]\n\t"
      "ldr r12, [r1], #4\n\t"
      "add r8, r8, r9\n\t"
      "sxtb16 lr, r11\n\t"
      "sxtb16 r0, r12\n\t"
      "sxtb16 r11, r11, ror #8\n\t"
      "sxtb16 r12, r12, ror #8\n\t"
      "smlabb r4, lr, r0, r4\n\t"
      "smlatt r6, lr, r0, r6\n\t"
      "smlabb r5, r11, r12, r5\n\t"
      "smlatt r7, r11, r12, r7\n\t"
      "cmp r1, r10\n\t"
      "bne 30b\n\t"
      "ldr r3, [sp, #56]\n\t"
      "cmp r2, r3\n\t"
      "bne 20b\n\t"
      "ldr r3, [sp, #48]\n\t"
      "ldr r2, [sp, #60]\n\t"
      "ldr r0, [sp, #64]\n\t"
      "ldm r3!, {r8-r11}\n\t"
      "str r3, [sp, #48]\n\t"
      "cbnz r0, 50f\n\t"
      "41:\n\t"
      "smmlar r4, r4, r8, r2\n\t"
      "smmlar r5, r5, r9, r2\n\t"
      "smmlar r6, r6, r10, r2\n\t"
      "smmlar r7, r7, r11, r2\n\t"
      "cbnz r0, 51f\n\t"
      "ssat r4, #8, r4\n\t"
      "ssat r5, #8, r5\n\t"
      "ssat r6, #8, r6\n\t"
      "ssat r7, #8, r7\n\t"
      "42:\n\t"
      "ldr r2, [sp, #4]\n\t"
      "ldr r0, [sp, #52]\n\t"
      "strb r5, [r2, #1]\n\t"
      "strb r6, [r2, #2]\n\t"
      "strb r7, [r2, #3]\n\t"
      "strb r4, [r2], #4\n\t"
      "str r2, [sp, #4]\n\t"
      "subs r0, #1\n\t"
      "str r0, [sp, #52]\n\t"
      "bne 10b\n\t"
      "add sp, #12\n\t"
      "pop {r4-r11, pc}\n\t" MOTE_DSP_SPECIAL_4("68"));
}

#endif  // __ARM_FEATURE_DSP

}  // namespace mote::isa
