// Depthwise convolutions on Cortex-M cores with the DSP extension, four channels at a time.
//
// 3x3 kernels, strides 1 and 2: the four channels of a few columns are widened in scratch such that
// one SMLAD takes two taps. A word holds rows 0 and 1 of a channel and column, or row 2 of two
// columns. Then each channel slides along its row with its nine weights in five registers: five
// multiply-adds per output. Both together take about 2 cycles per multiply-add; four channels of a
// pixel tap by tap, as other kernels are done, take 3.
#pragma once
#include "dsp_conv_s8.h"

namespace mote::isa {

struct DspDepthwise {
  int32_t in_w, channels, out_w;
  int32_t kernel_h, kernel_w, stride_w, dilation_w, pad_left, pad_value;
  DspStore store;
};

// 3x3: outputs are made in parts of a row, of this many pairs of columns, so that scratch stays
// small: 48 bytes a pair and four bytes an output.
constexpr int32_t kDspColumnPairs = 13;
// Outputs of n pairs of columns, and pairs of columns for n outputs.
constexpr int32_t dsp_outputs(int32_t pairs, int32_t stride) {
  return stride == 1 ? 2 * pairs - 2 : pairs - 1;
}
constexpr int32_t dsp_column_pairs(int32_t outputs, int32_t stride) {
  return stride == 1 ? (outputs + 3) / 2 : outputs + 1;
}

#if defined(__ARM_FEATURE_DSP)

// Four channels, outputs out[4 * i + channel] for i < count. `records` are pairs of columns, for
// each channel the words of column 0, column 1 and row 2. Weights are [9][4], of which the first
// channel is lane 4 - wrap; after `wrap` channels the next block follows.
//
// r0 records, r1 out, r2 bias, r3 multiplier, r4 zp, r5-r7 rows 0 and 1 of weights, r8 row 2 of
// columns 0 and 1, r9 of 1 and 2, r10 and r11 sums, r12 and lr inputs. Stack: 0 end of records, 4
// records, 8 w, 12 out, 16 bias, 20 channels left; arguments: 72 mult, 76 count, 80 wrap, 84
// stride, 88 zp, 92 shift.
__attribute__((naked, noinline)) inline void dsp_slide_3x3(
    const int8_t* /*records*/, const int8_t* /*w*/, int8_t* /*out*/, const int32_t* /*bias*/,
    const int32_t* /*mult*/, int32_t /*count*/, int32_t /*wrap*/, int32_t /*stride*/,
    int32_t /*zp*/, int32_t /*shift*/) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "sub sp, #36\n\t"
      "str r0, [sp, #4]\n\t"
      "str r1, [sp, #8]\n\t"
      "str r2, [sp, #12]\n\t"
      "str r3, [sp, #16]\n\t"
      "movs r0, #4\n\t"
      "str r0, [sp, #20]\n\t"
      // A channel.
      "10:\n\t"
      "ldr r1, [sp, #8]\n\t"
      "ldr r12, [sp, #16]\n\t"
      "ldr r3, [sp, #72]\n\t"
      "ldr r0, [sp, #92]\n\t"
      "ldr r2, [r12], #4\n\t"
      "ldrsb r5, [r1]\n\t"
      "ldrsb r6, [r1, #4]\n\t"
      "ldrsb r7, [r1, #8]\n\t"
      "ldrsb r10, [r1, #12]\n\t"
      "ldrsb r11, [r1, #16]\n\t"
      "ldrsb lr, [r1, #20]\n\t"
      "ldrsb r8, [r1, #24]\n\t"
      "ldrsb r9, [r1, #28]\n\t"
      "ldrsb r4, [r1, #32]\n\t"
      "str r12, [sp, #16]\n\t"
      "cbz r0, 11f\n\t"
      ".irp r, r2, r4, r5, r6, r7, r8, r9, r10, r11, lr\n\t"
      "lsl \\r, \\r, r0\n\t"
      ".endr\n\t"
      "11:\n\t"
      "pkhbt r5, r5, r10, lsl #16\n\t"
      "pkhbt r6, r6, r11, lsl #16\n\t"
      "pkhbt r7, r7, lr, lsl #16\n\t"
      "pkhbt r8, r8, r9, lsl #16\n\t"
      "pkhbt r9, r9, r4, lsl #16\n\t"
      "ldr lr, [r3], #4\n\t"
      "ldr r12, [sp, #80]\n\t"
      "ldr r0, [sp, #4]\n\t"
      "ldr r4, [sp, #88]\n\t"
      "str r3, [sp, #72]\n\t"
      "mov r3, lr\n\t"
      "adds r1, #1\n\t"
      "subs r12, #1\n\t"
      "it eq\n\t"
      "addeq r1, #32\n\t"
      "str r12, [sp, #80]\n\t"
      "str r1, [sp, #8]\n\t"
      "ldr r1, [sp, #12]\n\t"
      "ldr lr, [sp, #76]\n\t"
      "ldr r10, [sp, #84]\n\t"
      "add r12, r0, #12\n\t"
      "str r12, [sp, #4]\n\t"
      "add r12, r1, #1\n\t"
      "str r12, [sp, #12]\n\t"
      "cmp r10, #2\n\t"
      "beq 30f\n\t"
      // Stride 1: the sums of two outputs go from record to record.
      "lsr r12, lr, #1\n\t"
      "add r12, r12, r12, lsl #1\n\t"
      "add r12, r0, r12, lsl #4\n\t"
      "add r12, r12, #48\n\t"
      "str r12, [sp]\n\t"
      "ldr lr, [r0, #8]\n\t"
      "ldr r12, [r0]\n\t"
      "ldr r11, [r0, #4]\n\t"
      "adds r0, #48\n\t"
      "smlad r10, r12, r5, r2\n\t"
      "smlad r10, r11, r6, r10\n\t"
      "smlad r11, r11, r5, r2\n\t"
      "smlad r10, lr, r8, r10\n\t"
      "smlatb r11, lr, r8, r11\n\t"
      "ldr r12, [sp]\n\t"
      "cmp r0, r12\n\t"
      "beq 21f\n\t"
      ".balign 4\n\t"
      "20:\n\t"
      "ldr lr, [r0, #8]\n\t"
      "ldr r12, [r0], #4\n\t"
      "smlad r10, r12, r7, r10\n\t"
      "smlabt r10, lr, r9, r10\n\t"
      "smmlar r10, r10, r3, r4\n\t"
      "ssat r10, #8, r10\n\t"
      "strb r10, [r1], #4\n\t"
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
      "ldr r12, [sp]\n\t"
      "smlatb r11, lr, r8, r11\n\t"
      "cmp r0, r12\n\t"
      "bne 20b\n\t"
      "21:\n\t"
      "ldr r12, [sp, #76]\n\t"
      "lsls r12, r12, #31\n\t"
      "beq 40f\n\t"
      "ldr lr, [r0, #8]\n\t"
      "ldr r12, [r0]\n\t"
      "smlad r10, r12, r7, r10\n\t"
      "smlabt r10, lr, r9, r10\n\t"
      "smmlar r10, r10, r3, r4\n\t"
      "ssat r10, #8, r10\n\t"
      "strb r10, [r1]\n\t"
      "40:\n\t"
      "ldr r0, [sp, #20]\n\t"
      "subs r0, #1\n\t"
      "str r0, [sp, #20]\n\t"
      "bne 10b\n\t"
      "add sp, #36\n\t"
      "pop {r4-r11, pc}\n\t"
      // Stride 2: one output per record.
      "30:\n\t"
      "add r11, lr, lr, lsl #1\n\t"
      "add r11, r0, r11, lsl #4\n\t"
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
      "b 40b\n\t");
}

