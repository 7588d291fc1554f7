// Depthwise convolution in Helium with kernels of 3x3, or of one row of up to 16 taps. There is no
// multiply-add of vector by vector, so lanes are taps, not channels: four lines of bytes are
// interleaved in scratch to one word per channel and column. They are three input rows, or one row
// at four columns. The window of one channel is then four words that one gather loads and one
// VMLADAVA multiplies: 0.6 instructions per multiplication of a 3x3 kernel with everything else,
// where lanes of channels take 0.8, most of them to widen sums.
#pragma once
#include "mve_elementwise_s8.h"
#include "mve_gemm_s8.h"
#include "scalar.h"

namespace mote::isa::mve_depthwise {

// Weights: sixteen bytes per channel, four columns of four lines, those beyond the kernel zero.
// Channels are filled up to a multiple of 4.
constexpr int32_t kTaps = 16;
constexpr bool by_taps(int32_t kernel_h, int32_t kernel_w) {
  return (kernel_h == 3 && kernel_w == 3) || (kernel_h == 1 && kernel_w >= 2 && kernel_w <= kTaps);
}
constexpr int32_t tap_index(int32_t kernel_h, int32_t ky, int32_t kx) {
  return kernel_h == 1 ? kx : kx * 4 + ky;
}

// Scratch holds sixteen channels of the columns under a block of outputs. Above stride 2 a block is
// one output.
constexpr int32_t kChunk = 16, kColumnBytes = 4 * kChunk;
template <class S>
constexpr int32_t block_outputs(const S& s) {
  const int32_t most = s.stride_w == 1 ? 16 : s.stride_w == 2 ? 8 : 1;
  return s.out_w >= most ? most : s.out_w;
}
// Columns between the words of a window.
template <class S>
constexpr int32_t word_gap(const S& s) {
  return s.kernel_h == 1 ? 4 * s.dilation_w : s.dilation_w;
}
// Columns under `outputs` outputs, of which the last window has `words` words.
template <class S>
constexpr int32_t columns(const S& s, int32_t outputs, int32_t words) {
  return (outputs - 1) * s.stride_w + (words - 1) * word_gap(s) + 1;
}
template <class S>
constexpr int32_t used_words(const S& s) {
  return s.kernel_h == 1 ? (s.kernel_w + 3) / 4 : 3;
}
template <class S>
constexpr int64_t scratch_bytes(const S& s) {
  return int64_t{kColumnBytes} * columns(s, block_outputs(s), 4);
}

#if defined(__ARM_FEATURE_MVE)

// Interleaves `count` columns of `channels` <= 16 channels.
MOTE_MVE_ASSEMBLY inline void interleave(const int8_t* /*row0*/, const int8_t* /*row1*/,
                                         const int8_t* /*row2*/, int8_t* /*to*/, int32_t /*count*/,
                                         int32_t /*channels*/, int32_t /*step0*/, int32_t /*step1*/,
                                         int32_t /*step2*/) {
  __asm__ volatile(
      "push {r4-r6, lr}\n\t"
      "ldrd r4, r5, [sp, #16]\n\t"
      "vctp.8 r5\n\t"
      "dls lr, r4\n\t"
      "ldrd r4, r5, [sp, #24]\n\t"
      "ldr r6, [sp, #32]\n"
      "1:\n\t"
      "vpsttt\n\t"
      "vldrbt.u8 q0, [r0]\n\t"
      "vldrbt.u8 q1, [r1]\n\t"
      "vldrbt.u8 q2, [r2]\n\t"
      "add r0, r0, r4\n\t"
      "vst40.8 {q0, q1, q2, q3}, [r3]\n\t"
      "add r1, r1, r5\n\t"
      "vst41.8 {q0, q1, q2, q3}, [r3]\n\t"
      "add r2, r2, r6\n\t"
      "vst42.8 {q0, q1, q2, q3}, [r3]\n\t"
      "vst43.8 {q0, q1, q2, q3}, [r3]!\n\t"
      "le lr, 1b\n\t"
      "pop {r4-r6, pc}" ::
          : "memory");
}

// The same for four lines that advance alike.
MOTE_MVE_ASSEMBLY inline void interleave4(const int8_t* /*line0*/, const int8_t* /*line1*/,
                                          const int8_t* /*line2*/, const int8_t* /*line3*/,
                                          int8_t* /*to*/, int32_t /*count*/, int32_t /*channels*/,
                                          int32_t /*step*/) {
  __asm__ volatile(
      "push {r4-r6, lr}\n\t"
      "ldrd r4, lr, [sp, #16]\n\t"
      "ldrd r5, r6, [sp, #24]\n\t"
      "vctp.8 r5\n\t"
      "dls lr, lr\n"
      "1:\n\t"
      "vpstttt\n\t"
      "vldrbt.u8 q0, [r0]\n\t"
      "vldrbt.u8 q1, [r1]\n\t"
      "vldrbt.u8 q2, [r2]\n\t"
      "vldrbt.u8 q3, [r3]\n\t"
      "add r0, r0, r6\n\t"
      "add r1, r1, r6\n\t"
      "vst40.8 {q0, q1, q2, q3}, [r4]\n\t"
      "add r2, r2, r6\n\t"
      "vst41.8 {q0, q1, q2, q3}, [r4]\n\t"
      "add r3, r3, r6\n\t"
      "vst42.8 {q0, q1, q2, q3}, [r4]\n\t"
      "vst43.8 {q0, q1, q2, q3}, [r4]!\n\t"
      "le lr, 1b\n\t"
      "pop {r4-r6, pc}" ::
          : "memory");
}

// Two pixels, `pixel` bytes apart in scratch, by four channels. [q3, #advance]! steps to the next
// two as it loads.
#define MOTE_MVE_DW_BEGIN(advance) \
  "push {r4-r11, lr}\n\t"          \
  "vpush {d8-d15}\n\t"             \
  "sub sp, sp, #64\n\t"            \
  "strd r0, r1, [sp, #48]\n\t"     \
  "strd r2, r3, [sp, #56]\n\t"     \
  "movs r0, #0\n\t"                \
  "mov r2, #0x00010001\n\t"        \
  "ldr r1, [sp, #180]\n\t"         \
  "vidup.u32 q0, r0, #1\n\t"       \
  "lsls r3, r1, #16\n\t"           \
  "vmul.i32 q1, q0, r2\n\t"        \
  "vadd.i32 q1, q1, r3\n\t"        \
  "vstrw.32 q1, [sp, #16]\n\t"     \
  "ldr r3, [sp, #196]\n\t"         \
  "mov r2, #" advance              \
  "\n\t"                           \
  "vmul.i32 q0, q0, r3\n\t"        \
  "vsub.i32 q0, q0, r2\n\t"        \
  "vstrw.32 q0, [sp, #32]\n\t"     \
  "lsls r1, r1, #1\n\t"            \
  "ldrd r5, r7, [sp, #184]\n"      \
  "1:\n\t"                         \
  "add r0, sp, #48\n\t"            \
  "ldm r0, {r0, r2, r4, r6}\n\t"   \
  "vldrw.u32 q4, [r2], #16\n\t"    \
  "vldrw.u32 q5, [r2], #16\n\t"    \
  "vldrw.u32 q6, [r2], #16\n\t"    \
  "vldrw.u32 q7, [r2], #16\n\t"    \
  "vldrw.u32 q0, [r4], #16\n\t"    \
  "vldrw.u32 q2, [r6], #16\n\t"    \
  "vldrw.u32 q3, [sp, #32]\n\t"    \
  "vstrw.32 q0, [sp]\n\t"          \
  "vadd.i32 q3, q3, r0\n\t"        \
  "adds r0, r0, #16\n\t"           \
  "add r8, sp, #48\n\t"            \
  "stm r8, {r0, r2, r4, r6}\n\t"   \
  "ldrd r8, r10, [sp, #164]\n\t"   \
  "ldr r3, [sp, #172]\n\t"         \
  "mov r11, r8\n\t"                \
  "vctp.16 r10\n\t"                \
  "adds r8, r8, #4\n\t"            \
  "subs r10, r10, #8\n\t"          \
  "strd r8, r10, [sp, #164]\n"
// The sums of one pixel, and of a second one into q1.
#define MOTE_MVE_DW_FIRST(advance) \
  "ldm sp, {r0, r2, r4, r6}\n\t"   \
  "vldrw.u32 q0, [q3, #" advance   \
  "]!\n\t"                         \
  "vldrw.u32 q1, [q3, #4]\n\t"     \
  "vmladava.s8 r0, q0, q4\n\t"     \
  "vldrw.u32 q0, [q3, #8]\n\t"     \
  "vmladava.s8 r2, q1, q5\n\t"     \
  "vldrw.u32 q1, [q3, #12]\n\t"    \
  "vmladava.s8 r4, q0, q6\n\t"     \
  "vmladava.s8 r6, q1, q7\n\t"
#define MOTE_MVE_DW_SECOND(a, b, c, d) \
  "ldm sp, {r8, r10, r12, lr}\n\t"     \
  "vldrw.u32 q0, [q3, #" a             \
  "]\n\t"                              \
  "vldrw.u32 q1, [q3, #" b             \
  "]\n\t"                              \
  "vmladava.s8 r8, q0, q4\n\t"         \
  "vldrw.u32 q0, [q3, #" c             \
  "]\n\t"                              \
  "vmladava.s8 r10, q1, q5\n\t"        \
  "vldrw.u32 q1, [q3, #" d             \
  "]\n\t"                              \
  "vmladava.s8 r12, q0, q6\n\t"        \
  "vmladava.s8 lr, q1, q7\n\t"

// `pairs` pairs of outputs of up to sixteen channels, and one output more if `odd` is not 0.
#define MOTE_MVE_DW_PARAMETERS                                                                 \
  const int8_t* /*scratch*/, const int8_t* /*w*/, const int32_t* /*bias*/,                     \
      const int32_t* /*mult*/, int8_t* /*y*/, int32_t /*2 * channels*/, int32_t /*pairs*/,     \
      int32_t /*odd*/, int32_t /*y_step*/, int32_t /*zp*/, int32_t /*above*/, int32_t /*top*/, \
      int32_t /*gap*/, int32_t /*shift*/

// `shift` acts on sums, `narrow` on sixteen-bit results.
#define MOTE_MVE_DW_FUNCTION(name, advance, a, b, c, d, shift, narrow)         \
  MOTE_MVE_ASSEMBLY inline void name(MOTE_MVE_DW_PARAMETERS) {                 \
    __asm__ volatile(                                                        \
        MOTE_MVE_DW_BEGIN(advance)                                           \
        "cmp r3, #0\n\t"                                                     \
        "beq 4f\n"                                                           \
        "2:\n\t" MOTE_MVE_DW_FIRST(advance) MOTE_MVE_DW_SECOND(a, b, c, d)   \
        MOTE_MVE_SUMS shift("q0") shift("q1")                                \
        "vrmulh.s32 q0, q0, q2\n\t"                                          \
        "vrmulh.s32 q1, q1, q2\n\t"                                          \
        "vqmovnb.s32 q0, q0\n\t"                                             \
        "vqmovnt.s32 q0, q1\n\t"                                             \
        "vldrw.u32 q1, [sp, #16]\n\t"                                        \
        "vqadd.s16 q0, q0, r5\n\t" narrow                                    \
        "vpst\n\t"                                                           \
        "vstrbt.16 q0, [r11, q1]\n\t"                                        \
        "add r11, r11, r1\n\t"                                               \
        "subs r3, r3, #1\n\t"                                                \
        "bne 2b\n"                                                           \
        "4:\n\t"                                                             \
        "ldr r0, [sp, #176]\n\t"                                             \
        "cmp r0, #0\n\t"                                                     \
        "beq 3f\n\t" MOTE_MVE_DW_FIRST(advance)                              \
        "vmov q0[2], q0[0], r0, r4\n\t"                                      \
        "vmov q0[3], q0[1], r2, r6\n\t" shift("q0")                          \
        "vrmulh.s32 q0, q0, q2\n\t"                                          \
        "mov r0, r11\n\t"                                                    \
        "vqmovnb.s32 q0, q0\n\t"                                             \
        "vqadd.s16 q0, q0, r5\n\t" narrow                                    \
        "vpst\n\t"                                                           \
        "vstrbt.32 q0, [r0]\n"                                               \
        "3:\n\t"                                                             \
        "ldr r0, [sp, #168]\n\t"                                             \
        "cmp r0, #0\n\t"                                                     \
        "bgt 1b\n\t"                                                         \
        "add sp, sp, #64\n\t"                                                \
        "vpop {d8-d15}\n\t"                                                  \
        "pop {r4-r11, pc}" ::                                                \
            : "memory"); \
  }

// For each stride, results of the whole range of int8, and any: the clamp by saturation and three
// constants (zp: less lo; above: 255 - (hi - lo); top: hi - 255), and a shift before.
#define MOTE_MVE_DW_NO_SHIFT(q) ""
#define MOTE_MVE_DW_SHIFT(q) "ldr r9, [sp, #200]\n\tvshl.s32 " q ", r9\n\t"
#define MOTE_MVE_DW_WHOLE "vqmovnb.s16 q0, q0\n\t"
#define MOTE_MVE_DW_ANY     \
  "vqmovunb.s16 q0, q0\n\t" \
  "ldr r9, [sp, #192]\n\t"  \
  "vqadd.u8 q0, q0, r7\n\t" \
  "vadd.i8 q0, q0, r9\n\t"
MOTE_MVE_DW_FUNCTION(whole_stride1, "128", "64", "68", "72", "76", MOTE_MVE_DW_NO_SHIFT,
                     MOTE_MVE_DW_WHOLE)
MOTE_MVE_DW_FUNCTION(whole_stride2, "256", "128", "132", "136", "140", MOTE_MVE_DW_NO_SHIFT,
                     MOTE_MVE_DW_WHOLE)
MOTE_MVE_DW_FUNCTION(any_stride1, "128", "64", "68", "72", "76", MOTE_MVE_DW_SHIFT, MOTE_MVE_DW_ANY)
MOTE_MVE_DW_FUNCTION(any_stride2, "256", "128", "132", "136", "140", MOTE_MVE_DW_SHIFT,
                     MOTE_MVE_DW_ANY)

// Interleaves columns ix and following of `channels` channels of three rows, with padding.
MOTE_MVE_SHARED inline void fill_columns(const int8_t* const* rows, int32_t in_w, int32_t in_c,
                                         int32_t pad_value, int32_t ix, int32_t count, int32_t c0,
                                         int32_t channels, int8_t* to) {
  const int32_t left = ix < 0 ? (-ix < count ? -ix : count) : 0;
  const int32_t end = in_w - ix < count ? in_w - ix : count;
  const int32_t inside = end > left ? end - left : 0;
  if (left > 0) mve_elementwise::fill(to, pad_value, left * kColumnBytes);
  to += left * kColumnBytes;
  if (inside > 0) {
    int8_t padding[kChunk];
    mve_elementwise::fill(padding, pad_value, kChunk);
    const int8_t* line[3];
    int32_t step[3];
    for (int32_t i = 0; i < 3; ++i) {
      line[i] = rows[i] == nullptr ? padding : rows[i] + (ix + left) * in_c + c0;
      step[i] = rows[i] == nullptr ? 0 : in_c;
    }
    interleave(line[0], line[1], line[2], to, inside, channels, step[0], step[1], step[2]);
  }
  const int32_t right = count - left - inside;
  to += inside * kColumnBytes;
  if (right > 0) mve_elementwise::fill(to, pad_value, right * kColumnBytes);
}

// The same for one row at columns ix, ix + dilation, + 2 * dilation and + 3 * dilation. Where not
// all four exist, columns are interleaved one by one.
MOTE_MVE_SHARED inline void fill_shifted(const int8_t* row, int32_t in_w, int32_t in_c,
                                         int32_t pad_value, int32_t dilation, int32_t ix,
                                         int32_t count, int32_t c0, int32_t channels, int8_t* to) {
  if (row == nullptr) return mve_elementwise::fill(to, pad_value, count * kColumnBytes);
  int8_t padding[kChunk];
  mve_elementwise::fill(padding, pad_value, kChunk);
  while (count > 0) {
    const int32_t room = in_w - 3 * dilation - ix;
    const bool all = ix >= 0 && room > 0;
    const int32_t run = all ? (room < count ? room : count) : 1;
    const int8_t* line[4];
    for (int32_t i = 0; i < 4; ++i) {
      const int32_t at = ix + i * dilation;
      line[i] = at >= 0 && at < in_w ? row + at * in_c + c0 : padding;
    }
    interleave4(line[0], line[1], line[2], line[3], to, run, channels, in_c);
    ix += run, count -= run, to += run * kColumnBytes;
  }
}

// One row of outputs.
template <class S>
MOTE_INLINE void row_by_taps(const S& s, const int8_t* const* rows, const int8_t* w,
                             const int32_t* bias, const int32_t* mult, int8_t* y, int8_t* scratch) {
  const int32_t block = block_outputs(s);
  const bool whole = s.lo == -128 && s.hi == 127 && s.shift == 0;
  const auto outputs = s.stride_w == 1 ? (whole ? whole_stride1 : any_stride1)
                                       : (whole ? whole_stride2 : any_stride2);
  MOTE_NO_UNROLL for (int32_t c0 = 0; c0 < s.in_c; c0 += kChunk) {
    const int32_t channels = s.in_c - c0 < kChunk ? s.in_c - c0 : kChunk;
    MOTE_NO_UNROLL for (int32_t ox = 0; ox < s.out_w; ox += block) {
      const int32_t count = s.out_w - ox < block ? s.out_w - ox : block;
      const int32_t ix = ox * s.stride_w - s.pad_left, filled = columns(s, count, used_words(s));
      if (s.kernel_h == 1) {
        fill_shifted(rows[0], s.in_w, s.in_c, s.pad_value, s.dilation_w, ix, filled, c0, channels,
                     scratch);
      } else {
        fill_columns(rows, s.in_w, s.in_c, s.pad_value, ix, filled, c0, channels, scratch);
      }
      outputs(scratch, w + c0 * kTaps, bias + c0, mult + c0, y + ox * s.in_c + c0, 2 * channels,
              count / 2, count % 2, s.in_c, whole ? s.zp : s.zp - s.lo, 255 - (s.hi - s.lo),
              s.hi - 255, word_gap(s) * kColumnBytes, s.shift);
    }
  }
}
#endif

}  // namespace mote::isa::mve_depthwise
