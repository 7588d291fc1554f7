// Depthwise 2-D convolution, float32, NHWC, one output row at a time: output channel
// c * multiplier + j is input channel c under its own kernel. Vectors run along the channels.
//
// Weights are packed in blocks of Isa::kDwNv * Isa::kLanes output channels, each
// [kernel_h][kernel_w][block]; the last block is as narrow as the channels left, plus slack.
#pragma once
#include "activation.h"
#include "gemm_f32.h"
#include "window.h"

namespace mote {

struct DepthwiseShape {
  int32_t batch;
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w;
  int32_t multiplier;  // output channels per input channel
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  float alpha, beta;  // parameters of the activation, if it has any
  MOTE_FIELDS(batch, in_h, in_w, in_c, out_h, out_w, multiplier, kernel_h, kernel_w, stride_h,
              stride_w, dilation_h, dilation_w, pad_top, pad_left, alpha, beta)
};

template <class Isa>
constexpr int32_t depthwise_nr() {
  return Isa::kDwNv * Isa::kLanes;
}

// acc += x * w for one tap of n channels, and w moves on to the next.
template <class Isa, int32_t NV>
MOTE_INLINE void depthwise_tap(typename Isa::VF (&acc)[NV], const float* x, const float*& w,
                               int32_t n) {
  if (n == NV * Isa::kLanes) {
    Isa::template fma_tap<Isa>(acc, x, w, n);
  } else {
    typename Isa::VF wv[NV], xv[NV];
    Isa::template load_weights<Isa>(w, n, wv);
    load_tile<Isa>(x, n, xv);
    MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) acc[i] = Isa::fma(acc[i], xv[i], wv[i]);
  }
}

// The inputs of a block of n output channels, by which one tap multiplies P pixels that lie x_step
// apart. With multiplier 1 they are contiguous.
template <class Isa, int32_t NV>
struct DirectInputs {
  int32_t c0, n;
  template <int32_t P>
  MOTE_INLINE void multiply(typename Isa::VF (&acc)[P][NV], const float* x, int32_t x_step,
                            const float*& w) const {
    if constexpr (P == 1) {
      depthwise_tap<Isa>(acc[0], x + c0, w, n);
    } else {
      typename Isa::VF wv[NV];
      Isa::template load_weights<Isa>(w, n, wv);
      MOTE_UNROLL for (int32_t p = 0; p < P; ++p) {
        typename Isa::VF xv[NV];
        load_tile<Isa>(x + c0 + p * x_step, n, xv);
        MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) acc[p][i] = Isa::fma(acc[p][i], xv[i], wv[i]);
      }
    }
  }
};

// With any other they are gathered, through indices made once per block.
template <class Isa, int32_t NV>
struct GatheredInputs {
  int32_t index[NV * Isa::kLanes];
  int32_t n;
  template <int32_t P>
  MOTE_INLINE void multiply(typename Isa::VF (&acc)[P][NV], const float* x, int32_t x_step,
                            const float*& w) const {
    typename Isa::VF wv[NV];
    Isa::template load_weights<Isa>(w, n, wv);
    MOTE_UNROLL for (int32_t p = 0; p < P; ++p, x += x_step) {
      float v[NV * Isa::kLanes];
      for (int32_t i = 0; i < NV * Isa::kLanes; ++i) v[i] = x[index[i]];
      MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) {
        acc[p][i] = Isa::fma(acc[p][i], Isa::load(v + i * Isa::kLanes), wv[i]);
      }
    }
  }
};

// One block of channels along one output row, by any kernel.
template <class Isa, class Act, int32_t NV, class S, class Rows, class Inputs>
struct DepthwisePixels {
  const S& s;
  const Rows& rows;
  const Inputs& inputs;
  const float* w;     // of the block
  const float* bias;  // of the block
  float* y;           // channel 0 of the block in output pixel 0
  int32_t n;          // channels of the block, and floats from one tap's weights to the next

