// Moves elements without changing them: Transpose, Slice, Expand and their like are all a walk
// through the source with other strides.
#pragma once
#include "index.h"

namespace mote {

struct StridedCopyShape {
  int32_t rank;                // >= 1
  int32_t dims[kMaxRank];      // of the walk
  int32_t x_stride[kMaxRank];  // in elements; 0 repeats, negative walks backwards
  int32_t y_stride[kMaxRank];
  int32_t x_offset, y_offset;  // of the first element
  MOTE_FIELDS(rank, dims, x_stride, y_stride, x_offset, y_offset)
};

template <class T, class S>
MOTE_KERNEL void strided_copy(const S& s, const T* MOTE_RESTRICT x, T* MOTE_RESTRICT y) {
  const int32_t n = s.dims[s.rank - 1];
  const int32_t x_step = s.x_stride[s.rank - 1], y_step = s.y_stride[s.rank - 1];
  int32_t index[kMaxRank] = {};
  int32_t offset[2] = {s.x_offset, s.y_offset};
  const int32_t* const stride[2] = {s.x_stride, s.y_stride};
  do {
    const T* from = x + offset[0];
    T* to = y + offset[1];
    for (int32_t i = 0; i < n; ++i, from += x_step, to += y_step) *to = *from;
  } while (next_row(s.dims, s.rank, index, stride, offset));
}

}  // namespace mote