namespace dsp {

// Halves: low of a and low of b, high of a and high of b.
MOTE_INLINE uint32_t low_halves(uint32_t a, uint32_t b) {
  uint32_t y;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(y) : "r"(a), "r"(b));
  return y;
}
MOTE_INLINE uint32_t high_halves(uint32_t a, uint32_t b) {
  uint32_t y;
  __asm__("pkhtb %0, %2, %1, asr #16" : "=r"(y) : "r"(a), "r"(b));
  return y;
}

// Word `at` of every channel's three words of a record: the halves are a and b.
MOTE_INLINE void pack_words(int8_t* record, int32_t at, uint32_t a, uint32_t b) {
  const uint32_t a02 = even_bytes(a), b02 = even_bytes(b);
  store_word(record + 4 * at, low_halves(a02, b02));
  store_word(record + 4 * at + 24, high_halves(a02, b02));
  const uint32_t a13 = odd_bytes(a), b13 = odd_bytes(b);
  store_word(record + 4 * at + 12, low_halves(a13, b13));
  store_word(record + 4 * at + 36, high_halves(a13, b13));
}

// Records of columns x and following. A null row is padding.
__attribute__((noinline)) inline void pack_columns(const DspDepthwise& d, const int8_t* const* rows,
                                                   int32_t c, int32_t x, int32_t pairs,
                                                   int8_t* records) {
  const uint32_t pad = (d.pad_value & 255) * 0x01010101u;
  const int8_t* p[3];
  int32_t step[3];
  for (int32_t i = 0; i < 3; ++i) {
    step[i] = rows[i] == nullptr ? 0 : d.channels;
    p[i] = rows[i] == nullptr ? reinterpret_cast<const int8_t*>(&pad) : rows[i] + x * step[i] + c;
  }
  const int8_t *p0 = p[0], *p1 = p[1], *p2 = p[2];
  const int32_t step0 = step[0], step1 = step[1], step2 = step[2];
  for (; pairs > 0; --pairs, x += 2, records += 48) {
    const bool a = x >= 0 && x < d.in_w, b = x >= -1 && x + 1 < d.in_w;
    if (a && b) {
      pack_words(records, 0, load_word(p0), load_word(p1));
      pack_words(records, 1, load_word(p0 + step0), load_word(p1 + step1));
      pack_words(records, 2, load_word(p2), load_word(p2 + step2));
    } else {
      pack_words(records, 0, a ? load_word(p0) : pad, a ? load_word(p1) : pad);
      pack_words(records, 1, b ? load_word(p0 + step0) : pad, b ? load_word(p1 + step1) : pad);
      pack_words(records, 2, a ? load_word(p2) : pad, b ? load_word(p2 + step2) : pad);
    }
    p0 += 2 * step0, p1 += 2 * step1, p2 += 2 * step2;
  }
}

