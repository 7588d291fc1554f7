// Surrounds a tensor with a constant. Dimensions without padding are merged into the one before, so
// that for feature maps in NHWC a row is a whole line of pixels.
#pragma once
#include "config.h"

#include <string.h>

namespace mote {

struct PadShape {
  int32_t rank;              // >= 1
  int32_t dims[kMaxRank];    // of the result
  int32_t x_dims[kMaxRank];  // of the operand; may be 0
  int32_t begin[kMaxRank];   // padding before it
  MOTE_FIELDS(rank, dims, x_dims, begin)
};

template <class T>
MOTE_INLINE T* fill_run(T* y, int32_t count, T value) {
  for (int32_t i = 0; i < count; ++i) y[i] = value;
  return y + count;
}

// Writes every element of the result once, in order, and reads the operand in order.
template <class T, class S>
MOTE_KERNEL void pad(const S& s, const T* MOTE_RESTRICT x, const T* value, T* MOTE_RESTRICT y) {
  const T v = *value;
  const int32_t last = s.rank - 1;
  const int32_t before = s.begin[last], inside = s.x_dims[last];
  const int32_t after = s.dims[last] - before - inside;
  int32_t index[kMaxRank] = {};
  for (;;) {
    bool padding = false;  // the whole row
    for (int32_t d = 0; d < last; ++d)
      padding |= index[d] < s.begin[d] || index[d] >= s.begin[d] + s.x_dims[d];
    if (padding) {
      y = fill_run(y, s.dims[last], v);
    } else {
      y = fill_run(y, before, v);
      if (inside) memcpy(y, x, (size_t)inside * sizeof(T));
      x += inside;
      y = fill_run(y + inside, after, v);
    }
    int32_t d = last - 1;
    while (d >= 0 && ++index[d] == s.dims[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

// One row of a padded image: `window` is the row of the operand that goes into it, null where it
// lies above or below the operand. The shape is that of a row.
template <class T, class S>
MOTE_KERNEL void pad_row(const S& s, const T* const* window, const T* value, T* MOTE_RESTRICT y) {
  if (*window) return pad(s, *window, value, y);
  int32_t count = 1;
  for (int32_t d = 0; d < s.rank; ++d) count *= s.dims[d];
  fill_run(y, count, *value);
}

}  // namespace mote
