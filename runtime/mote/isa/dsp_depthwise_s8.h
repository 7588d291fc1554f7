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
      "pop {r4-r11, pc}\n\t"
      "50:\n\t"
      "ldr r0, [sp, #68]\n\t"
      "ldr r12, [r0, #12]\n\t"
      "lsl r4, r4, r12\n\t"
      "lsl r5, r5, r12\n\t"
      "lsl r6, r6, r12\n\t"
      "lsl r7, r7, r12\n\t"
      "b 41b\n\t"
      "51:\n\t"
      "ldr r3, [r0, #4]\n\t"
      "ldr r2, [r0, #8]\n\t"
      ".irp r, r4, r5, r6, r7\n\t"
      "cmp \\r, r3\n\t"
      "it lt\n\t"
      "movlt \\r, r3\n\t"
      "cmp \\r, r2\n\t"
      "it gt\n\t"
      "movgt \\r, r2\n\t"
      ".endr\n\t"
      "b 42b\n\t");
}

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

// Four channels of n pixels.
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
          int8_t* pixel = row;
          for (const int8_t *f = from, *stop = f + 4 * count; f != stop; f += 4) {
            store_word(pixel, load_word(f));
            pixel += channels;
          }
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
