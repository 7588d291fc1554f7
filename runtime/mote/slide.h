// The newest rows of a stream: a window of them moves on by some rows.
#pragma once
#include "config.h"

#include <string.h>

namespace mote {

// A window is [outer, keep + add], and what moves in [outer, add].
struct SlideShape {
  int32_t outer;
  int32_t keep, add;  // elements of a block that stay and that move in
  MOTE_FIELDS(outer, keep, add)
};

// y is x without the first `add` elements of each block, followed by those of `rows`. y may be x.
template <class S, class T>
MOTE_KERNEL void slide(const S& s, const T* x, const T* MOTE_RESTRICT rows, T* y) {
  for (int32_t o = 0; o < s.outer; ++o, x += s.keep + s.add, y += s.keep + s.add, rows += s.add) {
    memmove(y, x + s.add, (size_t)s.keep * sizeof(T));
    memcpy(y + s.keep, rows, (size_t)s.add * sizeof(T));
  }
}

}  // namespace mote
