// The register tile that convolutions and matrix products share: MR pixels by NV vectors of output
// channels. An output pixel is a short sum of contiguous dot products, so a tile is begun with the
// bias, fed one contiguous segment of inputs at a time, and stored through the activation.
//
// Weights are packed (pack.h) in blocks of NR = Isa::kNv * Isa::kLanes output channels, each
// [K][NR]; a last block of r = N % NR channels is [K][r]. Its vectors run into the row that follows
// and the lanes beyond r are dropped at the store; the packing ends in slack for that.
#pragma once
#include "activation.h"

namespace mote {

// Output channels per packed block of weights.
template <class Isa>
constexpr int32_t gemm_nr() {
  return Isa::kNv * Isa::kLanes;
}

// n channels in NV vectors, all full but perhaps the last; reads no further than that.
template <class Isa, int32_t NV>
MOTE_INLINE void load_tile(const float* p, int32_t n, typename Isa::VF (&v)[NV]) {
  constexpr int32_t kBefore = (NV - 1) * Isa::kLanes;
  if (n == NV * Isa::kLanes) {
    Isa::template load_inputs<Isa>(p, v);
  } else {
    MOTE_UNROLL for (int32_t i = 0; i < NV - 1; ++i) v[i] = Isa::load(p + i * Isa::kLanes);
    v[NV - 1] = Isa::load_n(p + kBefore, n - kBefore);
  }
}

template <class Isa, int32_t MR, int32_t NV>
MOTE_INLINE void gemm_begin(typename Isa::VF (&acc)[MR][NV], const float* bias, int32_t n) {
  typename Isa::VF b[NV];
  load_tile<Isa>(bias, n, b);
  MOTE_UNROLL for (int32_t m = 0; m < MR; ++m) {
    MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) acc[m][i] = b[i];
  }
}

// Inputs J.. of the kKu that each xk[m] holds.
template <class Isa, int32_t J, int32_t MR, int32_t NV>
MOTE_INLINE void gemm_unrolled(typename Isa::VF (&acc)[MR][NV], const typename Isa::XK (&xk)[MR],
                               const float*& w, int32_t w_step) {
  typename Isa::VF wv[NV];
  Isa::template load_weights<Isa>(w, w_step, wv);
  MOTE_UNROLL for (int32_t m = 0; m < MR; ++m) {
    MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) {
      acc[m][i] = Isa::template fma_k<J>(acc[m][i], wv[i], xk[m]);
    }
  }
  if constexpr (J + 1 < Isa::kKu) gemm_unrolled<Isa, J + 1>(acc, xk, w, w_step);
}

// acc[m] += sum over k < length of x[m * x_step + k] * w[k * w_step ..]; w moves on behind the
// segment.
template <class Isa, int32_t MR, int32_t NV>
MOTE_INLINE void gemm_segment(typename Isa::VF (&acc)[MR][NV], const float* x, int32_t x_step,
                              int32_t length, const float*& w, int32_t w_step) {
  int32_t k = Isa::template gemm_main<Isa>(acc, x, x_step, length, w, w_step);
  x += k;
  if constexpr (Isa::kKu > 1) {
    for (; k + Isa::kKu <= length; k += Isa::kKu, x += Isa::kKu) {
      typename Isa::XK xk[MR];
      MOTE_UNROLL for (int32_t m = 0; m < MR; ++m) xk[m] = Isa::load_k(x + m * x_step);
      gemm_unrolled<Isa, 0>(acc, xk, w, w_step);
    }
  }
  for (; k < length; ++k, ++x) {
    typename Isa::VF wv[NV];
    Isa::template load_weights<Isa>(w, w_step, wv);
    MOTE_UNROLL for (int32_t m = 0; m < MR; ++m) {
      const float xm = x[m * x_step];
      MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) {
        acc[m][i] = Isa::fma_scalar(acc[m][i], wv[i], xm);
      }
    }
  }
}

// Calls body.run<NV>(n0, n) for each block of channels n0 .. n0 + n of `count`: blocks of kNv full
// vectors, and last a narrower one with NV the number of vectors that hold it.
template <class Isa, int32_t NV, class Body>
MOTE_INLINE void tail_block(int32_t n0, int32_t n, const Body& body) {
  if (n > (NV - 1) * Isa::kLanes) {
    body.template run<NV>(n0, n);
  } else if constexpr (NV > 1) {
    tail_block<Isa, NV - 1>(n0, n, body);
  }
}
template <class Isa, int32_t NV, class Body>
MOTE_INLINE void for_blocks(int32_t count, const Body& body) {
  constexpr int32_t kNr = NV * Isa::kLanes;
  const int32_t tail = count % kNr;
  for (int32_t n0 = 0; n0 < count - tail; n0 += kNr) body.template run<NV>(n0, kNr);
  if (tail != 0) tail_block<Isa, NV>(count - tail, tail, body);
}