  // P pixels from output `ox` on, of which the taps `taps` exist along x.
  template <int32_t P>
  MOTE_INLINE void tile(int32_t ox, Range taps) const {
    const int32_t ix = ox * s.stride_w - s.pad_left + taps.begin * s.dilation_w;
    typename Isa::VF acc[P][NV];
    gemm_begin<Isa>(acc, bias, n);
    MOTE_NO_UNROLL for (int32_t ky = rows.taps.begin; ky < rows.taps.end; ++ky) {
      const float* x = rows.row(ky) + ix * s.in_c;
      const float* wk = w + (ky * s.kernel_w + taps.begin) * n;
      MOTE_NO_UNROLL for (int32_t kx = taps.begin; kx < taps.end; ++kx) {
        inputs.template multiply<P>(acc, x, s.stride_w * s.in_c, wk);
        x += s.dilation_w * s.in_c;
      }
    }
    const int32_t out_c = s.in_c * s.multiplier;
    store_tile<Isa, Act>(s, acc, y + ox * out_c, out_c, n);
  }

  MOTE_INLINE void row() const {
    const Range inside =
        outputs_inside(s.in_w, s.out_w, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left);
    const int32_t count = inside.end - inside.begin;
    const int32_t tiled = Isa::kDwPixels == 1 ? 0 : count - count % Isa::kDwPixels;
    for (int32_t ox = 0; ox < s.out_w; ++ox) {
      if (ox == inside.begin && tiled > 0) {
        for (const int32_t end = ox + tiled; ox < end; ox += Isa::kDwPixels) {
          tile<Isa::kDwPixels>(ox, {0, s.kernel_w});
        }
        if (ox == s.out_w) break;
      }
      tile<1>(ox, taps_inside(ox * s.stride_w - s.pad_left, s.kernel_w, s.dilation_w, s.in_w));
    }
  }
};

// The same for a shape of constants and a kernel of up to three columns: the taps along x are
// unrolled, an input serves all outputs of a tile that it has a part in, and the first and the last
// tile of a row know how many of their columns are padding. That makes narrow images, half of
// whose pixels lie at a border, as cheap as wide ones.
template <class Isa, class Act, int32_t NV, class S, class Rows>
struct UnrolledDepthwise {
  static constexpr int32_t kMaxKernel = 3, kMaxStride = 2;
  const S& s;
  const Rows& rows;
  const float* w;     // of the block
  const float* bias;  // of the block
  float* y;           // channel 0 of the block in output pixel 0
  int32_t c0;         // channel 0 of the block in an input pixel
  int32_t n;          // channels of the block, and floats from one tap's weights to the next

  // Only the first and the last output of a row may reach into the padding.
  static MOTE_INLINE bool applies(const S& s) {
    return s.multiplier == 1 && s.kernel_w <= kMaxKernel && s.dilation_w == 1 &&
           s.stride_w <= kMaxStride && s.pad_left <= s.stride_w && pad_right(s) <= s.stride_w;
  }
  static MOTE_INLINE int32_t pad_right(const S& s) {
    const int32_t missing = (s.out_w - 1) * s.stride_w - s.pad_left + s.kernel_w - s.in_w;
    return missing > 0 ? missing : 0;
  }

  // P pixels from output `ox` on; of their columns of inputs, `left` and `right` are padding.
  template <int32_t P>
  MOTE_INLINE void tile(int32_t ox, int32_t left, int32_t right) const {
    const int32_t columns = (P - 1) * s.stride_w + s.kernel_w;
    typename Isa::VF acc[P][NV];
    gemm_begin<Isa>(acc, bias, n);
    MOTE_NO_UNROLL for (int32_t ky = rows.taps.begin; ky < rows.taps.end; ++ky) {
      const float* x = rows.row(ky) + (ox * s.stride_w - s.pad_left) * s.in_c + c0;
      const float* wk = w + ky * s.kernel_w * n;
      if constexpr (P == 1) {
        wk += left * n;
        MOTE_UNROLL for (int32_t kx = 0; kx < kMaxKernel; ++kx) {
          if (kx >= left && kx < columns - right)
            depthwise_tap<Isa>(acc[0], x + kx * s.in_c, wk, n);
        }
      } else {
        typename Isa::VF wv[kMaxKernel][NV];
        MOTE_UNROLL for (int32_t kx = 0; kx < kMaxKernel; ++kx) {
          if (kx < s.kernel_w) Isa::template load_weights<Isa>(wk, n, wv[kx]);
        }
        MOTE_UNROLL for (int32_t c = 0; c < (P - 1) * kMaxStride + kMaxKernel; ++c) {
          if (c < left || c >= columns - right) continue;
          typename Isa::VF xv[NV];
          load_tile<Isa>(x + c * s.in_c, n, xv);
          MOTE_UNROLL for (int32_t p = 0; p < P; ++p) {
            const int32_t kx = c - p * s.stride_w;
            if (kx < 0 || kx >= s.kernel_w) continue;
            MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) {
              acc[p][i] = Isa::fma(acc[p][i], xv[i], wv[kx][i]);
            }
          }
        }
      }
    }
    store_tile<Isa, Act>(s, acc, y + ox * s.in_c, s.in_c, n);
  }

  // The last `count` <= P pixels.
  template <int32_t P>
  MOTE_INLINE void last_tile(int32_t ox, int32_t count, int32_t left, int32_t right) const {
    if (count == P) {
      tile<P>(ox, left, right);
    } else if constexpr (P > 1) {
      last_tile<P - 1>(ox, count, left, right);
    }
  }

  MOTE_INLINE void row() const {
    constexpr int32_t P = Isa::kDwPixels;
    const int32_t last = (s.out_w - 1) % P + 1, right = pad_right(s);
    if (s.out_w == last) {
      last_tile<P>(0, last, s.pad_left, right);
      return;
    }
    if (s.pad_left > 0) tile<P>(0, s.pad_left, 0);
    for (int32_t ox = s.pad_left > 0 ? P : 0; ox < s.out_w - last; ox += P) tile<P>(ox, 0, 0);
    last_tile<P>(s.out_w - last, last, 0, right);
  }
};

