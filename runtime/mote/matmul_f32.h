// Batched matrix product of two activations, float32, row-major, neither of them packed:
// y[b] = a[b] (m x k) * c[b] (k x n), or with the second operand transposed (n x k).
#pragma once
#include "gemm_f32.h"

namespace mote {

struct MatMulShape {
  int32_t batch;
  int32_t m, k, n;
  int32_t a_batch_stride, b_batch_stride;  // floats; 0 repeats one matrix for the whole batch
  float alpha, beta;                       // parameters of the activation, if it has any
  MOTE_FIELDS(batch, m, k, n, a_batch_stride, b_batch_stride, alpha, beta)
};

// NV vectors of columns, all rows of a.
template <class Isa, class Act, int32_t NV, class S>
struct MatMulRows {
  const S& s;
  const float* a;
  const float* b;  // first column of the block
  float* y;

  template <int32_t MR>
  MOTE_INLINE void run(int32_t m) const {
    typename Isa::VF acc[MR][NV];
    MOTE_UNROLL for (int32_t i = 0; i < MR; ++i) {
      MOTE_UNROLL for (int32_t j = 0; j < NV; ++j) acc[i][j] = Isa::splat(0.0f);
    }
    const float* bk = b;
    gemm_segment<Isa>(acc, a + m * s.k, s.k, s.k, bk, s.n);
    store_tile<Isa, Act>(s, acc, y + m * s.n, s.n, NV * Isa::kLanes);
  }
};

// Columns n0 .. n0 + n * kLanes: full blocks of kNv vectors, then one of fewer, and what fills no
// vector by the scalar tile, for b may not be read beyond its end.
template <class Isa, class Act, class S>
MOTE_INLINE void matmul_columns(const S& s, const float* a, const float* b, int32_t n0, float* y) {
  constexpr int32_t kNr = gemm_nr<Isa>();
  for (; n0 + kNr <= s.n; n0 += kNr) {
    for_pixel_tiles<Isa::kMr>(s.m, MatMulRows<Isa, Act, Isa::kNv, S>{s, a, b + n0, y + n0});
  }
  if constexpr (Isa::kNv > 1) {
    for (; n0 + Isa::kLanes <= s.n; n0 += Isa::kLanes) {
      for_pixel_tiles<Isa::kMr>(s.m, MatMulRows<Isa, Act, 1, S>{s, a, b + n0, y + n0});
    }
  }
  if constexpr (Isa::kLanes > 1) {
    if (n0 < s.n) matmul_columns<isa::ScalarTile<1, 4>, Act>(s, a, b, n0, y);
  }
}

// `y` may not overlap `a` or `b`.
template <class Isa, class Act, class S>
MOTE_KERNEL void matmul_f32(const S& s, const float* a, const float* b, float* y) {
  for (int32_t i = 0; i < s.batch; ++i) {
    matmul_columns<Isa, Act>(s, a, b, 0, y);
    a += s.a_batch_stride;
    b += s.b_batch_stride;
    y += s.m * s.n;
  }
}

// One row of a against NR rows of b, all contiguous along k.
template <class Isa, class Act, int32_t NR, class S>
MOTE_INLINE void matmul_dots(const S& s, const float* a, const float* b, float* y) {
  constexpr int32_t kLanes = Isa::kLanes;
  typename Isa::VF acc[NR];
  MOTE_UNROLL for (int32_t j = 0; j < NR; ++j) acc[j] = Isa::splat(0.0f);
  int32_t k = 0;
  for (; k + kLanes <= s.k; k += kLanes) {
    const typename Isa::VF av = Isa::load(a + k);
    MOTE_UNROLL for (int32_t j = 0; j < NR; ++j) {
      acc[j] = Isa::fma(acc[j], av, Isa::load(b + j * s.k + k));
    }
  }
  float sum[NR];
  MOTE_UNROLL for (int32_t j = 0; j < NR; ++j) sum[j] = Isa::reduce_add(acc[j]);
  for (; k < s.k; ++k) {
    MOTE_UNROLL for (int32_t j = 0; j < NR; ++j) sum[j] += a[k] * b[j * s.k + k];
  }
  MOTE_UNROLL for (int32_t j = 0; j < NR; ++j) y[j] = Act::apply(s, sum[j]);
}

// The same with b[i] given as n x k. `y` may not overlap `a` or `b`.
template <class Isa, class Act, class S>
MOTE_KERNEL void matmul_bt_f32(const S& s, const float* a, const float* b, float* y) {
  constexpr int32_t kNr = 4;
  for (int32_t i = 0; i < s.batch; ++i) {
    for (int32_t m = 0; m < s.m; ++m, y += s.n) {
      const float* row = a + m * s.k;
      int32_t n = 0;
      for (; n + kNr <= s.n; n += kNr) matmul_dots<Isa, Act, kNr>(s, row, b + n * s.k, y + n);
      for (; n < s.n; ++n) matmul_dots<Isa, Act, 1>(s, row, b + n * s.k, y + n);
    }
    a += s.a_batch_stride;
    b += s.b_batch_stride;
  }
}

}  // namespace mote