// Calls body.run<MR>(m) for tiles of MR pixels, and last for a smaller one.
template <int32_t MR, class Body>
MOTE_INLINE void tail_pixels(int32_t m, int32_t rest, const Body& body) {
  if constexpr (MR > 0) {
    if (rest == MR) {
      body.template run<MR>(m);
    } else {
      tail_pixels<MR - 1>(m, rest, body);
    }
  }
}
template <int32_t MR, class Body>
MOTE_INLINE void for_pixel_tiles(int32_t count, const Body& body) {
  const int32_t rest = count % MR;
  for (int32_t m = 0; m < count - rest; m += MR) body.template run<MR>(m);
  tail_pixels<MR - 1>(count - rest, rest, body);
}

// ---- Matrix products with packed weights: pointwise convolution and fully connected layers.

struct GemmShape {
  int32_t m;          // pixels, or rows of a batch
  int32_t k;          // inputs of each
  int32_t n;          // outputs of each
  float alpha, beta;  // parameters of the activation, if it has any
  MOTE_FIELDS(m, k, n, alpha, beta)
};

template <class Isa, class Act, int32_t NV, class S>
struct PointwisePixels {
  const S& s;
  const float* x;
  const float* w;  // of the block
  const float* bias;
  float* y;
  int32_t w_step, n;

  template <int32_t MR>
  MOTE_INLINE void run(int32_t m) const {
    typename Isa::VF acc[MR][NV];
    gemm_begin<Isa>(acc, bias, n);
    const float* wk = w;
    gemm_segment<Isa>(acc, x + m * s.k, s.k, s.k, wk, w_step);
    store_tile<Isa, Act>(s, acc, y + m * s.n, s.n, n);
  }
};

template <class Isa, class Act, class S>
struct PointwiseBlocks {
  const S& s;
  const float* x;
  const float* w;
  const float* bias;
  float* y;

  template <int32_t NV>
  MOTE_INLINE void run(int32_t n0, int32_t n) const {
    for_pixel_tiles<Isa::kMr>(
        s.m, PointwisePixels<Isa, Act, NV, S>{s, x, w + n0 * s.k, bias + n0, y + n0, n, n});
  }
};

// y[m][n] = Act(bias[n] + sum over k of x[m][k] * weights[n][k]): a 1x1 convolution of stride 1
// without padding over m = batch * height * width pixels, or a fully connected layer with m >= 2.
// Every block of channels walks all pixels: y may not overlap x.
template <class Isa, class Act, class S>
MOTE_KERNEL void pointwise_f32(const S& s, const float* x, const float* w, const float* bias,
                               float* y) {
  for_blocks<Isa, Isa::kNv>(s.n, PointwiseBlocks<Isa, Act, S>{s, x, w, bias, y});
}

// Inputs J .. End of a vector, the first of them in xk, each into the next of the kSums sums.
template <class Isa, int32_t J, int32_t End, int32_t kSums, int32_t NV>
MOTE_INLINE void dense_inputs(typename Isa::VF (&sums)[kSums][NV], const typename Isa::XK& xk,
                              const float* x, const float*& w, int32_t w_step) {
  typename Isa::VF wv[NV];
  Isa::template load_weights<Isa>(w, w_step, wv);
  MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) {
    sums[J % kSums][i] = Isa::template fma_k<J % Isa::kKu>(sums[J % kSums][i], wv[i], xk);
  }
  if constexpr (J + 1 < End && (J + 1) % Isa::kKu == 0) {
    dense_inputs<Isa, J + 1, End>(sums, Isa::load_k(x + J + 1), x, w, w_step);
  } else if constexpr (J + 1 < End) {
    dense_inputs<Isa, J + 1, End>(sums, xk, x, w, w_step);
  }
}

template <class Isa, class Act, class S>
struct DenseBlocks {
  const S& s;
  const float* x;
  const float* w;
  const float* bias;
  float* y;

  template <int32_t NV>
  MOTE_INLINE void run(int32_t n0, int32_t n) const {
    constexpr int32_t kStep = 4, kSums = Isa::kDenseSums;
    using VF = typename Isa::VF;
    const float* wk = w + n0 * s.k;
    VF acc[1][NV], sums[kSums][NV];
    gemm_begin<Isa>(acc, bias + n0, n);
    MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) {
      sums[0][i] = acc[0][i];
      MOTE_UNROLL for (int32_t j = 1; j < kSums; ++j) sums[j][i] = Isa::splat(0.0f);
    }
    const int32_t rest = s.k % kStep;
    const float* xk = x;
    for (const float* end = x + (s.k - rest); xk != end; xk += kStep) {
      dense_inputs<Isa, 0, kStep>(sums, Isa::load_k(xk), xk, wk, n);
    }
    MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) {
      acc[0][i] = sums[0][i];
      MOTE_UNROLL for (int32_t j = 1; j < kSums; ++j) acc[0][i] = Isa::add(acc[0][i], sums[j][i]);
    }
    gemm_segment<Isa>(acc, xk, 0, rest, wk, n);
    store_tile<Isa, Act>(s, acc, y + n0, 0, n);
  }
};

// The matrix-vector product, s.m == 1: each weight is read once, in order. Same packing.
template <class Isa, class Act, class S>
MOTE_KERNEL void dense_f32(const S& s, const float* x, const float* w, const float* bias,
                           float* y) {
  for_blocks<Isa, Isa::kNv>(s.n, DenseBlocks<Isa, Act, S>{s, x, w, bias, y});
}

}  // namespace mote
