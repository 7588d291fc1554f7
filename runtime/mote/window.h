// Where the window of a convolution or pool meets its input, along one axis, and how a kernel finds
// its input rows. Loops then run over taps that exist and carry no padding tests.
#pragma once
#include "config.h"

namespace mote {

// The range begin <= tap < end of a kernel's taps, or of output positions.
struct Range {
  int32_t begin, end;
};

MOTE_INLINE int32_t clamp_index(int32_t i, int32_t low, int32_t high) {
  return i < low ? low : (i > high ? high : i);
}

// The taps whose input `first + tap * dilation` lies in 0 .. size.
MOTE_INLINE Range taps_inside(int32_t first, int32_t kernel, int32_t dilation, int32_t size) {
  const int32_t begin = first < 0 ? (dilation - 1 - first) / dilation : 0;
  const int32_t end = first < size ? (size - first + dilation - 1) / dilation : 0;
  const int32_t last = clamp_index(end, 0, kernel);
  return {begin < last ? begin : last, last};
}

// The outputs of which no tap lies in the padding.
MOTE_INLINE Range outputs_inside(int32_t size, int32_t out, int32_t kernel, int32_t stride,
                                 int32_t dilation, int32_t pad) {
  const int32_t begin = clamp_index((pad + stride - 1) / stride, 0, out);
  const int32_t room = size + pad - (kernel - 1) * dilation;  // outputs start below this
  const int32_t end = room > 0 ? clamp_index((room + stride - 1) / stride, 0, out) : 0;
  return {begin < end ? begin : end, end};
}

// Cells of a window along one axis that an average divides by.
MOTE_INLINE int32_t counted_cells(Range inside, int32_t first, int32_t kernel, int32_t dilation,
                                  int32_t padded_size, int32_t include_pad) {
  if (include_pad == 0) return inside.end - inside.begin;
  return taps_inside(first, kernel, dilation, padded_size).end;
}

// Input rows of one output row: row(tap) for each tap of `taps`.
// From pointers, one per tap; null is a row of padding, and those come first or last.
struct PointerRows {
  const float* const* rows;
  Range taps;
  MOTE_INLINE const float* row(int32_t tap) const { return rows[tap]; }
};
MOTE_INLINE PointerRows pointer_rows(const float* const* rows, int32_t kernel) {
  int32_t begin = 0, end = kernel;
  while (begin < end && rows[begin] == nullptr) ++begin;
  while (end > begin && rows[end - 1] == nullptr) --end;
  return {rows, {begin, end}};
}

// From a whole image.
struct ImageRows {
  const float* first;  // where tap 0 would be; only taps in the range are read
  int32_t step;        // floats from one tap to the next
  Range taps;
  MOTE_INLINE const float* row(int32_t tap) const { return first + tap * step; }
};
// Rows of output row `oy`, of an image with rows of `row_floats`.
template <class S>
MOTE_INLINE ImageRows image_rows(const S& s, const float* image, int32_t row_floats, int32_t oy) {
  const int32_t iy = oy * s.stride_h - s.pad_top;
  return {image + iy * row_floats, s.dilation_h * row_floats,
          taps_inside(iy, s.kernel_h, s.dilation_h, s.in_h)};
}

}  // namespace mote
