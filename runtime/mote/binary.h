// y = F(a, b) with broadcasting: a dimension along which an operand is repeated has stride 0 there.
#pragma once
#include "binary_fn.h"
#include "index.h"
#include "unary_fn.h"

namespace mote {

struct BinaryShape {
  int32_t rank;                                    // >= 1
  int32_t dims[kMaxRank];                          // of the result
  int32_t a_stride[kMaxRank], b_stride[kMaxRank];  // in elements; innermost 0 or 1
  float alpha, beta;                               // parameters of the activation
  MOTE_FIELDS(rank, dims, a_stride, b_stride, alpha, beta)
};

// `y` may be an operand that is not repeated. Act is applied to the result.
template <class F, class Act, class T, class To, class S>
MOTE_KERNEL void binary(const S& s, const T* a, const T* b, To* y) {
  const int32_t n = s.dims[s.rank - 1];
  const int32_t a_step = s.a_stride[s.rank - 1], b_step = s.b_stride[s.rank - 1];
  int32_t index[kMaxRank] = {};
  int32_t offset[2] = {};
  const int32_t* const stride[2] = {s.a_stride, s.b_stride};
  do {
    const T* pa = a + offset[0];
    const T* pb = b + offset[1];
    for (int32_t i = 0; i < n; ++i, pa += a_step, pb += b_step)
      y[i] = Act::apply(s, F::apply(*pa, *pb));
    y += n;
  } while (next_row(s.dims, s.rank, index, stride, offset));
}

}  // namespace mote
