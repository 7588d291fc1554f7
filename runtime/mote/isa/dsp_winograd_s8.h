// Convolutions in Winograd's form (winograd.h) on Cortex-M cores with the DSP extension.
//
// Two tiles at a time: their transformed inputs go to scratch, 36 points of as many words as pairs
// of input channels, each of the first tile beside the second's, and behind each point room for
// the products with four output channels. Naked assembly, for the same reasons as in
// dsp_gemm_s8.h, makes these of all points, 16 cycles for 16 multiply-adds.
#pragma once
#include <string.h>

#include "../winograd.h"
#include "dsp_conv_s8.h"

#if defined(__ARM_FEATURE_DSP)
#define MOTE_ISA_DSP_WINOGRAD 1
#else
#define MOTE_ISA_DSP_WINOGRAD 0
#endif

namespace mote::isa {

// Words from point to point: inputs of two tiles, products of two by four.
constexpr int32_t dsp_winograd_step(int32_t in_c) { return 2 * winograd_words(in_c) + 8; }

// That, and the inputs of a tile as int8 where they are not all inside the image.
constexpr int64_t dsp_winograd_scratch(int32_t in_c) {
  return kWinogradPoints * (4 * dsp_winograd_step(in_c) + 2 * winograd_words(in_c));
}

struct DspWinograd {
  int32_t batch, in_h, in_w, in_c, out_h, out_w, out_c, pad_top, pad_left, pad_value;
  DspStore store;
};

#if MOTE_ISA_DSP_WINOGRAD

// The products of two tiles with a block of weights, at all points. v as described above, `words`
// the pairs of input channels, an even number.
//
// r0 v, r1 w, r2 and r3 inputs, r12 and lr weights, r4-r7 sums of the first tile, r8-r11 of the
// second. Stack: 0 end of w, 4 bytes of v without products, 8 where the loop begins, 12 end of the
// inputs of the point.
__attribute__((naked, noinline)) inline void dsp_winograd_products(uint32_t* /*v*/,
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

namespace dsp {

// How results of a tile are made and where they go. Assembly reads it: members are 4 bytes each,
// from m_step at 0 to row_step at 24.
struct WinogradResults {
  int32_t m_step;                    // bytes from point to point of the products
  uint32_t factor;                   // inverse of 9, shifted as the store shifts
  int32_t zp, pixel_step, row_step;  // steps in bytes
  const int32_t *bias, *mult;
};

}  // namespace dsp

// The results of n channels of a tile, from its products m, clamped to int8.
//
// First columns: r0 and r1 products of rows 0 and 3 of the points, r2 and r3 bytes to the next row
// and column, r4-r11 products and sums. Then rows: r0 y, r1 factor, r2 bias, r3 mult, r12 zp, lr
// pixel_step. Stack: 0 columns [4][6], 96 m, 100 how, 104 y, 108 n left, 112 bias, 116 mult, 120
// bytes to the third result of the next row.
__attribute__((naked, noinline)) inline void dsp_winograd_results(
    const uint32_t* /*m*/, const dsp::WinogradResults* /*how*/, int8_t* /*y*/, int32_t /*n*/) {
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

namespace dsp {

MOTE_INLINE uint32_t even_unsigned(uint32_t x) {
  uint32_t y;
  __asm__("uxtb16 %0, %1" : "=r"(y) : "r"(x));
  return y;
}
MOTE_INLINE uint32_t odd_unsigned(uint32_t x) {
  uint32_t y;
  __asm__("uxtb16 %0, %1, ror #8" : "=r"(y) : "r"(x));
  return y;
}

// The inputs of a tile to v, transformed. x: 6x6 pixels, steps in bytes; `quads` fours of channels.
MOTE_DSP_SHARED void winograd_inputs(const int8_t* x, int32_t row_step, int32_t pixel_step,
                                     int32_t quads, uint32_t* v, int32_t v_step) {
  for (; quads > 0; --quads, x += 4, v += 4) {
    uint32_t t[2][kWinogradPoints];
    MOTE_NO_UNROLL for (int32_t j = 0; j < kWinogradWindow; ++j) {
      const int8_t* from = x + j * pixel_step;
      uint32_t word[kWinogradWindow], d[kWinogradWindow], u[kWinogradWindow];
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i, from += row_step) word[i] =
          load_word(from) ^ 0x80808080;
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i) d[i] = even_unsigned(word[i]);
      winograd_input(d, u);
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i) t[0][i * 6 + j] = u[i];
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i) d[i] = odd_unsigned(word[i]);
      winograd_input(d, u);
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i) t[1][i * 6 + j] = u[i];
    }
    const uint32_t* from = t[0];
    MOTE_NO_UNROLL for (int32_t half = 0; half < 2; ++half) {
      uint32_t* to = v + 2 * half;
      MOTE_NO_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i, from += 6) {
        uint32_t u[kWinogradWindow];
        winograd_input(from, u);
        MOTE_UNROLL for (int32_t j = 0; j < kWinogradWindow; ++j, to += v_step)* to =
            u[j] + ((u[j] & 0x8000) << 1);
      }
    }
  }
}

