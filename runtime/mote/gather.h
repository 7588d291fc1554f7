// Picks slices of a tensor by index: y[o, j, i] = x[o, index[j], i].
#pragma once
#include "subscript.h"

#include <string.h>

namespace mote {

struct GatherShape {
  int32_t outer, n, inner;  // the operand around the axis
  int32_t count;            // indices
  MOTE_FIELDS(outer, n, inner, count)
};

// Index: AnyIndex or KnownIndex.
template <class Index, class T, class I, class S>
MOTE_KERNEL void gather(const S& s, const T* MOTE_RESTRICT x, const I* index, T* MOTE_RESTRICT y) {
  for (int32_t o = 0; o < s.outer; ++o, x += s.n * s.inner) {
    for (int32_t j = 0; j < s.count; ++j, y += s.inner)
      memcpy(y, x + Index::at(index[j], s.n) * s.inner, (size_t)s.inner * sizeof(T));
  }
}

}  // namespace mote
