// 2-D convolution, float32, NHWC, one output row at a time, with any stride, dilation, padding and
// number of groups. Interior pixels take the register tile of gemm_f32.h; a pixel near the left or
// right border takes the part of the kernel's columns that exists.
#pragma once
#include "gemm_f32.h"
#include "window.h"

namespace mote {

struct Conv2dShape {
  int32_t batch;
  int32_t in_h, in_w, in_c;     // channels of all groups
  int32_t out_h, out_w, out_c;  // likewise
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;  // what lies beyond the other two borders follows from out_h and out_w
  int32_t groups;
  float alpha, beta;  // parameters of the activation, if it has any
  MOTE_FIELDS(batch, in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, kernel_w, stride_h, stride_w,
              dilation_h, dilation_w, pad_top, pad_left, groups, alpha, beta)
};

// One block of output channels along one output row.
template <class Isa, class Act, int32_t NV, class S, class Rows>
struct Conv2dPixels {
  const S& s;
  const Rows& rows;
  const float* w;     // of the block
  const float* bias;  // of the block
  float* y;           // channel 0 of the block in output pixel 0
  int32_t c0;         // first input channel of the group
  int32_t n;          // channels of the block, and floats from one of its weight rows to the next

  // MR pixels from output `ox` on, of which the taps `taps` exist along x.
  template <int32_t MR>
  MOTE_INLINE void tile(int32_t ox, Range taps) const {
    const int32_t group_c = s.in_c / s.groups;
    const int32_t row_k = s.kernel_w * group_c;
    // The inputs under one row of the kernel are one piece, unless dilation or groups tear it.
    const bool whole = s.dilation_w == 1 && s.groups == 1;
    const int32_t pieces = whole ? 1 : taps.end - taps.begin;
    const int32_t length = whole ? (taps.end - taps.begin) * group_c : group_c;
    const int32_t ix = ox * s.stride_w - s.pad_left + taps.begin * s.dilation_w;

    typename Isa::VF acc[MR][NV];
    gemm_begin<Isa>(acc, bias, n);
    MOTE_NO_UNROLL for (int32_t ky = rows.taps.begin; ky < rows.taps.end; ++ky) {
      const float* x = rows.row(ky) + ix * s.in_c + c0;
      const float* wk = w + (ky * row_k + taps.begin * group_c) * n;
      for (int32_t i = 0; i < pieces; ++i, x += s.dilation_w * s.in_c) {
        gemm_segment<Isa>(acc, x, s.stride_w * s.in_c, length, wk, n);
      }
    }
    store_tile<Isa, Act>(s, acc, y + ox * s.out_c, s.out_c, n);
  }

  template <int32_t MR>
  MOTE_INLINE void run(int32_t ox) const {
    tile<MR>(ox, {0, s.kernel_w});
  }

  MOTE_INLINE void row() const {
    const Range inside =
        outputs_inside(s.in_w, s.out_w, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left);
    // A single pixel that the tiles leave over shares the code for borders.
    const int32_t count = inside.end - inside.begin;
    const int32_t tiled = count % Isa::kMr == 1 ? count - 1 : count;
    for (int32_t ox = 0; ox < s.out_w; ++ox) {
      if (ox == inside.begin && tiled > 0) {
        for_pixel_tiles<Isa::kMr>(tiled, Shifted{*this, ox});
        ox += tiled;
        if (ox == s.out_w) break;
      }
      tile<1>(ox, taps_inside(ox * s.stride_w - s.pad_left, s.kernel_w, s.dilation_w, s.in_w));
    }
  }

  struct Shifted {
    const Conv2dPixels& pixels;
    int32_t begin;
    template <int32_t MR>
    MOTE_INLINE void run(int32_t m) const {
      pixels.template run<MR>(begin + m);
    }
  };
};

template <class Isa, class Act, class S, class Rows>
struct Conv2dBlocks {
  const S& s;
  const Rows& rows;
  const float* w;  // of the group, as the rest
  const float* bias;
  float* y;
  int32_t c0;

  template <int32_t NV>
  MOTE_INLINE void run(int32_t n0, int32_t n) const {
    const int32_t k = s.kernel_h * s.kernel_w * (s.in_c / s.groups);
    const Conv2dPixels<Isa, Act, NV, S, Rows> pixels{s, rows, w + n0 * k, bias + n0, y + n0, c0, n};
    pixels.row();
  }
};

template <class Isa, class Act, class S, class Rows>
MOTE_INLINE void conv2d_any_row(const S& s, const Rows& rows, const float* w, const float* bias,
                                float* y) {
  const int32_t in_c = s.in_c / s.groups, out_c = s.out_c / s.groups;
  const int32_t group_floats = s.kernel_h * s.kernel_w * in_c * out_c;
  for (int32_t g = 0; g < s.groups; ++g) {
    for_blocks<Isa, Isa::kNv>(
        out_c, Conv2dBlocks<Isa, Act, S, Rows>{s, rows, w + g * group_floats, bias + g * out_c,
                                               y + g * out_c, g * in_c});
  }
}

// One output row from the kernel_h input rows under it. A null pointer is a row of padding; those
// come first or last. Weights by pack_conv2d; `out_row` may not overlap the rows.
template <class Isa, class Act, class S>
MOTE_KERNEL void conv2d_row_f32(const S& s, const float* const* rows, const float* w,
                                const float* bias, float* out_row) {
  conv2d_any_row<Isa, Act>(s, pointer_rows(rows, s.kernel_h), w, bias, out_row);
}

template <class Isa, class Act, class S>
MOTE_KERNEL void conv2d_f32(const S& s, const float* x, const float* w, const float* bias,
                            float* y) {
  const int32_t row_floats = s.in_w * s.in_c;
  for (int32_t b = 0; b < s.batch; ++b, x += s.in_h * row_floats) {
    for (int32_t oy = 0; oy < s.out_h; ++oy, y += s.out_w * s.out_c) {
      conv2d_any_row<Isa, Act>(s, image_rows(s, x, row_floats, oy), w, bias, y);
    }
  }
}

}  // namespace mote
