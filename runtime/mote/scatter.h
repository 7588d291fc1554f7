// Copies a tensor with updates at places that indices name. Updates are applied in order: F is a
// function of the old element and the update, fn::Replace where the update just takes the place.
// There is at least one update.
#pragma once
#include "binary_fn.h"
#include "gather_nd.h"

namespace mote {
namespace fn {
struct Replace {
  template <class T>
  static MOTE_INLINE T apply(T, T b) {
    return b;
  }
};
}  // namespace fn

struct ScatterElementsShape {
  int32_t rank;                // >= 1
  int32_t dims[kMaxRank];      // of indices and updates
  int32_t u_stride[kMaxRank];  // of both, in elements
  int32_t y_stride[kMaxRank];  // of the result; 0 along the axis
  int32_t n, axis_stride;      // the result's size and stride along the axis
  int32_t count;               // elements of the result
  MOTE_FIELDS(rank, dims, u_stride, y_stride, n, axis_stride, count)
};

// y[.., index[.., i, ..], ..] = F(y[..], update[.., i, ..]). `y` may be `x`.
template <class F, class T, class I, class S>
MOTE_KERNEL void scatter_elements(const S& s, const T* x, const I* index, const T* update, T* y) {
  if (y != x) memcpy(y, x, (size_t)s.count * sizeof(T));
  const int32_t last = s.rank - 1;
  int32_t position[kMaxRank] = {};
  int32_t offset[2] = {};
  const int32_t* const stride[2] = {s.u_stride, s.y_stride};
  do {
    for (int32_t i = 0; i < s.dims[last]; ++i) {
      const int32_t from = offset[0] + i * s.u_stride[last];
      T& to = y[offset[1] + i * s.y_stride[last] + AnyIndex::at(index[from], s.n) * s.axis_stride];
      to = F::apply(to, update[from]);
    }
  } while (next_row(s.dims, s.rank, position, stride, offset));
}

struct ScatterNdShape {
  int32_t rank;              // indices per point, >= 1
  int32_t dims[kMaxRank];    // the dimensions that they name
  int32_t stride[kMaxRank];  // of those, in elements
  int32_t points, inner;     // updates, elements of each
  int32_t count;             // elements of the result
  MOTE_FIELDS(rank, dims, stride, points, inner, count)
};

// `y` may be `x`.
template <class F, class T, class I, class S>
MOTE_KERNEL void scatter_nd(const S& s, const T* x, const I* index, const T* update, T* y) {
  if (y != x) memcpy(y, x, (size_t)s.count * sizeof(T));
  for (int32_t p = 0; p < s.points; ++p, index += s.rank) {
    T* to = y + point_offset(s, index);
    for (int32_t i = 0; i < s.inner; ++i) to[i] = F::apply(to[i], *update++);
  }
}

}  // namespace mote
