// Walking tensors of any rank: an odometer over all dimensions but the innermost, which kernels run
// as a plain loop.
#pragma once
#include "config.h"

namespace mote {

// Advances `index` over dims[0 .. rank-2] and keeps up to N operand offsets in step. Returns false
// after the last position. `stride[k]` are the strides of operand k.
template <int N, class Dims>
MOTE_INLINE bool next_row(const Dims& dims, int32_t rank, int32_t* index,
                          const int32_t* const (&stride)[N], int32_t (&offset)[N]) {
  for (int32_t d = rank - 2; d >= 0; --d) {
    for (int k = 0; k < N; ++k) offset[k] += stride[k][d];
    if (++index[d] < dims[d]) return true;
    index[d] = 0;
    for (int k = 0; k < N; ++k) offset[k] -= stride[k][d] * dims[d];
  }
  return false;
}

}  // namespace mote
