// Depthwise convolutions on Cortex-M cores with the DSP extension, four channels at a time.
//
// 3x3 kernels of strides 1 and 2 slide along their rows (dsp_slide_s8.h): 3.4 to 4.5 cycles per
// multiply-add in all, on images 48 to 5 columns wide. Four channels of a pixel tap by tap, as
// other kernels are done, take 3.75 in the innermost loop alone.
#pragma once
#include "dsp_conv_s8.h"
#include "dsp_slide_s8.h"

namespace mote::isa {

struct DspDepthwise {
  int32_t in_w, channels, out_w;
  int32_t kernel_h, kernel_w, stride_w, dilation_w, pad_left, pad_value;
  DspStore store;
};

// 3x3 kernels: outputs are made in parts of a row, or a few narrow rows together, of about this
// many pairs of columns, so that scratch stays small: 48 bytes a pair and four bytes an output.
constexpr int32_t kDspColumnPairs = 13;

// How the outputs of a row, or of several, lie in scratch.
struct DspRows {
  int32_t mode;     // see dsp_slide_3x3
  int32_t pairs;    // of columns for one row
  int32_t period;   // pairs from one row to the next, which may share one of padding
  int32_t outputs;  // outputs from one row to the next; the last ones are of no use
  int32_t rows;     // rows together

  // Of `count` outputs from column x on.
  constexpr DspRows(int32_t x, int32_t count, int32_t in_w, int32_t stride, int32_t most_rows)
      : mode(stride == 1 ? x & 1 : 2),
        pairs(stride == 1 ? (count + mode + 3) / 2 : count + 1),
        period(pairs),
        outputs(0),
        rows(1) {
    const bool shares = mode == 1 && x == -1 && x - 1 + 2 * pairs > in_w;
    if (shares) --period;
    outputs = stride == 1 ? 2 * period : period;
    while (rows < most_rows && rows * period + pairs <= kDspColumnPairs) ++rows;
  }
  constexpr int32_t all_pairs() const { return (rows - 1) * period + pairs; }
  constexpr int32_t all_outputs(int32_t count) const { return (rows - 1) * outputs + count; }
};
// Outputs of a row that are made at a time.
constexpr int32_t dsp_most_outputs(int32_t stride) {
  return stride == 1 ? 2 * kDspColumnPairs - 2 : kDspColumnPairs - 1;
}
constexpr int32_t kDspMostRows = 6;

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

namespace dsp {

// The two halves of a word.
MOTE_INLINE uint32_t twice(int32_t v) { return (v & 0xffff) * 0x10001u; }

// A record of padding.
MOTE_INLINE void pad_record(int8_t* record, uint32_t pad) {
  for (int32_t i = 0; i < 12; ++i) store_word(record + 4 * i, pad);
}
// Column 0 or 1 of a record.
MOTE_INLINE void pad_column(int8_t* record, int32_t column, uint32_t pad) {
  for (int32_t i = 0; i < 48; i += 12) {
    store_word(record + i + 4 * column, pad);
    memcpy(record + i + 8 + 2 * column, &pad, 2);
  }
}

// The records under a part of an output row: some of padding, perhaps one with a first column of
// padding, whole ones, perhaps one with a second column of padding, and some of padding.
struct Part {
  int32_t before, left, whole, right, after, x;

