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

// The results of n channels of a tile, from the products m.
MOTE_DSP_SHARED void winograd_results(const uint32_t* m, int32_t m_step, const int32_t* bias,
                                      const int32_t* mult, int32_t n, const DspStore& store,
                                      int8_t* y, int32_t row_step, int32_t pixel_step) {
  const bool special = store.shift != 0 || store.lo > -128 || store.hi < 127;
  for (; n > 0; --n, ++m, ++bias, ++mult, ++y) {
    uint32_t t[kWinogradTile][kWinogradWindow];
    const uint32_t* column = m;
    MOTE_NO_UNROLL for (int32_t j = 0; j < kWinogradWindow; ++j, column += m_step) {
      uint32_t p[kWinogradWindow], u[kWinogradTile];
      const uint32_t* from = column;
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i, from += 6 * m_step) p[i] = *from;
      winograd_output(p, u);
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradTile; ++i) t[i][j] = u[i];
    }
    int8_t* row = y;
    MOTE_NO_UNROLL for (int32_t i = 0; i < kWinogradTile; ++i, row += row_step) {
      uint32_t u[kWinogradTile];
      winograd_output(t[i], u);
      int8_t* pixel = row;
      MOTE_UNROLL for (int32_t j = 0; j < kWinogradTile; ++j, pixel += pixel_step) {
        const int32_t acc = *bias + winograd_sum(u[j]);
        if (special) {
          *pixel = static_cast<int8_t>(requantize(store, acc, *mult));
        } else {
          int32_t r;
          __asm__("smmlar %0, %1, %2, %3\n\tssat %0, #8, %0"
                  : "=r"(r)
                  : "r"(acc), "r"(*mult), "r"(store.zp));
          *pixel = static_cast<int8_t>(r);
        }
      }
    }
  }
}

// Where a tile lies.
struct WinogradTile {
  const int8_t* x;
  int8_t* y;
  int32_t oy, ox;
};

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
      copy(to, from, width * pixel);
    } else {
      for (int32_t j = 0; j < width; ++j, from += d.in_c, to += pixel) copy(to, from, d.in_c);
    }
  }
  winograd_inputs(patch, kWinogradWindow * pixel, pixel, quads, v, v_step);
}

// The results of n channels from `channel` on of a tile.
inline void winograd_store(const DspWinograd& d, const WinogradTile& tile, const uint32_t* m,
                           int32_t m_step, const int32_t* bias, const int32_t* mult,
                           int32_t channel, int32_t n) {
  const int32_t height = d.out_h - tile.oy, width = d.out_w - tile.ox;
  int8_t* y = tile.y + (tile.oy * d.out_w + tile.ox) * d.out_c + channel;
  const int32_t row = d.out_w * d.out_c;
  if (height >= kWinogradTile && width >= kWinogradTile) {
    winograd_results(m, m_step, bias + channel, mult + channel, n, d.store, y, row, d.out_c);
    return;
  }
  int8_t all[kWinogradTile][kWinogradTile][kWinogradChannels];
  winograd_results(m, m_step, bias + channel, mult + channel, n, d.store, all[0][0],
                   kWinogradTile * kWinogradChannels, kWinogradChannels);
  for (int32_t i = 0; i < kWinogradTile && i < height; ++i)
    for (int32_t j = 0; j < kWinogradTile && j < width; ++j)
      for (int32_t c = 0; c < n; ++c) y[i * row + j * d.out_c + c] = all[i][j][c];
}

// A layer. Scratch: dsp_winograd_scratch() bytes.
MOTE_DSP_SHARED void winograd(const DspWinograd& d, const int8_t* x, const int16_t* w,
                              const int32_t* bias, const int32_t* mult, int8_t* y,
                              int8_t* scratch) {
  const int32_t words = winograd_words(d.in_c), step = dsp_winograd_step(d.in_c);
  uint32_t* const v = reinterpret_cast<uint32_t*>(scratch);
  int8_t* const patch = scratch + 4 * kWinogradPoints * step;
  WinogradTile tile{x, y, 0, 0};
  for (int32_t b = 0; b < d.batch;) {
    WinogradTile pair[2];
    int32_t count = 0;
    for (; count < 2 && b < d.batch; ++count) {
      pair[count] = tile;
      winograd_load(d, tile, v + count, step, patch);
      tile.ox += kWinogradTile;
      if (tile.ox < d.out_w) continue;
      tile.ox = 0, tile.oy += kWinogradTile;
      if (tile.oy < d.out_h) continue;
      tile.oy = 0, ++b;
      tile.x += d.in_h * d.in_w * d.in_c, tile.y += d.out_h * d.out_w * d.out_c;
    }
    const int16_t* block = w;
    for (int32_t n = 0; n < d.out_c; n += kWinogradChannels) {
      dsp_winograd_products(v, block, words);
      block += kWinogradPoints * words * 2 * kWinogradChannels;
      const int32_t left = d.out_c - n < kWinogradChannels ? d.out_c - n : kWinogradChannels;
      for (int32_t i = 0; i < count; ++i)
        winograd_store(d, pair[i], v + 2 * words + 4 * i, step, bias, mult, n, left);
    }
  }
}

}  // namespace dsp

#endif  // MOTE_ISA_DSP_WINOGRAD

}  // namespace mote::isa