// As dsp_winograd_results(), clamped otherwise.
MOTE_DSP_SHARED void winograd_clamped(const uint32_t* m, const WinogradResults& how, int8_t* y,
                                      int32_t n, int32_t lo, int32_t hi) {
  const int32_t step = how.m_step / 4, pixel_step = how.pixel_step;
  for (int32_t c = 0; c < n; ++c, ++m, ++y) {
    uint32_t t[kWinogradTile][kWinogradWindow];
    MOTE_NO_UNROLL for (int32_t j = 0; j < kWinogradWindow; ++j) {
      uint32_t p[kWinogradWindow], u[kWinogradTile];
      const uint32_t* from = m + j * step;
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i, from += 6 * step) p[i] = *from;
      winograd_output(p, u);
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradTile; ++i) t[i][j] = u[i];
    }
    const int32_t bias = how.bias[c], mult = how.mult[c], zp = how.zp;
    const uint32_t factor = how.factor;
    int8_t* row = y;
    MOTE_NO_UNROLL for (int32_t i = 0; i < kWinogradTile; ++i, row += how.row_step) {
      uint32_t u[kWinogradTile];
      int8_t* pixel = row;
      winograd_output(t[i], u);
      MOTE_NO_UNROLL for (int32_t j = 0; j < kWinogradTile; ++j, pixel += pixel_step) {
        int32_t r;
        __asm__("smmlar %0, %1, %2, %3"
                : "=r"(r)
                : "r"(bias + (static_cast<int32_t>(u[j] * factor) >> 6)), "r"(mult), "r"(zp));
        *pixel = static_cast<int8_t>(clamp_i32(r, lo, hi));
      }
    }
  }
}

MOTE_INLINE void winograd_results(const DspStore& store, const uint32_t* m,
                                  const WinogradResults& how, int8_t* y, int32_t n) {
  if (store.lo > -128 || store.hi < 127) {
    winograd_clamped(m, how, y, n, store.lo, store.hi);
  } else {
    dsp_winograd_results(m, &how, y, n);
  }
}

// Where a tile lies.
struct WinogradTile {
  const int8_t* x;
  int8_t* y;
  int32_t oy, ox;
};

// A multiple of four bytes.
MOTE_INLINE void copy_fours(int8_t* to, const int8_t* from, int32_t n) {
  const int8_t* const end = from + n;
  for (; end - from >= 16; to += 16, from += 16) {
    const uint32_t a = load_word(from), b = load_word(from + 4);
    const uint32_t c = load_word(from + 8), d = load_word(from + 12);
    store_word(to, a), store_word(to + 4, b), store_word(to + 8, c), store_word(to + 12, d);
  }
  for (; from < end; to += 4, from += 4) store_word(to, load_word(from));
}