  Part(const DspDepthwise& d, int32_t first_x, int32_t pairs) : x(first_x) {
    before = x < -1 ? (-x) / 2 : 0;
    if (before > pairs) before = pairs;
    pairs -= before, x += 2 * before;
    left = pairs > 0 && x == -1;
    pairs -= left;
    const int32_t columns = d.in_w - (x + 2 * left);
    whole = columns > 0 ? columns / 2 : 0;
    if (whole > pairs) whole = pairs;
    right = whole < pairs && columns > 0 && columns % 2 != 0;
    after = pairs - whole - right;
  }
};

// Four channels of n > 0 pixels, `step` bytes apart. GCC computes addresses anew for each.
MOTE_INLINE void copy_pixels(int8_t* y, const int8_t* from, int32_t n, int32_t step) {
  const int8_t* const end = from + 4 * (n & ~1);
  uint32_t first, second;
  __asm__ volatile(
      "b 2f\n"
      "1:\n\t"
      "ldr %[first], [%[from]], #4\n\t"
      "ldr %[second], [%[from]], #4\n\t"
      "str %[first], [%[y]]\n\t"
      "str %[second], [%[y], %[step]]\n\t"
      "add %[y], %[y], %[step], lsl #1\n"
      "2:\n\t"
      "cmp %[from], %[end]\n\t"
      "bne 1b\n\t"
      : [y] "+r"(y), [from] "+r"(from), [first] "=&r"(first), [second] "=&r"(second)
      : [end] "r"(end), [step] "r"(step)
      : "cc", "memory");
  if (n & 1) store_word(y, load_word(from));
}
MOTE_DSP_SHARED void store_clamped(const DspStore& store, const int8_t* from, int32_t n, int8_t* y,
                                   int32_t step) {
  for (; n > 0; --n, from += 4, y += step) {
    for (int32_t i = 0; i < 4; ++i)
      y[i] = static_cast<int8_t>(clamp_i32(from[i], store.lo, store.hi));
  }
}

// Output rows of a 3x3 kernel with four channels or more, from three input rows for each; more than
// one only where whole rows fit. The last four channels may overlap those before.
MOTE_DSP_SHARED void depthwise_3x3(const DspDepthwise& d, const int8_t* const* rows,
                                   int32_t count_y, const int8_t* w, const int32_t* bias,
                                   const int32_t* mult, int8_t* y, int8_t* scratch) {
  struct Source {
    const int8_t* p;  // where it begins; a null row stays at one word of padding
    int32_t step, c_step;
  } source[3 * kDspMostRows];
  const uint32_t pad_bytes = (d.pad_value & 255) * 0x01010101u, pad = twice(d.pad_value);
  const bool clamps = d.store.lo > -128 || d.store.hi < 127;
  const int32_t zp = d.store.zp, shift = d.store.shift, channels = d.channels;
  const int32_t most = dsp_most_outputs(d.stride_w), y_step = d.out_w * channels;
  for (int32_t ox = 0; ox < d.out_w; ox += most) {
    const int32_t count = d.out_w - ox < most ? d.out_w - ox : most;
    const int32_t x = ox * d.stride_w - d.pad_left;
    const DspRows layout(x, count, d.in_w, d.stride_w, count_y);
    // With stride 1, pairs begin at even columns: most have no column of padding then.
    const Part part(d, layout.mode == 1 ? x - 1 : x, layout.pairs);
    const int32_t shared = layout.pairs - layout.period;
    const int32_t all = (count_y - 1) * layout.outputs + count;
    const int32_t odd = layout.mode == 2 ? 0 : (all + layout.mode) & 1;
    const int32_t length = layout.mode == 2 ? 48 * all : 48 + (all + layout.mode) / 2 * 48;
    int8_t* const out = scratch + 48 * ((count_y - 1) * layout.period + layout.pairs);
    const int32_t packed = 48 * (part.before + part.left + part.whole + part.right);
    for (int32_t r = 0; r < count_y; ++r) {
      int8_t* const to = scratch + 48 * r * layout.period;
      for (int32_t i = r > 0 ? shared : 0; i < part.before; ++i) pad_record(to + 48 * i, pad);
      for (int32_t i = 0; i < part.after; ++i) pad_record(to + packed + 48 * i, pad);
      for (int32_t i = 3 * r; i < 3 * r + 3; ++i) {
        if (rows[i] == nullptr) {
          source[i] = {reinterpret_cast<const int8_t*>(&pad_bytes), 0, 0};
        } else {
          source[i] = {rows[i] + (part.x + 2 * part.left) * channels, channels, 1};
        }
      }
    }
    for (int32_t n = 0; n < channels; n += 4) {
      const int32_t c = n + 4 > channels ? channels - 4 : n;
      int8_t* to = scratch + 48 * part.before;
      for (const Source *s = source, *end = s + 3 * count_y; s != end; s += 3) {
        const int8_t *p0 = s[0].p + c * s[0].c_step, *p1 = s[1].p + c * s[1].c_step;
        const int8_t* p2 = s[2].p + c * s[2].c_step;
        if (part.left) {
          dsp_pack_columns(to, p0 - s[0].step, p1 - s[1].step, p2 - s[2].step, 0, 0, 0, 1, 0);
          pad_column(to, 0, pad);
        }
        dsp_pack_columns(to + 48 * part.left, p0, p1, p2, s[0].step, s[1].step, s[2].step,
                         part.whole, part.right);
        if (part.right) pad_column(to + 48 * (part.left + part.whole), 1, pad);
        to += 48 * layout.period;
      }
      dsp_slide_3x3(scratch, w + 12 * c, out, bias + c, mult + c, length, odd, layout.mode, zp,
                    shift);
      int8_t* row = y + ox * channels + c;
      const int8_t* from = out;
      for (int32_t r = 0; r < count_y; ++r, row += y_step, from += 4 * layout.outputs) {
        if (clamps) {
          store_clamped(d.store, from, count, row, channels);
        } else {
          copy_pixels(row, from, count, channels);
        }
      }
    }
  }
}

// One channel of one pixel.
MOTE_DSP_SHARED int8_t depthwise_one(const DspDepthwise& d, const int8_t* const* rows,
                                     const int8_t* w, int32_t c, int32_t x, int32_t bias,
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

// An output row of a kernel of at most kDspRuns runs, without those of 3x3.
MOTE_DSP_SHARED void depthwise_any(const DspDepthwise& d, const int8_t* const* rows,
                                   const int8_t* w, const int32_t* bias, const int32_t* mult,
                                   int8_t* y) {
  const uint32_t pad = (d.pad_value & 255) * 0x01010101u;
  const int32_t groups = d.channels / 4, taps_4 = 4 * d.kernel_h * d.kernel_w;
  const int32_t special = d.store.shift != 0 || d.store.lo > -128 || d.store.hi < 127;
  for (int32_t ox = 0; ox < d.out_w; ++ox, y += d.channels) {
    const int32_t x = ox * d.stride_w - d.pad_left;
    const Range taps = taps_inside(x, d.kernel_w, d.dilation_w, d.in_w);
    if (groups > 0) {
      DspRun runs[kDspRuns];
      DspRun* end = runs;
      const auto add_padding = [&](int32_t n) {
        if (n > 0) *end++ = {reinterpret_cast<const int8_t*>(&pad), 0, 4 * n, 0};
      };
      for (int32_t ky = 0; ky < d.kernel_h; ++ky) {
        const Range in = rows[ky] == nullptr ? Range{d.kernel_w, d.kernel_w} : taps;
        add_padding(in.begin);
        if (in.begin < in.end) {
          *end++ = {rows[ky] + (x + in.begin * d.dilation_w) * d.channels,
                    d.dilation_w * d.channels, 4 * (in.end - in.begin), 4};
        }
        add_padding(d.kernel_w - in.end);
      }
      dsp_depthwise_4(runs, w, y, bias, mult, groups, end, d.store.zp, special, &d.store);
    }
    for (int32_t c = 4 * groups; c < d.channels; ++c)
      y[c] = depthwise_one(d, rows, w + groups * taps_4 + c % 4, c, x, bias[c], mult[c]);
  }
}

}  // namespace dsp

#endif  // __ARM_FEATURE_DSP

}  // namespace mote::isa
