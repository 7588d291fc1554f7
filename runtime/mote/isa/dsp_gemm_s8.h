// The matrix tile of Cortex-M cores with the DSP extension: two pixels by four output channels. It
// multiplies pairs of pixels with every block of four channels; dsp_one_s8.h does so with one.
//
// A word of weights holds k and k + 2 of two channels n, n + 1, as halves 256 * w[n + 1] + w[n]
// (`pairs` in pack_s8.h). SMLAD with the word itself sums 256 * S[n + 1] + S[n], and with its low
// bytes, one SXTB16 later, S[n]: the difference is 256 * S[n + 1], exact modulo 2^32 as long as
// |S[n + 1]| < 2^23. That holds for 512 inputs (128 * 127 * 512); longer sums are cut there. It
// takes half of the SXTB16 that separate words per channel would, and half of the registers for
// weights, so that the tile of eight sums fits: 15 cycles and 14 instructions per 16 multiply-adds.
//
// The functions are naked assembly. They need all 14 registers, which no compiler grants a block
// of assembly reliably, and compilers' own schedules take 1.5 to 2 times as long.
#pragma once
#include "../requant.h"

// A body that all layers share. GCC would make copies for the constants of some callers.
#if defined(__clang__)
#define MOTE_DSP_SHARED __attribute__((noinline)) inline
#else
#define MOTE_DSP_SHARED __attribute__((noinline, noclone)) inline
#endif

namespace mote::isa {

// What the tiles read of a shape.
struct DspStore {
  int32_t zp, lo, hi, shift;
};

// Sums of more inputs than this are cut, see above.
constexpr int32_t kDspQuads = 128;

#if defined(__ARM_FEATURE_DSP)

// Quads that the loops of the tiles take at a time, a power of two and at most 8, less one. Four in
// place of eight are 750 bytes less for 1.3 % more cycles.
#ifdef __OPTIMIZE_SIZE__
#define MOTE_DSP_LAST_QUAD "3"
#else
#define MOTE_DSP_LAST_QUAD "7"
#endif

// Four sums r4-r7 where they shift (50, back to 41) or results clamp otherwise than to int8 (51,
// back to 42, with r0 the DspStore as 50 leaves it). The DspStore's address is at [sp, #STORE].
// clang-format off
#define MOTE_DSP_SPECIAL_4(STORE) \
  "50:\n\t" \
  "ldr r0, [sp, #" STORE "]\n\t" \
  "ldr r12, [r0, #12]\n\t" \
  "lsl r4, r4, r12\n\tlsl r5, r5, r12\n\tlsl r6, r6, r12\n\tlsl r7, r7, r12\n\t" \
  "b 41b\n\t" \
  "51:\n\t" \
  "ldr r3, [r0, #4]\n\t" \
  "ldr r2, [r0, #8]\n\t" \
  ".irp r, r4, r5, r6, r7\n\t" \
  "cmp \\r, r3\n\tit lt\n\tmovlt \\r, r3\n\t" \
  "cmp \\r, r2\n\tit gt\n\tmovgt \\r, r2\n\t" \
  ".endr\n\t" \
  "b 42b\n\t"
// clang-format on

namespace dsp {

// The operands of a product with k inputs and n outputs. Assembly reads it: members are 4 bytes
// each, from w at 0 to store at 36.
struct Matrix {
  const int8_t* w;
  const int32_t *bias, *mult;
  int32_t k, n, y_step, quads;
  int32_t special;  // the store shifts or clamps to less than int8, or sums are cut
  int32_t zp;
  const DspStore* store;

