// 2-D convolution in integers, NHWC, one output row at a time, with any stride, dilation, padding
// and number of groups. The inputs under a few output pixels are gathered into scratch, padding and
// all, and multiplied as matrices: gathering costs about 1 / out_c of the multiplications.
#pragma once
#include "gemm_s8.h"

namespace mote {

struct Conv2dS8Shape {
  int32_t batch;
  int32_t in_h, in_w, in_c;     // channels of all groups
  int32_t out_h, out_w, out_c;  // likewise
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;  // what lies beyond the other two borders follows from out_h and out_w
  int32_t groups;
  int32_t pad_value;          // zero point of the inputs
  int32_t zp, lo, hi, shift;  // of the result, see requant.h
  MOTE_FIELDS(batch, in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, kernel_w, stride_h, stride_w,
              dilation_h, dilation_w, pad_top, pad_left, groups, pad_value, zp, lo, hi, shift)
};

// Bytes of scratch.
template <class Isa, class X, class S>
constexpr int64_t conv2d_scratch(const S& s) {
  const int64_t k = int64_t{s.kernel_h} * s.kernel_w * (s.in_c / s.groups);
  return patch_scratch<Isa, X>(k) + Isa::staging_bytes(k, s.in_c / s.groups);
}

// The patch of output pixel `ox`, channels c0 and following of every input pixel.
template <class Isa, class S, class X, class Patch>
MOTE_INLINE void gather_patch(const S& s, const X* const* rows, int32_t ox, int32_t c0,
                              Patch* patch) {
  const int32_t group_c = s.in_c / s.groups;
  const int32_t ix = ox * s.stride_w - s.pad_left;
  const Range taps = taps_inside(ix, s.kernel_w, s.dilation_w, s.in_w);
  for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
    const Range in = rows[ky] == nullptr ? Range{s.kernel_w, s.kernel_w} : taps;
    if (in.begin > 0) Isa::fill(patch, s.pad_value, in.begin * group_c);
    patch += in.begin * group_c;
    if (in.begin < in.end) {
      const X* x = rows[ky] + (ix + in.begin * s.dilation_w) * s.in_c + c0;
      if (s.dilation_w == 1 && s.groups == 1) {
        const int32_t n = (in.end - in.begin) * group_c;
        Isa::gather(patch, x, n);
        patch += n;
      } else {
        for (int32_t kx = in.begin; kx < in.end; ++kx, x += s.dilation_w * s.in_c, patch += group_c)
          Isa::gather(patch, x, group_c);
      }
    }
    const int32_t after = s.kernel_w - in.end;
    if (after > 0) Isa::fill(patch, s.pad_value, after * group_c);
    patch += after * group_c;
  }
}

template <class Isa, class Rq, class S, class X, class W>
MOTE_INLINE void conv2d_any_row(const S& s, const X* const* rows, const W* w, const int32_t* bias,
                                const int32_t* mult, typename Rq::Out* y, int8_t* scratch) {
  if (Isa::template conv2d_row<Isa, Rq>(s, rows, w, bias, mult, y, scratch)) return;
  using Patch = typename PatchOf<Isa, X>::Type;
  const int32_t group_c = s.in_c / s.groups, group_n = s.out_c / s.groups;
  const int32_t k = s.kernel_h * s.kernel_w * group_c;
  const int32_t step = static_cast<int32_t>(patch_step<Isa>(k));
  const int32_t group_weights =
      static_cast<int32_t>(pack::gemm_bytes(pack::gemm_layout<Isa>(), group_n, k));
  constexpr int32_t params = Rq::kParams;
  Patch* patches = reinterpret_cast<Patch*>(scratch);
  for (int32_t g = 0; g < s.groups; ++g) {
    for (int32_t ox = 0; ox < s.out_w; ox += Isa::kPatchRows) {
      const int32_t count = s.out_w - ox < Isa::kPatchRows ? s.out_w - ox : Isa::kPatchRows;
      for (int32_t i = 0; i < count; ++i) {
        gather_patch<Isa>(s, rows, ox + i, g * group_c, patches + i * step);
        Isa::fill(patches + i * step + k, 0, step - k);
      }
      Isa::template gemm<Isa, Rq>(s, patches, step, count, k, group_n, w + g * group_weights,
                                  bias + g * group_n, mult + g * group_n * params,
                                  y + ox * s.out_c + g * group_n, s.out_c);
    }
  }
}

// One output row from the kernel_h input rows under it; a null pointer is a row of padding.
// `out_row` may not overlap the rows.
template <class Isa, class Rq, class S, class X, class W>
MOTE_KERNEL void conv2d_row_s8(const S& s, const X* const* rows, const W* w, const int32_t* bias,
                               const int32_t* mult, typename Rq::Out* out_row, int8_t* scratch) {
  conv2d_any_row<Isa, Rq>(s, rows, w, bias, mult, out_row, scratch);
}

// The input rows of output row `oy` of an image, null where they are padding. Kernels are at most
// kMaxKernelRows high.
constexpr int32_t kMaxKernelRows = 64;
template <class S, class X>
MOTE_INLINE void rows_of(const S& s, const X* image, int32_t oy, const X** rows) {
  for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
    const int32_t iy = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
    rows[ky] = iy < 0 || iy >= s.in_h ? nullptr : image + iy * s.in_w * s.in_c;
  }
}

template <class Isa, class Rq, class S, class X, class W>
MOTE_KERNEL void conv2d_s8(const S& s, const X* x, const W* w, const int32_t* bias,
                           const int32_t* mult, typename Rq::Out* y, int8_t* scratch) {
  const X* rows[kMaxKernelRows];
  for (int32_t b = 0; b < s.batch; ++b, x += s.in_h * s.in_w * s.in_c) {
    for (int32_t oy = 0; oy < s.out_h; ++oy, y += s.out_w * s.out_c) {
      rows_of(s, x, oy, rows);
      conv2d_any_row<Isa, Rq>(s, rows, w, bias, mult, y, scratch);
    }
  }
}

}  // namespace mote
