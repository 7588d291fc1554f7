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

// Weights of 3x3 kernels: 12 bytes a channel, of which SXTB16 makes the five words that
// dsp_slide_3x3 multiplies with; where the weight of a tap is among them. (That of tap 7 is there
// twice, see pack_depthwise.)
constexpr int32_t kDsp3x3[9] = {0, 1, 4, 2, 3, 6, 5, 7, 10};
constexpr bool dsp_is_3x3(int32_t kernel_h, int32_t kernel_w) {
  return kernel_h == 3 && kernel_w == 3;
}
// Other kernels: blocks of four channels, [taps][4].
constexpr int64_t dsp_depthwise_index(int32_t kernel_h, int32_t kernel_w, int64_t c, int64_t tap) {
  return dsp_is_3x3(kernel_h, kernel_w) ? c * 12 + kDsp3x3[tap]
                                        : (c / 4 * kernel_h * kernel_w + tap) * 4 + c % 4;
}
// Whether outputs of a 3x3 kernel are made by sliding along the row. Shifted weights fit 16 bits.
template <class S>
constexpr bool dsp_slides(const S& s) {
  return dsp_is_3x3(s.kernel_h, s.kernel_w) && s.dilation_w == 1 && s.stride_w <= 2 &&
         s.multiplier == 1 && s.in_c >= 4 && s.shift <= 8;
}

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
      "ldr r4, [sp, #72]\n\t"
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
      "23:\n\t"
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
      "ldr lr, [r0, #8]\n\t"
      "ldr r12, [r0], #4\n\t"
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
      "ldr r7, [r3]\n\t"
      "ldr r8, [r3, r6]\n\t"
      "mote_halves r9, r10, 4\n\t"
      "add r3, r3, r6, lsl #1\n\t"
      "ldr r9, [sp]\n\t"
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

namespace dsp {

// The two halves of a word.
MOTE_INLINE uint32_t twice(int32_t v) { return (v & 0xffff) * 0x10001u; }

// A record of padding.
MOTE_INLINE void pad_record(int8_t* record, uint32_t pad) {
  for (int32_t i = 0; i < 12; ++i) store_word(record + 4 * i, pad);
}

// The rows under an output row: a null row stays at one word of padding.
struct Columns {
  const int8_t* p[3];
  int32_t step[3];
  uint32_t padding;

  Columns(const DspDepthwise& d, const int8_t* const* rows)
      : padding((d.pad_value & 255) * 0x01010101u) {
    for (int32_t i = 0; i < 3; ++i) {
      p[i] = rows[i] == nullptr ? reinterpret_cast<const int8_t*>(&padding) : rows[i];
      step[i] = rows[i] == nullptr ? 0 : d.channels;
    }
  }
  const int8_t* at(int32_t row, int32_t c, int32_t x) const {
    return p[row] + (step[row] == 0 ? 0 : x * step[row] + c);
  }
};

// Records of columns x and following, of four channels. Those that are all padding are the same
// for all channels: they are written where `first`.
__attribute__((noinline)) inline void pack_columns(const DspDepthwise& d, const Columns& columns,
                                                   int32_t c, int32_t x, int32_t pairs, bool first,
                                                   int8_t* records) {
  const uint32_t pad = twice(d.pad_value);
  for (; pairs > 0 && x < -1; --pairs, x += 2, records += 48) {
    if (first) pad_record(records, pad);
  }
  if (pairs > 0 && x == -1) {  // the first column is padding
    dsp_pack_columns(records, columns.at(0, c, 0), columns.at(1, c, 0), columns.at(2, c, 0), 0, 0,
                     0, 1, 0);
    for (int32_t i = 0; i < 48; i += 12) {
      store_word(records + i, pad);
      const int16_t value = static_cast<int16_t>(d.pad_value);
      memcpy(records + i + 8, &value, 2);
    }
    --pairs, x += 2, records += 48;
  }
  if (pairs > 0 && x < d.in_w) {
    const int32_t left = d.in_w - x;
    const int32_t whole = left / 2 < pairs ? left / 2 : pairs;
    const bool half = whole < pairs && left % 2 != 0;
    dsp_pack_columns(records, columns.at(0, c, x), columns.at(1, c, x), columns.at(2, c, x),
                     columns.step[0], columns.step[1], columns.step[2], whole, half);
    records += 48 * whole;
    pairs -= whole;
    if (half) {  // the second column is padding
      for (int32_t i = 0; i < 48; i += 12) {
        store_word(records + i + 4, pad);
        const int16_t value = static_cast<int16_t>(d.pad_value);
        memcpy(records + i + 10, &value, 2);
      }
      records += 48;
      --pairs;
    }
  }
  for (; pairs > 0; --pairs, records += 48) {
    if (first) pad_record(records, pad);
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
  const Columns columns(d, rows);
  for (int32_t ox = 0; ox < d.out_w; ox += most) {
    const int32_t count = d.out_w - ox < most ? d.out_w - ox : most;
    // With stride 1, pairs begin at even columns: most have no column of padding then.
    int32_t x = ox * d.stride_w - d.pad_left, mode = 2, length = 48 * (count + 1), last = 0;
    if (d.stride_w == 1) {
      mode = x & 1;
      x -= mode;
      length = 48 + (count + mode) / 2 * 48;
      last = (count + mode) & 1;
    } else {
      length = 48 * count;
    }
    const int32_t pairs = dsp_column_pairs(count + (d.stride_w == 1 ? mode : 0), d.stride_w);
    int8_t* const out = scratch + 48 * pairs;
    for (int32_t n = 0; n < d.channels; n += 4) {
      const int32_t c = n + 4 > d.channels ? d.channels - 4 : n;
      pack_columns(d, columns, c, x, pairs, n == 0, scratch);
      dsp_slide_3x3(scratch, w + 12 * c, out, bias + c, mult + c, length, last, mode, d.store.zp,
                    d.store.shift);
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

}  // namespace dsp

#endif  // __ARM_FEATURE_DSP

}  // namespace mote::isa