template <class Isa, class Act, class S, class Rows>
struct DepthwiseBlocks {
  const S& s;
  const Rows& rows;
  const float* w;
  const float* bias;
  float* y;

  template <int32_t NV>
  MOTE_INLINE void run(int32_t n0, int32_t n) const {
    const float* block = w + n0 * s.kernel_h * s.kernel_w;
    if constexpr (is_constant_shape<S>()) {
      using Unrolled = UnrolledDepthwise<Isa, Act, NV, S, Rows>;
      if (Unrolled::applies(s)) {
        const Unrolled pixels{s, rows, block, bias + n0, y + n0, n0, n};
        pixels.row();
        return;
      }
    }
    if (s.multiplier == 1) {
      const DirectInputs<Isa, NV> inputs{n0, n};
      any_kernel<NV>(inputs, block, n0, n);
    } else {
      GatheredInputs<Isa, NV> inputs;
      inputs.n = n;
      for (int32_t i = 0; i < NV * Isa::kLanes; ++i) {
        inputs.index[i] = (n0 + (i < n ? i : 0)) / s.multiplier;
      }
      any_kernel<NV>(inputs, block, n0, n);
    }
  }

  template <int32_t NV, class Inputs>
  MOTE_INLINE void any_kernel(const Inputs& inputs, const float* block, int32_t n0,
                              int32_t n) const {
    const DepthwisePixels<Isa, Act, NV, S, Rows, Inputs> pixels{s,         rows,   inputs, block,
                                                                bias + n0, y + n0, n};
    pixels.row();
  }
};

template <class Isa, class Act, class S, class Rows>
MOTE_INLINE void depthwise_any_row(const S& s, const Rows& rows, const float* w, const float* bias,
                                   float* y) {
  for_blocks<Isa, Isa::kDwNv>(s.in_c * s.multiplier,
                              DepthwiseBlocks<Isa, Act, S, Rows>{s, rows, w, bias, y});
}

// One output row from the kernel_h input rows under it. A null pointer is a row of padding; those
// come first or last. Weights by pack_depthwise; `out_row` may not overlap the rows.
template <class Isa, class Act, class S>
MOTE_KERNEL void depthwise_row_f32(const S& s, const float* const* rows, const float* w,
                                   const float* bias, float* out_row) {
  depthwise_any_row<Isa, Act>(s, pointer_rows(rows, s.kernel_h), w, bias, out_row);
}

template <class Isa, class Act, class S>
MOTE_KERNEL void depthwise_f32(const S& s, const float* x, const float* w, const float* bias,
                               float* y) {
  const int32_t row_floats = s.in_w * s.in_c;
  for (int32_t b = 0; b < s.batch; ++b, x += s.in_h * row_floats) {
    for (int32_t oy = 0; oy < s.out_h; ++oy, y += s.out_w * s.in_c * s.multiplier) {
      depthwise_any_row<Isa, Act>(s, image_rows(s, x, row_floats, oy), w, bias, y);
    }
  }
}

}  // namespace mote
