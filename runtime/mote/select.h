// y = c ? a : b, element by element, with broadcasting: a dimension along which an operand is
// repeated has stride 0 there.
#pragma once
#include "index.h"

namespace mote {

struct SelectShape {
  int32_t rank;                                                        // >= 1
  int32_t dims[kMaxRank];                                              // of the result
  int32_t c_stride[kMaxRank], a_stride[kMaxRank], b_stride[kMaxRank];  // in elements
  MOTE_FIELDS(rank, dims, c_stride, a_stride, b_stride)
};

// `y` may be `a` or `b` if that is not repeated.
template <class T, class S>
MOTE_KERNEL void select(const S& s, const uint8_t* c, const T* a, const T* b, T* y) {
  const int32_t last = s.rank - 1, n = s.dims[last];
  int32_t index[kMaxRank] = {};
  int32_t offset[3] = {};
  const int32_t* const stride[3] = {s.c_stride, s.a_stride, s.b_stride};
  do {
    for (int32_t i = 0; i < n; ++i) {
      y[i] = c[offset[0] + i * s.c_stride[last]] ? a[offset[1] + i * s.a_stride[last]]
                                                 : b[offset[2] + i * s.b_stride[last]];
    }
    y += n;
  } while (next_row(s.dims, s.rank, index, stride, offset));
}

}  // namespace mote
