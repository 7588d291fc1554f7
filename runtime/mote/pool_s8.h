// MaxPool and AveragePool of int8 or int16 maps, NHWC, one output row at a time. A window may reach
// beyond every border (ceil_mode).
#pragma once
#include "conv2d_s8.h"

namespace mote {

struct PoolS8Shape {
  int32_t batch;
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left, pad_bottom, pad_right;
  int32_t count_include_pad;  // as in pool_f32.h
  int32_t first_cells;        // of an average: the number of cells that mult[0] is for
  int32_t in_zp;              // zero point of the inputs
  int32_t zp, lo, hi, shift;  // of an average, see requant.h
  MOTE_FIELDS(batch, in_h, in_w, in_c, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w,
              dilation_h, dilation_w, pad_top, pad_left, pad_bottom, pad_right, count_include_pad,
              first_cells, in_zp, zp, lo, hi, shift)
};

// n elements of the least value.
template <class X>
MOTE_INLINE void fill_lowest(X* y, int32_t n) {
  if constexpr (sizeof(X) == 1) {
    memset(y, -128, static_cast<size_t>(n));
  } else {
    for (int32_t i = 0; i < n; ++i) y[i] = -32768;
  }
}

// Output row `oy` from the kernel_h input rows under it; a null pointer is a row of padding.
template <class Isa, class S, class X>
MOTE_INLINE void maxpool_any_row(const S& s, const X* const* rows, X* y) {
  for (int32_t ox = 0; ox < s.out_w; ++ox, y += s.in_c) {
    const int32_t ix = ox * s.stride_w - s.pad_left;
    const Range taps = taps_inside(ix, s.kernel_w, s.dilation_w, s.in_w);
    fill_lowest(y, s.in_c);
    for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
      if (rows[ky] == nullptr) continue;
      for (int32_t kx = taps.begin; kx < taps.end; ++kx) {
        Isa::maximum(y, rows[ky] + (ix + kx * s.dilation_w) * s.in_c, s.in_c);
      }
    }
  }
}

// The same for averages. mult[n - first_cells] is the multiplier of a mean over n cells: 2^32 *
// scale_x / (scale_y * n). Of int16 values it errs by up to n / 2^17 units before the rounding, of
// int8 values by less than 0.002. Scratch: 4 * in_c bytes.
template <class Isa, class S, class X, class Y>
MOTE_INLINE void avgpool_any_row(const S& s, int32_t oy, const X* const* rows, const int32_t* mult,
                                 Y* y, int8_t* scratch) {
  int32_t* sums = reinterpret_cast<int32_t*>(scratch);
  const int32_t iy = oy * s.stride_h - s.pad_top;
  const Range taps_y = taps_inside(iy, s.kernel_h, s.dilation_h, s.in_h);
  const int32_t cells_y = counted_cells(taps_y, iy, s.kernel_h, s.dilation_h, s.in_h + s.pad_bottom,
                                        s.count_include_pad);
  for (int32_t ox = 0; ox < s.out_w; ++ox, y += s.in_c) {
    const int32_t ix = ox * s.stride_w - s.pad_left;
    const Range taps = taps_inside(ix, s.kernel_w, s.dilation_w, s.in_w);
    const int32_t cells = cells_y * counted_cells(taps, ix, s.kernel_w, s.dilation_w,
                                                  s.in_w + s.pad_right, s.count_include_pad);
    const int32_t inside = (taps_y.end - taps_y.begin) * (taps.end - taps.begin);
    for (int32_t c = 0; c < s.in_c; ++c) sums[c] = -inside * s.in_zp;
    for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
      if (rows[ky] == nullptr) continue;
      const X* x = rows[ky] + (ix + taps.begin * s.dilation_w) * s.in_c;
      Isa::template accumulate_pixels<Isa>(sums, x, s.dilation_w * s.in_c, taps.end - taps.begin,
                                           s.in_c);
    }
    const int32_t at = cells > s.first_cells ? cells - s.first_cells : 0;
    Isa::requantize_row(s, sums, mult[at], y, s.in_c);
  }
}

template <class Isa, class S, class X>
MOTE_KERNEL void maxpool_row_s8(const S& s, const X* const* rows, X* out_row) {
  maxpool_any_row<Isa>(s, rows, out_row);
}
template <class Isa, class S, class X, class Y>
MOTE_KERNEL void avgpool_row_s8(const S& s, int32_t oy, const X* const* rows, const int32_t* mult,
                                Y* out_row, int8_t* scratch) {
  avgpool_any_row<Isa>(s, oy, rows, mult, out_row, scratch);
}

// The average of a whole image that comes in `rows` equal parts, number `row` of them at `x`: `out`
// is made with the last one. Sums stay in scratch (4 * in_c bytes) from part to part.
template <class Isa, class S, class X, class Y>
MOTE_KERNEL void avgpool_sum_s8(const S& s, int32_t row, int32_t rows, const X* x,
                                const int32_t* mult, Y* out, int8_t* scratch) {
  int32_t* sums = reinterpret_cast<int32_t*>(scratch);
  const int32_t cells = s.in_h * s.in_w;
  if (row == 0) {
    for (int32_t c = 0; c < s.in_c; ++c) sums[c] = -cells * s.in_zp;
  }
  Isa::template accumulate_pixels<Isa>(sums, x, s.in_c, cells / rows, s.in_c);
  if (row + 1 < rows) return;
  Isa::requantize_row(s, sums, mult[cells > s.first_cells ? cells - s.first_cells : 0], out,
                      s.in_c);
}

template <class Isa, class S, class X>
MOTE_KERNEL void maxpool_s8(const S& s, const X* x, X* y) {
  const X* rows[kMaxKernelRows];
  for (int32_t b = 0; b < s.batch; ++b, x += s.in_h * s.in_w * s.in_c) {
    for (int32_t oy = 0; oy < s.out_h; ++oy, y += s.out_w * s.in_c) {
      rows_of(s, x, oy, rows);
      maxpool_any_row<Isa>(s, rows, y);
    }
  }
}
template <class Isa, class S, class X, class Y>
MOTE_KERNEL void avgpool_s8(const S& s, const X* x, const int32_t* mult, Y* y, int8_t* scratch) {
  const X* rows[kMaxKernelRows];
  for (int32_t b = 0; b < s.batch; ++b, x += s.in_h * s.in_w * s.in_c) {
    for (int32_t oy = 0; oy < s.out_h; ++oy, y += s.out_w * s.in_c) {
      rows_of(s, x, oy, rows);
      avgpool_any_row<Isa>(s, oy, rows, mult, y, scratch);
    }
  }
}

}  // namespace mote