  MOTE_INLINE Matrix(const int8_t* weights, const int32_t* biases, const int32_t* multipliers,
                     int32_t inputs, int32_t outputs, int32_t step, const DspStore* how)
      : w(weights),
        bias(biases),
        mult(multipliers),
        k(inputs),
        n(outputs),
        y_step(step),
        quads((k + 3) / 4),
        special(how->shift != 0 || how->lo > -128 || how->hi < 127 || quads > kDspQuads),
        zp(how->zp),
        store(how) {}
};

}  // namespace dsp

// y[i * y_step + j], pixels i < 2 * pairs and 4 * blocks channels, special as in Matrix. x: two
// pixels as int16, four inputs at a time: k, k + 2 of the first, of the second, then k + 1, k + 3
// of each. With a `source`, int8 pixels that follow one another, each pair is widened to x first;
// then k must be a multiple of four. Without one, there is one pair.
//
// r0 x, r1 w, r2 and r3 weights, r12 and lr inputs; r4-r11 sums A0 A1 B0 B1 C0 C1 D0 D1, of pixels
// 0 and 1: B, D are channels 0 and 2, A and C the combined sums. Stack: 0 end of x, 4 x, 8 y, 12
// bias, 16 parts of cut sums, 32 quads left, 36 where the loop of this many quads begins, 40 store,
// 44 quads, 48 blocks left, 52 mult, 56 y_step, 60 zp, 64 special, 68 g, 72 blocks, 76 y of the
// pair; arguments: 116 source, 120 pairs left.
__attribute__((naked, noinline)) inline void dsp_tile_2x4(int16_t* /*x*/, const dsp::Matrix* /*g*/,
                                                          int8_t* /*y*/, int32_t /*blocks*/,
                                                          const int8_t* /*source*/,
                                                          int32_t /*pairs*/) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #80\n\t"
      "str r1, [sp, #68]\n\t"
      "add r1, #20\n\t"
      "ldm r1, {r7-r11}\n\t"
      "str r0, [sp, #4]\n\t"
      "str r2, [sp, #8]\n\t"
      "str r3, [sp, #72]\n\t"
      "str r2, [sp, #76]\n\t"
      "str r7, [sp, #56]\n\t"
      "str r10, [sp, #60]\n\t"
      "str r9, [sp, #64]\n\t"
      "str r11, [sp, #40]\n\t"
      "str r8, [sp, #44]\n\t"
      "rsb r2, r8, #0\n\t"
      "and r2, r2, #" MOTE_DSP_LAST_QUAD
      "\n\t"
      "mov r3, #112\n\t"  // bytes of code for a quad
      "adr r4, 30f\n\t"
      "mla r2, r2, r3, r4\n\t"
      "adds r2, #57\n\t"  // behind the first half, in Thumb state
      "str r2, [sp, #36]\n\t"
      "add r2, r0, r8, lsl #4\n\t"
      "str r2, [sp]\n\t"
      // A pair of pixels.
      "5:\n\t"
      "ldr r1, [sp, #116]\n\t"
      "ldr r0, [sp, #4]\n\t"
      "cbz r1, 7f\n\t"
      "ldr r3, [sp, #44]\n\t"
      "add r2, r1, r3, lsl #2\n\t"
      "add r3, r0, r3, lsl #4\n\t"
      "6:\n\t"
      "ldr r5, [r1], #4\n\t"
      "ldr r6, [r2], #4\n\t"
      "sxtb16 r7, r5\n\t"
      "sxtb16 r8, r6\n\t"
      "sxtb16 r9, r5, ror #8\n\t"
      "sxtb16 r10, r6, ror #8\n\t"
      "stm r0!, {r7-r10}\n\t"
      "cmp r0, r3\n\t"
      "bne 6b\n\t"
      "str r2, [sp, #116]\n\t"
      "7:\n\t"
      "ldr r2, [sp, #68]\n\t"
      "ldr r5, [sp, #72]\n\t"
      "ldm r2, {r1, r3, r4}\n\t"
      "ldr r6, [sp, #64]\n\t"
      "str r3, [sp, #12]\n\t"
      "str r4, [sp, #52]\n\t"
      "str r5, [sp, #48]\n\t"
      "cmp r6, #0\n\t"
      "beq 20f\n\t"
      // The first part of the sums, and zeros for the parts.
      "10:\n\t"
      "ldr r3, [sp, #44]\n\t"
      "ldr r0, [sp, #4]\n\t"
      "mov r2, r3\n\t"
      "cmp r3, #128\n\t"
      "itt hi\n\t"
      "andhi r2, r3, #7\n\t"
      "addhi r2, #120\n\t"
      "subs r3, r3, r2\n\t"
      "add r2, r0, r2, lsl #4\n\t"
      "str r2, [sp]\n\t"
      "str r3, [sp, #32]\n\t"
      "movs r2, #0\n\t"
      "str r2, [sp, #16]\n\t"
      "str r2, [sp, #20]\n\t"
      "str r2, [sp, #24]\n\t"
      "str r2, [sp, #28]\n\t"
      // A block of four channels.
      "20:\n\t"
      "ldr r3, [sp, #12]\n\t"
      "ldr r0, [sp, #4]\n\t"
      "ldr r2, [sp, #36]\n\t"
      "ldr r4, [r3]\n\t"
      "ldr r8, [r3, #8]\n\t"
      // The first half of a quad, which needs no copies of biases.
      "ldr r3, [r1], #4\n\t"
      "ldr r6, [r1], #4\n\t"
      "ldr r12, [r0], #4\n\t"
      "ldr lr, [r0], #4\n\t"
      "sxtb16 r7, r3\n\t"
      "sxtb16 r11, r6\n\t"
      "smlad r9, lr, r6, r8\n\t"
      "smlad r10, r12, r11, r8\n\t"
      "smlad r11, lr, r11, r8\n\t"
      "smlad r8, r12, r6, r8\n\t"
      "smlad r5, lr, r3, r4\n\t"
      "smlad r6, r12, r7, r4\n\t"
      "smlad r7, lr, r7, r4\n\t"
      "smlad r4, r12, r3, r4\n\t"
      "bx r2\n\t"
      ".macro mote_half\n\t"
      "ldr r3, [r1], #4\n\t"
      "ldr r2, [r1], #4\n\t"
      "ldr r12, [r0], #4\n\t"
      "ldr lr, [r0], #4\n\t"
      "smlad r4, r12, r3, r4\n\t"
      "smlad r5, lr, r3, r5\n\t"
      "smlad r8, r12, r2, r8\n\t"
      "smlad r9, lr, r2, r9\n\t"
      "sxtb16 r3, r3\n\t"
      "sxtb16 r2, r2\n\t"
      "smlad r6, r12, r3, r6\n\t"
      "smlad r7, lr, r3, r7\n\t"
      "smlad r10, r12, r2, r10\n\t"
      "smlad r11, lr, r2, r11\n\t"
      ".endm\n\t"
      ".balign 4\n\t"
      "30:\n\t"
      ".rept 2 + 2 * " MOTE_DSP_LAST_QUAD
      "\n\t"
      "mote_half\n\t"
      ".endr\n\t"
      ".purgem mote_half\n\t"
      "ldr r3, [sp]\n\t"
      "cmp r0, r3\n\t"
      "bne 30b\n\t"
      // Results: r3 bias, r12 mult, r2 zp.
      "ldr r0, [sp, #64]\n\t"
      "ldr r3, [sp, #12]\n\t"
      "ldr r12, [sp, #52]\n\t"
      "ldr r2, [sp, #60]\n\t"
      "sub r4, r4, r6\n\t"
      "sub r5, r5, r7\n\t"
      "sub r8, r8, r10\n\t"
      "sub r9, r9, r11\n\t"
      "cmp r0, #0\n\t"
      "bne 50f\n\t"
      "ldr r0, [r3, #4]\n\t"
      "ldr lr, [r3, #12]\n\t"
      "adds r3, #16\n\t"
      "add r4, r0, r4, asr #8\n\t"
      "add r5, r0, r5, asr #8\n\t"
      "add r8, lr, r8, asr #8\n\t"
      "add r9, lr, r9, asr #8\n\t"
      "str r3, [sp, #12]\n\t"
      "ldm r12!, {r0, r3, lr}\n\t"
      "smmlar r6, r6, r0, r2\n\t"
      "smmlar r7, r7, r0, r2\n\t"
      "ldr r0, [r12], #4\n\t"
      "smmlar r4, r4, r3, r2\n\t"
      "smmlar r5, r5, r3, r2\n\t"
      "smmlar r10, r10, lr, r2\n\t"
      "smmlar r11, r11, lr, r2\n\t"
      "smmlar r8, r8, r0, r2\n\t"
      "smmlar r9, r9, r0, r2\n\t"
      "str r12, [sp, #52]\n\t"
      "ssat r4, #8, r4\n\t"
      "ssat r5, #8, r5\n\t"
      "ssat r6, #8, r6\n\t"
      "ssat r7, #8, r7\n\t"
      "ssat r8, #8, r8\n\t"
      "ssat r9, #8, r9\n\t"
      "ssat r10, #8, r10\n\t"
      "ssat r11, #8, r11\n\t"
      "ldr r3, [sp, #8]\n\t"
      "ldr r2, [sp, #56]\n\t"
      "ldr r0, [sp, #48]\n\t"
      "add r2, r2, r3\n\t"
      "strb r8, [r3, #3]\n\t"
      "strb r10, [r3, #2]\n\t"
      "strb r4, [r3, #1]\n\t"
      "strb r6, [r3], #4\n\t"
      "strb r7, [r2]\n\t"
      "strb r5, [r2, #1]\n\t"
      "strb r11, [r2, #2]\n\t"
      "strb r9, [r2, #3]\n\t"
      "str r3, [sp, #8]\n\t"
      "subs r0, #1\n\t"
      "str r0, [sp, #48]\n\t"
      "bne 20b\n\t"
      "41:\n\t"
      "ldr r0, [sp, #120]\n\t"
      "ldr r2, [sp, #76]\n\t"
      "ldr r3, [sp, #56]\n\t"
      "subs r0, #1\n\t"
      "beq 42f\n\t"
      "add r2, r2, r3, lsl #1\n\t"
      "str r0, [sp, #120]\n\t"
      "str r2, [sp, #76]\n\t"
      "str r2, [sp, #8]\n\t"
      "b 5b\n\t"
      "42:\n\t"
      "add sp, #80\n\t"
      "pop {r4-r11, pc}\n\t"
      // The same with cut sums, shift and clamp. r0, r2, r3, r12, lr are free.
      "50:\n\t"
      "ldr r0, [sp, #16]\n\t"
      "ldr r2, [sp, #20]\n\t"
      "ldr r12, [sp, #24]\n\t"
      "ldr lr, [sp, #28]\n\t"
      "add r4, r0, r4, asr #8\n\t"
      "add r5, r2, r5, asr #8\n\t"
      "add r8, r12, r8, asr #8\n\t"
      "add r9, lr, r9, asr #8\n\t"
      "ldr r0, [sp, #32]\n\t"
      "cbz r0, 51f\n\t"
      "str r4, [sp, #16]\n\t"
      "str r5, [sp, #20]\n\t"
      "str r8, [sp, #24]\n\t"
      "str r9, [sp, #28]\n\t"
      "mov r2, r0\n\t"
      "cmp r2, #128\n\t"
      "it hi\n\t"
      "movhi r2, #128\n\t"
      "subs r3, r0, r2\n\t"
      "ldr r0, [sp]\n\t"
      "str r3, [sp, #32]\n\t"
      "add r2, r0, r2, lsl #4\n\t"
      "str r2, [sp]\n\t"
      "mov r4, r6\n\t"
      "mov r5, r7\n\t"
      "mov r8, r10\n\t"
      "mov r9, r11\n\t"
      "b 30b\n\t"
      "51:\n\t"
      "ldr r0, [r3, #4]\n\t"
      "ldr lr, [r3, #12]\n\t"
      "adds r3, #16\n\t"
      "str r3, [sp, #12]\n\t"
      "ldr r3, [sp, #40]\n\t"
      "add r4, r4, r0\n\t"
      "add r5, r5, r0\n\t"
      "add r8, r8, lr\n\t"
      "add r9, r9, lr\n\t"
      "ldr r0, [r3, #12]\n\t"
      "ldr r12, [sp, #52]\n\t"
      "ldr r2, [sp, #60]\n\t"
      "ldr lr, [r12, #4]\n\t"
      ".macro mote_scale p, q\n\t"
      "lsl \\p, \\p, r0\n\t"
      "lsl \\q, \\q, r0\n\t"
      "smmlar \\p, \\p, lr, r2\n\t"
      "smmlar \\q, \\q, lr, r2\n\t"
      ".endm\n\t"
      "mote_scale r4, r5\n\t"
      "ldr lr, [r12, #8]\n\t"
      "mote_scale r10, r11\n\t"
      "ldr lr, [r12, #12]\n\t"
      "mote_scale r8, r9\n\t"
      "ldr lr, [r12], #16\n\t"
      "mote_scale r6, r7\n\t"
      ".purgem mote_scale\n\t"
      "str r12, [sp, #52]\n\t"
      "ldr r0, [r3, #4]\n\t"
      "ldr r2, [r3, #8]\n\t"
      ".irp r, r4, r5, r6, r7, r8, r9, r10, r11\n\t"
      "cmp \\r, r0\n\t"
      "it lt\n\t"
      "movlt \\r, r0\n\t"
      "cmp \\r, r2\n\t"
      "it gt\n\t"
      "movgt \\r, r2\n\t"
      ".endr\n\t"
      "ldr r3, [sp, #8]\n\t"
      "ldr r2, [sp, #56]\n\t"
      "ldr r0, [sp, #48]\n\t"
      "add r2, r2, r3\n\t"
      "strb r8, [r3, #3]\n\t"
      "strb r10, [r3, #2]\n\t"
      "strb r4, [r3, #1]\n\t"
      "strb r6, [r3], #4\n\t"
      "strb r7, [r2]\n\t"
      "strb r5, [r2, #1]\n\t"
      "strb r11, [r2, #2]\n\t"
      "strb r9, [r2, #3]\n\t"
      "str r3, [sp, #8]\n\t"
      "subs r0, #1\n\t"
      "str r0, [sp, #48]\n\t"
      "bne 10b\n\t"
      "b 41b\n\t");
}

#endif  // __ARM_FEATURE_DSP

}  // namespace mote::isa
