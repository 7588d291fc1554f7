// Transposed 2-D convolution, float32, NHWC, one output row at a time: y[o] is the sum over taps k
// of w[k] * x[(o + pad - k * dilation) / stride], where that is a whole number and inside.
//
// The output positions of one phase, (o + pad) % stride, use the same taps and step through the
// input one by one: along x, a row is `stride_w` interleaved convolutions of stride 1, and each of
// them takes the register tile of gemm_f32.h. Weights are packed with the columns of a phase side
// by side (pack_conv_transpose.h).
#pragma once
#include "gemm_f32.h"
#include "window.h"

namespace mote {

struct ConvTranspose2dShape {
  int32_t batch;
  int32_t in_h, in_w, in_c;     // channels of all groups
  int32_t out_h, out_w, out_c;  // likewise
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t period_h,
      period_w;               // from a tap to the next of its phase: stride / gcd(stride, dilation)
  int32_t pad_top, pad_left;  // rows and columns cut off the full result
  int32_t groups;
  float alpha, beta;  // parameters of the activation, if it has any
  MOTE_FIELDS(batch, in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, kernel_w, stride_h, stride_w,
              dilation_h, dilation_w, period_h, period_w, pad_top, pad_left, groups, alpha, beta)
};

// The taps of one phase along one axis, in the order of their inputs: from the last tap to the
// first. For position o, with q = (o + pad) / stride, tap i of `count` meets input q - back + i *
// in_step.
struct PhaseTaps {
  int32_t first;  // the lowest tap; tap i is first + (count - 1 - i) * period
  int32_t count;
  int32_t in_step;
  int32_t back;
};
MOTE_INLINE PhaseTaps phase_taps(int32_t phase, int32_t kernel, int32_t stride, int32_t dilation,
                                 int32_t period) {
  int32_t first = 0;
  while (first < period && (first * dilation - phase) % stride != 0) ++first;
  const int32_t count =
      first < period && first < kernel ? (kernel - first + period - 1) / period : 0;
  const int32_t in_step = dilation * period / stride;
  return {first, count, in_step, (first * dilation - phase) / stride + (count - 1) * in_step};
}

// The input rows of one output row: row(i) lies under tap(i) of the kernel's rows, i < count.
// From pointers, one per tap; null where a tap meets no row.
struct TransposedPointerRows {
  const float* const* rows;
  int32_t first, step, count;
  MOTE_INLINE int32_t tap(int32_t i) const { return first + i * step; }
  MOTE_INLINE const float* row(int32_t i) const { return rows[tap(i)]; }
};
template <class S>
MOTE_INLINE TransposedPointerRows transposed_pointer_rows(const S& s, const float* const* rows) {
  int32_t first = 0;
  while (first < s.kernel_h && rows[first] == nullptr) ++first;
  int32_t count = 0;
  for (int32_t k = first; k < s.kernel_h && rows[k] != nullptr; k += s.period_h) ++count;
  return {rows, first, s.period_h, count};
}

// From a whole image.
struct TransposedImageRows {
  const float* last;  // of tap(count - 1), the uppermost
  int32_t back;       // floats from it to the row of the tap before
  int32_t first, step, count;
  MOTE_INLINE int32_t tap(int32_t i) const { return first + i * step; }
  MOTE_INLINE const float* row(int32_t i) const { return last + (count - 1 - i) * back; }
};
template <class S>
MOTE_INLINE TransposedImageRows transposed_image_rows(const S& s, const float* image, int32_t oy) {
  const int32_t row_floats = s.in_w * s.in_c;
  const int32_t at = oy + s.pad_top;
  const PhaseTaps taps =
      phase_taps(at % s.stride_h, s.kernel_h, s.stride_h, s.dilation_h, s.period_h);
  const int32_t iy = at / s.stride_h - taps.back;
  const Range inside = taps_inside(iy, taps.count, taps.in_step, s.in_h);
  return {image + (iy + inside.begin * taps.in_step) * row_floats, taps.in_step * row_floats,
          taps.first + (taps.count - inside.end) * s.period_h, s.period_h,
          inside.end - inside.begin};
}

// One block of output channels in the pixels of one phase along one output row.
template <class Isa, class Act, int32_t NV, class S, class Rows>
struct ConvTransposePixels {
  const S& s;
  const Rows& rows;
  const float* w;     // of the block
  const float* bias;  // of the block
  float* y;           // channel 0 of the block in the first pixel
  PhaseTaps taps;
  int32_t tap0;  // the first of `taps` in a row of packed weights
  int32_t ix0;   // input of tap 0 for the first pixel
  int32_t c0;    // first input channel of the group
  int32_t n;     // channels of the block, and floats from one of its weight rows to the next

