// Batched matrix product of two int8 activations:
//   y[b][m][n] = requantize(sum over k of (a[b][m][k] - a_zp) * (b[b][k][n] - b_zp), mult)
#pragma once
#include "isa/scalar_s8.h"
#include "widen.h"

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

// Columns of b that are multiplied at a time, after both operands were widened to int16 and freed
// of their zero points in scratch: so an element of b is widened once, and one of a for each of
// these.
constexpr int32_t kMatMulColumns = 8;

// Bytes of scratch: these columns, and a row of a.
template <class S>
constexpr int64_t matmul_scratch(const S& s) {
  return 2 * (kMatMulColumns + 1) * pack::round_up(s.k, 8);
}

// Rq is High or Raw.
template <class Isa, class Rq, class S>
MOTE_KERNEL void matmul_s8(const S& s, const int8_t* a, const int8_t* b, typename Rq::Out* y,
                           int8_t* scratch) {
  const int32_t k = static_cast<int32_t>(pack::round_up(s.k, Isa::kWideStep));
  int16_t *const columns = reinterpret_cast<int16_t*>(scratch), *row = columns + kMatMulColumns * k;
  for (int32_t i = 0; i < s.batch; ++i, a += s.a_step, b += s.b_step, y += s.m * s.n) {
    for (int32_t n = 0; n < s.n; n += kMatMulColumns) {
      const int32_t count = s.n - n < kMatMulColumns ? s.n - n : kMatMulColumns;
      for (int32_t j = 0; j < count; ++j) {
        widen(columns + j * k, b + (n + j) * s.b_n_step, s.b_k_step, s.k, k, s.b_zp);
      }
      // Columns are multiplied by four.
      for (int32_t j = count; j % 4 != 0; ++j) widen(columns + j * k, b, 0, 0, k, 0);
      for (int32_t m = 0; m < s.m; ++m) {
        int32_t sums[kMatMulColumns];
        widen(row, a + m * s.k, 1, s.k, k, s.a_zp);
        for (int32_t j = 0; j < count; j += 4) {
          Isa::multiply_wide(row, columns + j * k, k, sums + j);
        }
        typename Rq::Out* const to = y + m * s.n + n;
        if constexpr (Rq::kHigh) {
          Isa::requantize_row(s, sums, s.mult, to, count);
        } else {
          for (int32_t j = 0; j < count; ++j) to[j] = sums[j];
        }
      }
    }
  }
}

}  // namespace mote
