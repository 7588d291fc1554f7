// Addition and subtraction of quantized tensors with broadcasting, in one rounding:
//
//   y = clamp((a * a_mult + b * b_mult + offset) >> right, lo, hi)
//
// with a_mult = round(scale_a / scale_y * 2^right), likewise b_mult (negative for a - b), and
// offset = (zp_y << right) - zp_a * a_mult - zp_b * b_mult + (1 << (right - 1)). The host takes the
// largest `right` of at most 21 for which nothing overflows int32.
#pragma once
#include "index.h"
#include "isa/scalar_s8.h"

namespace mote {

struct AddS8Shape {
  int32_t rank;                                    // >= 1
  int32_t dims[kMaxRank];                          // of the result
  int32_t a_stride[kMaxRank], b_stride[kMaxRank];  // in elements; innermost 0 or 1
  int32_t a_mult, b_mult, offset, right;
  int32_t lo, hi;
  MOTE_FIELDS(rank, dims, a_stride, b_stride, a_mult, b_mult, offset, right, lo, hi)
};

// `y` may be an operand that is not repeated.
template <class Isa, class S>
MOTE_KERNEL void add_s8(const S& s, const int8_t* a, const int8_t* b, int8_t* y) {
  const int32_t n = s.dims[s.rank - 1];
  int32_t index[kMaxRank] = {};
  int32_t offset[2] = {};
  const int32_t* const stride[2] = {s.a_stride, s.b_stride};
  do {
    Isa::template add<Isa>(s, a + offset[0], s.a_stride[s.rank - 1], b + offset[1],
                           s.b_stride[s.rank - 1], y, n);
    y += n;
  } while (next_row(s.dims, s.rank, index, stride, offset));
}

}  // namespace mote
