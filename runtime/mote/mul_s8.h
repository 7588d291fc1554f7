// Multiplication of quantized tensors with broadcasting:
//   y = requantize((a - a_zp) * (b - b_zp), mult), with mult = 2^32 * scale_a * scale_b / scale_y.
#pragma once
#include "index.h"
#include "isa/scalar_s8.h"

namespace mote {

struct MulS8Shape {
  int32_t rank;                                    // >= 1
  int32_t dims[kMaxRank];                          // of the result
  int32_t a_stride[kMaxRank], b_stride[kMaxRank];  // in elements; innermost 0 or 1
  int32_t a_zp, b_zp;
  int32_t mult;
  int32_t zp, lo, hi, shift;  // of the result, see requant.h
  MOTE_FIELDS(rank, dims, a_stride, b_stride, a_zp, b_zp, mult, zp, lo, hi, shift)
};

// Products that are made before they are stored.
constexpr int32_t kMulProducts = 32;

// `y` may be an operand that is not repeated.
template <class Isa, class S>
MOTE_KERNEL void mul_s8(const S& s, const int8_t* a, const int8_t* b, int8_t* y) {
  const int32_t n = s.dims[s.rank - 1];
  const int32_t a_step = s.a_stride[s.rank - 1], b_step = s.b_stride[s.rank - 1];
  int32_t index[kMaxRank] = {};
  int32_t offset[2] = {};
  const int32_t* const stride[2] = {s.a_stride, s.b_stride};
  do {
    const int8_t* pa = a + offset[0];
    const int8_t* pb = b + offset[1];
    for (int32_t i = 0, count; i < n; i += count, y += count) {
      int32_t products[kMulProducts];
      count = n - i < kMulProducts ? n - i : kMulProducts;
      for (int32_t j = 0; j < count; ++j, pa += a_step, pb += b_step)
        products[j] = (*pa - s.a_zp) * (*pb - s.b_zp);
      Isa::requantize_row(s, products, s.mult, y, count);
    }
  } while (next_row(s.dims, s.rank, index, stride, offset));
}

}  // namespace mote
