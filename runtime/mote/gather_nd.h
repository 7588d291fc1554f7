// Picks by indices that vary from element to element (gather_elements) or that name several
// dimensions at once (gather_nd). The indices are made at run time; constant ones become a
// gather().
#pragma once
#include "index.h"
#include "subscript.h"

#include <string.h>

namespace mote {

struct GatherElementsShape {
  int32_t rank;                // >= 1
  int32_t dims[kMaxRank];      // of the indices, and of the result
  int32_t x_stride[kMaxRank];  // in elements; 0 along the axis
  int32_t y_stride[kMaxRank];  // of the indices, and of the result
  int32_t n, axis_stride;      // the operand's size and stride along the axis
  MOTE_FIELDS(rank, dims, x_stride, y_stride, n, axis_stride)
};

// y[.., i, ..] = x[.., index[.., i, ..], ..]
template <class T, class I, class S>
MOTE_KERNEL void gather_elements(const S& s, const T* MOTE_RESTRICT x, const I* index,
                                 T* MOTE_RESTRICT y) {
  const int32_t last = s.rank - 1;
  int32_t position[kMaxRank] = {};
  int32_t offset[2] = {};
  const int32_t* const stride[2] = {s.x_stride, s.y_stride};
  do {
    const T* from = x + offset[0];
    for (int32_t i = 0; i < s.dims[last]; ++i) {
      const int32_t at = offset[1] + i * s.y_stride[last];
      y[at] = from[i * s.x_stride[last] + AnyIndex::at(index[at], s.n) * s.axis_stride];
    }
  } while (next_row(s.dims, s.rank, position, stride, offset));
}

struct GatherNdShape {
  int32_t rank;              // indices per point, >= 1
  int32_t dims[kMaxRank];    // the dimensions that they name
  int32_t stride[kMaxRank];  // of those, in elements
  int32_t batches, batch;    // leading dimensions that are not named: how many, elements of each
  int32_t points, inner;     // points per batch, elements copied for each
  MOTE_FIELDS(rank, dims, stride, batches, batch, points, inner)
};

// Where the point that `index` names begins.
template <class I, class S>
MOTE_INLINE int32_t point_offset(const S& s, const I* index) {
  int32_t offset = 0;
  for (int32_t d = 0; d < s.rank; ++d) offset += AnyIndex::at(index[d], s.dims[d]) * s.stride[d];
  return offset;
}

template <class T, class I, class S>
MOTE_KERNEL void gather_nd(const S& s, const T* MOTE_RESTRICT x, const I* index,
                           T* MOTE_RESTRICT y) {
  for (int32_t b = 0; b < s.batches; ++b, x += s.batch) {
    for (int32_t p = 0; p < s.points; ++p, index += s.rank, y += s.inner)
      memcpy(y, x + point_offset(s, index), (size_t)s.inner * sizeof(T));
  }
}

}  // namespace mote