  // MR pixels from number `m` on, for which the taps `used` exist.
  template <int32_t MR>
  MOTE_INLINE void tile(int32_t m, Range used) const {
    const int32_t group_c = s.in_c / s.groups;
    // Inputs under one row of the kernel are one piece, unless dilation or groups tear it.
    const bool whole = taps.in_step == 1 && s.groups == 1;
    const int32_t pieces = whole ? 1 : used.end - used.begin;
    const int32_t length = whole ? (used.end - used.begin) * group_c : group_c;
    const int32_t ix = ix0 + m + used.begin * taps.in_step;

    typename Isa::VF acc[MR][NV];
    gemm_begin<Isa>(acc, bias, n);
    for (int32_t i = 0; i < rows.count; ++i) {
      const float* x = rows.row(i) + ix * s.in_c + c0;
      const float* wk = w + (rows.tap(i) * s.kernel_w + tap0 + used.begin) * group_c * n;
      for (int32_t j = 0; j < pieces; ++j, x += taps.in_step * s.in_c) {
        gemm_segment<Isa>(acc, x, s.in_c, length, wk, n);
      }
    }
    store_tile<Isa, Act>(s, acc, y + m * s.stride_w * s.out_c, s.stride_w * s.out_c, n);
  }

  template <int32_t MR>
  MOTE_INLINE void run(int32_t m) const {
    tile<MR>(m, {0, taps.count});
  }

  MOTE_INLINE void pixels(int32_t count) const {
    const Range inside = outputs_inside(s.in_w, count, taps.count, 1, taps.in_step, -ix0);
    const int32_t tiled = inside.end - inside.begin;
    for (int32_t m = 0; m < count; ++m) {
      if (m == inside.begin && tiled > 0) {
        for_pixel_tiles<Isa::kMr>(tiled, Shifted{*this, m});
        m += tiled;
        if (m == count) break;
      }
      tile<1>(m, taps_inside(ix0 + m, taps.count, taps.in_step, s.in_w));
    }
  }

  struct Shifted {
    const ConvTransposePixels& pixels;
    int32_t begin;
    template <int32_t MR>
    MOTE_INLINE void run(int32_t m) const {
      pixels.template run<MR>(begin + m);
    }
  };
};

template <class Isa, class Act, class S, class Rows>
struct ConvTransposeBlocks {
  const S& s;
  const Rows& rows;
  const float* w;  // of the group, as the rest
  const float* bias;
  float* y;
  int32_t c0;

  template <int32_t NV>
  MOTE_INLINE void run(int32_t n0, int32_t n) const {
    const int32_t k = s.kernel_h * s.kernel_w * (s.in_c / s.groups);
    int32_t tap0 = 0;
    for (int32_t phase = 0; phase < s.stride_w; ++phase) {
      const PhaseTaps taps = phase_taps(phase, s.kernel_w, s.stride_w, s.dilation_w, s.period_w);
      // The first pixel is the least q * stride + phase - pad >= 0.
      const int32_t q = s.pad_left > phase ? (s.pad_left - phase + s.stride_w - 1) / s.stride_w : 0;
      const int32_t ox = q * s.stride_w + phase - s.pad_left;
      if (ox < s.out_w) {
        const ConvTransposePixels<Isa, Act, NV, S, Rows> pixels{
            s,    rows, w + n0 * k,    bias + n0, y + n0 + ox * s.out_c,
            taps, tap0, q - taps.back, c0,        n};
        pixels.pixels((s.out_w - ox + s.stride_w - 1) / s.stride_w);
      }
      tap0 += taps.count;
    }
  }
};

template <class Isa, class Act, class S, class Rows>
MOTE_INLINE void conv_transpose2d_any_row(const S& s, const Rows& rows, const float* w,
                                          const float* bias, float* y) {
  const int32_t in_c = s.in_c / s.groups, out_c = s.out_c / s.groups;
  const int32_t group_floats = s.kernel_h * s.kernel_w * in_c * out_c;
  for (int32_t g = 0; g < s.groups; ++g) {
    for_blocks<Isa, Isa::kNv>(
        out_c, ConvTransposeBlocks<Isa, Act, S, Rows>{s, rows, w + g * group_floats,
                                                      bias + g * out_c, y + g * out_c, g * in_c});
  }
}

// One output row from the input rows that contribute to it: rows[k] is the one that the kernel's
// row k meets, null where it falls between rows or outside. `out_row` may not overlap the rows.
template <class Isa, class Act, class S>
MOTE_KERNEL void conv_transpose2d_row_f32(const S& s, const float* const* rows, const float* w,
                                          const float* bias, float* out_row) {
  conv_transpose2d_any_row<Isa, Act>(s, transposed_pointer_rows(s, rows), w, bias, out_row);
}

template <class Isa, class Act, class S>
MOTE_KERNEL void conv_transpose2d_f32(const S& s, const float* x, const float* w, const float* bias,
                                      float* y) {
  for (int32_t b = 0; b < s.batch; ++b, x += s.in_h * s.in_w * s.in_c) {
    for (int32_t oy = 0; oy < s.out_h; ++oy, y += s.out_w * s.out_c) {
      conv_transpose2d_any_row<Isa, Act>(s, transposed_image_rows(s, x, oy), w, bias, y);
    }
  }
}

}  // namespace mote