// Four channels of n pixels.
__attribute__((noinline)) inline void store_pixels(const DspStore& store, const int8_t* from,
                                                   int32_t n, int8_t* y, int32_t step) {
  if (store.lo == -128 && store.hi == 127) {
    for (; n > 0; --n, from += 4, y += step) store_word(y, load_word(from));
    return;
  }
  for (; n > 0; --n, from += 4, y += step) {
    for (int32_t i = 0; i < 4; ++i)
      y[i] = static_cast<int8_t>(clamp_i32(from[i], store.lo, store.hi));
  }
}

// An output row of a 3x3 kernel with four channels or more. The last four may overlap those before.
__attribute__((noinline)) inline void depthwise_3x3(const DspDepthwise& d,
                                                    const int8_t* const* rows, const int8_t* w,
                                                    const int32_t* bias, const int32_t* mult,
                                                    int8_t* y, int8_t* scratch) {
  const int32_t most = dsp_outputs(kDspColumnPairs, d.stride_w);
  for (int32_t ox = 0; ox < d.out_w; ox += most) {
    const int32_t count = d.out_w - ox < most ? d.out_w - ox : most;
    const int32_t pairs = dsp_column_pairs(count, d.stride_w);
    int8_t* const out = scratch + 48 * pairs;
    for (int32_t n = 0; n < d.channels; n += 4) {
      const int32_t c = n + 4 > d.channels ? d.channels - 4 : n;
      pack_columns(d, rows, c, ox * d.stride_w - d.pad_left, pairs, scratch);
      dsp_slide_3x3(scratch, w + c / 4 * 36 + c % 4, out, bias + c, mult + c, count, 4 - c % 4,
                    d.stride_w, d.store.zp, d.store.shift);
      store_pixels(d.store, out, count, y + ox * d.channels + c, d.channels);
    }
  }
}

