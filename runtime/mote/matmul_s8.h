// Batched matrix product of two int8 activations:
//   y[b][m][n] = requantize(sum over k of (a[b][m][k] - a_zp) * (b[b][k][n] - b_zp), mult)
#pragma once
#include "requant.h"

namespace mote {

struct MatMulS8Shape {
  int32_t batch, m, k, n;
  int32_t a_step, b_step;      // elements from one matrix of a batch to the next; 0 repeats it
  int32_t b_k_step, b_n_step;  // n, 1, or transposed 1, k
  int32_t a_zp, b_zp;
  int32_t mult;
  int32_t zp, lo, hi, shift;  // of the result, see requant.h
  MOTE_FIELDS(batch, m, k, n, a_step, b_step, b_k_step, b_n_step, a_zp, b_zp, mult, zp, lo, hi,
              shift)
};

// Four columns at a time, so that each element of `a` is loaded and shifted once for them.
template <int32_t N, class Rq, class S>
MOTE_INLINE void matmul_columns(const S& s, const int8_t* a, const int8_t* b, typename Rq::Out* y) {
  int32_t acc[N] = {};
  for (int32_t k = 0; k < s.k; ++k) {
    const int32_t x = a[k] - s.a_zp;
    for (int32_t j = 0; j < N; ++j) {
      acc[j] += x * (b[k * s.b_k_step + j * s.b_n_step] - s.b_zp);
    }
  }
  const int32_t mult = s.mult;
  for (int32_t j = 0; j < N; ++j) y[j] = Rq::apply(s, acc[j], &mult, 0);
}

// Rq is High or Raw.
template <class Rq, class S>
MOTE_KERNEL void matmul_s8(const S s, const int8_t* a, const int8_t* b, typename Rq::Out* y) {
  for (int32_t i = 0; i < s.batch; ++i, a += s.a_step, b += s.b_step) {
    const int8_t* row = a;
    for (int32_t m = 0; m < s.m; ++m, row += s.k, y += s.n) {
      int32_t n = 0;
      for (; n + 4 <= s.n; n += 4) matmul_columns<4, Rq>(s, row, b + n * s.b_n_step, y + n);
      for (; n < s.n; ++n) matmul_columns<1, Rq>(s, row, b + n * s.b_n_step, y + n);
    }
  }
}

}  // namespace mote
