// The part of a runtime shape that convolutions, transposed ones and pools have in common: maps,
// and a window that moves over them.
#pragma once
#include <array>
#include <utility>

#include "ops/shapes.h"

namespace motec {

// For attributes with stride, dilation and pad (top, left, …); `x` is [N,H,W,C]. The channels are
// the caller's: kernels name them differently.
template <class S, class Attrs>
void fill_window(S& s, const Attrs& a, const Shape& x, const std::array<int64_t, 2>& kernel,
                 const std::array<int64_t, 2>& out) {
  s.batch = to_i32(x[0]);
  s.in_h = to_i32(x[1]);
  s.in_w = to_i32(x[2]);
  s.out_h = to_i32(out[0]);
  s.out_w = to_i32(out[1]);
  s.kernel_h = to_i32(kernel[0]);
  s.kernel_w = to_i32(kernel[1]);
  s.stride_h = to_i32(a.stride[0]);
  s.stride_w = to_i32(a.stride[1]);
  s.dilation_h = to_i32(a.dilation[0]);
  s.dilation_w = to_i32(a.dilation[1]);
  s.pad_top = to_i32(a.pad[0]);
  s.pad_left = to_i32(a.pad[1]);
}

// A column of pixels under a column of weights is the same bytes as a row under a row, and tiles of
// several pixels run along rows.
template <class S>
void transpose_window(S& s) {
  std::swap(s.in_h, s.in_w);
  std::swap(s.out_h, s.out_w);
  std::swap(s.kernel_h, s.kernel_w);
  std::swap(s.stride_h, s.stride_w);
  std::swap(s.dilation_h, s.dilation_w);
  std::swap(s.pad_top, s.pad_left);
}
template <class S>
void lay_column_as_row(S& s) {
  if (s.in_w == 1 && s.kernel_w == 1 && s.out_w == 1) transpose_window(s);
}
// For kernels that get the pixels of a column one by one, as rows.
template <class S>
S as_column_again(S s, const Shape& x) {
  if (s.in_h != x[1]) transpose_window(s);
  return s;
}

}  // namespace motec