// The inputs of a tile, from the image or, where they are not all inside it or no fours, from a
// copy with padding.
inline void winograd_load(const DspWinograd& d, const WinogradTile& tile, uint32_t* v,
                          int32_t v_step, int8_t* patch) {
  const int32_t iy = tile.oy - d.pad_top, ix = tile.ox - d.pad_left;
  const int32_t row = d.in_w * d.in_c, quads = (d.in_c + 3) / 4;
  const Range rows = taps_inside(iy, kWinogradWindow, 1, d.in_h);
  const Range columns = taps_inside(ix, kWinogradWindow, 1, d.in_w);
  const int32_t height = rows.end - rows.begin, width = columns.end - columns.begin;
  const bool fours = d.in_c % 4 == 0;
  if (fours && height == kWinogradWindow && width == kWinogradWindow) {
    winograd_inputs(tile.x + iy * row + ix * d.in_c, row, d.in_c, quads, v, v_step);
    return;
  }
  const int32_t pixel = 4 * quads;
  memset(patch, d.pad_value, static_cast<size_t>(kWinogradPoints * pixel));
  for (int32_t i = rows.begin; i < rows.end && width > 0; ++i) {
    const int8_t* from = tile.x + (iy + i) * row + (ix + columns.begin) * d.in_c;
    int8_t* to = patch + (i * kWinogradWindow + columns.begin) * pixel;
    if (fours) {
      copy_fours(to, from, width * pixel);
    } else {
      for (int32_t j = 0; j < width; ++j, from += d.in_c, to += pixel) copy(to, from, d.in_c);
    }
  }
  winograd_inputs(patch, kWinogradWindow * pixel, pixel, quads, v, v_step);
}

// The results of a tile that the image cuts.
MOTE_DSP_SHARED void winograd_cut(const DspStore& store, const uint32_t* m, WinogradResults how,
                                  int8_t* y, int32_t n, int32_t height, int32_t width) {
  int8_t all[kWinogradTile][kWinogradTile][kWinogradChannels];
  const int32_t row_step = how.row_step, pixel_step = how.pixel_step;
  how.row_step = sizeof all[0], how.pixel_step = sizeof all[0][0];
  winograd_results(store, m, how, all[0][0], n);
  for (int32_t i = 0; i < kWinogradTile && i < height; ++i)
    for (int32_t j = 0; j < kWinogradTile && j < width; ++j)
      for (int32_t c = 0; c < n; ++c) y[i * row_step + j * pixel_step + c] = all[i][j][c];
}

// A layer. Scratch: dsp_winograd_scratch() bytes.
MOTE_DSP_SHARED void winograd(const DspWinograd& d, const int8_t* x, const int16_t* w,
                              const int32_t* bias, const int32_t* mult, int8_t* y,
                              int8_t* scratch) {
  const int32_t words = winograd_words(d.in_c), step = dsp_winograd_step(d.in_c);
  uint32_t* const v = reinterpret_cast<uint32_t*>(scratch);
  int8_t* const patch = scratch + 4 * kWinogradPoints * step;
  WinogradResults how{
      4 * step, kInverseOf9 << d.store.shift, d.store.zp, d.out_c, d.out_w * d.out_c, nullptr,
      nullptr};
  WinogradTile tile{x, y, 0, 0};
  for (int32_t b = 0; b < d.batch;) {
    WinogradTile pair[2];
    int32_t count = 0;
    for (; count < 2 && b < d.batch; ++count) {
      pair[count] = tile;
      pair[count].y += (tile.oy * d.out_w + tile.ox) * d.out_c;
      winograd_load(d, tile, v + count, step, patch);
      tile.ox += kWinogradTile;
      if (tile.ox < d.out_w) continue;
      tile.ox = 0, tile.oy += kWinogradTile;
      if (tile.oy < d.out_h) continue;
      tile.oy = 0, ++b;
      tile.x += d.in_h * d.in_w * d.in_c, tile.y += d.out_h * d.out_w * d.out_c;
    }
    const int16_t* block = w;
    how.bias = bias, how.mult = mult;
    for (int32_t left = d.out_c; left > 0; left -= kWinogradChannels) {
      dsp_winograd_products(v, block, words);
      const int32_t n = left < kWinogradChannels ? left : kWinogradChannels;
      for (int32_t i = 0; i < count; ++i) {
        const int32_t height = d.out_h - pair[i].oy, width = d.out_w - pair[i].ox;
        const uint32_t* const m = v + 2 * words + kWinogradChannels * i;
        if (height < kWinogradTile || width < kWinogradTile) {
          winograd_cut(d.store, m, how, pair[i].y, n, height, width);
        } else {
          winograd_results(d.store, m, how, pair[i].y, n);
        }
        pair[i].y += n;
      }
      block += kWinogradPoints * words * 2 * kWinogradChannels;
      how.bias += n, how.mult += n;
    }
  }
}

}  // namespace dsp

#endif  // MOTE_ISA_DSP_WINOGRAD

}  // namespace mote::isa
