// Depthwise 2-D convolution in integers, NHWC, one output row at a time: output channel
// c * multiplier + j is input channel c under its own kernel. Packing and the loop along a row
// belong to the ISA.
#pragma once
#include "conv2d_s8.h"

namespace mote {

struct DepthwiseS8Shape {
  int32_t batch;
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w;
  int32_t multiplier;  // output channels per input channel
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t pad_value;          // zero point of the inputs
  int32_t zp, lo, hi, shift;  // of the result, see requant.h
  MOTE_FIELDS(batch, in_h, in_w, in_c, out_h, out_w, multiplier, kernel_h, kernel_w, stride_h,
              stride_w, dilation_h, dilation_w, pad_top, pad_left, pad_value, zp, lo, hi, shift)
};

// One output row from the kernel_h input rows under it; a null pointer is a row of padding.
// `out_row` may not overlap the rows.
template <class Isa, class Rq, class S, class X, class W>
MOTE_KERNEL void depthwise_row_s8(const S& s, const X* const* rows, const W* w, const int32_t* bias,
                                  const int32_t* mult, typename Rq::Out* out_row, int8_t* scratch) {
  Isa::template depthwise_begin<Isa>(s, w,
                                     scratch);  // at most a pixel of padding: not worth keeping
  Isa::template depthwise_row<Isa, Rq>(s, rows, w, bias, mult, out_row, scratch);
}

// `count` output rows, from kernel_h input rows for each. Scratch as for an image of so many rows.
template <class Isa, class Rq, class S, class X, class W>
MOTE_KERNEL void depthwise_rows_s8(const S& s, const X* const* rows, int32_t count, const W* w,
                                   const int32_t* bias, const int32_t* mult, typename Rq::Out* out,
                                   int8_t* scratch) {
  if (Isa::template depthwise_rows<Isa, Rq>(s, rows, count, w, bias, mult, out, scratch)) return;
  Isa::template depthwise_begin<Isa>(s, w, scratch);
  for (int32_t i = 0; i < count; ++i) {
    Isa::template depthwise_row<Isa, Rq>(s, rows + i * s.kernel_h, w, bias, mult, out, scratch);
    out += s.out_w * s.in_c * s.multiplier;
  }
}

// Scratch: Isa::depthwise_scratch(s) bytes.
template <class Isa, class Rq, class S, class X, class W>
MOTE_KERNEL void depthwise_s8(const S& s, const X* x, const W* w, const int32_t* bias,
                              const int32_t* mult, typename Rq::Out* y, int8_t* scratch) {
  if (Isa::template depthwise_image<Isa, Rq>(s, x, w, bias, mult, y, scratch)) return;
  const X* rows[kMaxKernelRows];
  Isa::template depthwise_begin<Isa>(s, w, scratch);
  for (int32_t b = 0; b < s.batch; ++b, x += s.in_h * s.in_w * s.in_c) {
    for (int32_t oy = 0; oy < s.out_h; ++oy, y += s.out_w * s.in_c * s.multiplier) {
      rows_of(s, x, oy, rows);
      Isa::template depthwise_row<Isa, Rq>(s, rows, w, bias, mult, y, scratch);
    }
  }
}

}  // namespace mote
