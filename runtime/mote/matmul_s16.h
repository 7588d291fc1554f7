// Batched matrix product of two activations of which one or the result is int16:
//   y[b][m][n] = requantize_long(sum over k of (a[b][m][k] - a_zp) * (b[b][k][n] - b_zp))
// An int16 operand has a zero point of 0. Sums have 64 bits, as two products of int16 may
// exceed 32.
#pragma once
#include "matmul_s8.h"

namespace mote {

struct MatMulS16Shape {
  int32_t batch, m, k, n;
  int32_t a_step, b_step;      // elements from one matrix of a batch to the next; 0 repeats it
  int32_t b_k_step, b_n_step;  // n, 1, or transposed 1, k
  int32_t a_zp, b_zp;
  int32_t mult, narrow, right;  // see requant.h
  int32_t zp, lo, hi;           // of the result, likewise
  MOTE_FIELDS(batch, m, k, n, a_step, b_step, b_k_step, b_n_step, a_zp, b_zp, mult, narrow, right,
              zp, lo, hi)
};

// Scratch: matmul_scratch(s).
template <class Isa, class A, class B, class Y, class S>
MOTE_KERNEL void matmul_s16(const S& s, const A* a, const B* b, Y* y, int8_t* scratch) {
  const int32_t k = static_cast<int32_t>(pack::round_up(s.k, Isa::kWideStep));
  int16_t *const columns = reinterpret_cast<int16_t*>(scratch), *row = columns + kMatMulColumns * k;
  for (int32_t i = 0; i < s.batch; ++i, a += s.a_step, b += s.b_step, y += s.m * s.n) {
    for (int32_t n = 0; n < s.n; n += kMatMulColumns) {
      const int32_t count = s.n - n < kMatMulColumns ? s.n - n : kMatMulColumns;
      for (int32_t j = 0; j < count; ++j) {
        widen(columns + j * k, b + (n + j) * s.b_n_step, s.b_k_step, s.k, k, s.b_zp);
      }
      // Columns are multiplied by two.
      if (count % 2 != 0) widen(columns + count * k, b, 0, 0, k, 0);
      for (int32_t m = 0; m < s.m; ++m) {
        widen(row, a + m * s.k, 1, s.k, k, s.a_zp);
        Y* const to = y + m * s.n + n;
        for (int32_t j = 0; j < count; j += 2) {
          int64_t sums[2];
          Isa::multiply_long(row, columns + j * k, k, sums);
          to[j] = static_cast<Y>(requantize_long(s, sums[0], s.mult, s.narrow, s.right));
          if (j + 1 == count) break;
          to[j + 1] = static_cast<Y>(requantize_long(s, sums[1], s.mult, s.narrow, s.right));
        }
      }
    }
  }
}

}  // namespace mote