// One channel of one pixel.
__attribute__((noinline)) inline int8_t depthwise_one(const DspDepthwise& d,
                                                      const int8_t* const* rows, const int8_t* w,
                                                      int32_t c, int32_t x, int32_t bias,
                                                      int32_t mult) {
  for (int32_t ky = 0; ky < d.kernel_h; ++ky) {
    for (int32_t kx = 0; kx < d.kernel_w; ++kx, w += 4) {
      const int32_t ix = x + kx * d.dilation_w;
      const bool inside = rows[ky] != nullptr && ix >= 0 && ix < d.in_w;
      bias += (inside ? rows[ky][ix * d.channels + c] : d.pad_value) * *w;
    }
  }
  return static_cast<int8_t>(requantize(d.store, bias, mult));
}

MOTE_INLINE int32_t requantize_dsp(const DspStore& s, int32_t acc, int32_t mult) {
  int32_t y;
  __asm__("smmlar %0, %1, %2, %3" : "=r"(y) : "r"(acc << s.shift), "r"(mult), "r"(s.zp));
  return clamp_i32(y, s.lo, s.hi);
}

// Four channels of a tap.
MOTE_INLINE void tap_of_4(int32_t (&sum)[4], uint32_t x, uint32_t w) {
  const uint32_t x02 = even_bytes(x), w02 = even_bytes(w);
  const uint32_t x13 = odd_bytes(x), w13 = odd_bytes(w);
  __asm__("smlabb %0, %1, %2, %0" : "+r"(sum[0]) : "r"(x02), "r"(w02));
  __asm__("smlatt %0, %1, %2, %0" : "+r"(sum[2]) : "r"(x02), "r"(w02));
  __asm__("smlabb %0, %1, %2, %0" : "+r"(sum[1]) : "r"(x13), "r"(w13));
  __asm__("smlatt %0, %1, %2, %0" : "+r"(sum[3]) : "r"(x13), "r"(w13));
}

// An output row of any kernel.
__attribute__((noinline)) inline void depthwise_any(const DspDepthwise& d,
                                                    const int8_t* const* rows, const int8_t* w,
                                                    const int32_t* bias, const int32_t* mult,
                                                    int8_t* y) {
  const uint32_t pad = (d.pad_value & 255) * 0x01010101u;
  const int32_t step = d.dilation_w * d.channels;
  for (int32_t ox = 0; ox < d.out_w; ++ox, y += d.channels) {
    const int32_t x = ox * d.stride_w - d.pad_left;
    const Range taps = taps_inside(x, d.kernel_w, d.dilation_w, d.in_w);
    const int8_t* wc = w;
    int32_t c = 0;
    for (; c + 4 <= d.channels; c += 4) {
      int32_t sum[4] = {bias[c], bias[c + 1], bias[c + 2], bias[c + 3]};
      for (int32_t ky = 0; ky < d.kernel_h; ++ky) {
        const Range in = rows[ky] == nullptr ? Range{d.kernel_w, d.kernel_w} : taps;
        const int8_t* xc = rows[ky] + (x + in.begin * d.dilation_w) * d.channels + c;
        for (int32_t kx = 0; kx < in.begin; ++kx, wc += 4) tap_of_4(sum, pad, load_word(wc));
        for (int32_t kx = in.begin; kx < in.end; ++kx, wc += 4, xc += step)
          tap_of_4(sum, load_word(xc), load_word(wc));
        for (int32_t kx = in.end; kx < d.kernel_w; ++kx, wc += 4) tap_of_4(sum, pad, load_word(wc));
      }
      for (int32_t i = 0; i < 4; ++i)
        y[c + i] = static_cast<int8_t>(requantize_dsp(d.store, sum[i], mult[c + i]));
    }
    for (; c < d.channels; ++c, ++wc) y[c] = depthwise_one(d, rows, wc, c, x, bias[c], mult[c]);
  }
}

MOTE_INLINE void depthwise_row(const DspDepthwise& d, const int8_t* const* rows, const int8_t* w,
                               const int32_t* bias, const int32_t* mult, int8_t* y,
                               int8_t* scratch) {
  const bool slides = d.kernel_h == 3 && d.kernel_w == 3 && d.dilation_w == 1 && d.stride_w <= 2 &&
                      d.channels >= 4 && d.store.shift <= 8;
  if (slides) return depthwise_3x3(d, rows, w, bias, mult, y, scratch);
  depthwise_any(d, rows, w, bias, mult, y);
}

}  // namespace dsp

#endif  // __ARM_FEATURE_DSP

}  // namespace mote::isa
