// Joins tensors along an axis. Every operand is [outer, block[k]], and the result [outer, row].
#pragma once
#include "config.h"

#include <string.h>

namespace mote {

// One operand's part of the result.
struct ConcatPart {
  int32_t outer;       // copies to make
  int32_t block, row;  // elements of a copy; elements from one copy in the result to the next
};

// The compiler writes the shape of a call itself, as only `block` has as many entries as operands:
//   int32_t outer, row, block[operands];

template <class T>
MOTE_INLINE void concat_part(const ConcatPart part, const T* MOTE_RESTRICT x, T* MOTE_RESTRICT y) {
  if (part.block == 0) return;
  for (int32_t o = 0; o < part.outer; ++o, x += part.block, y += part.row)
    memcpy(y, x, (size_t)part.block * sizeof(T));
}

// The result goes first, because the operands are any number.
template <class S, class T, class... X>
MOTE_KERNEL void concat(const S& s, T* y, const X*... x) {
  int32_t k = 0;
  ((concat_part(ConcatPart{s.outer, s.block[k], s.row}, x, y), y += s.block[k++]), ...);
}

}  // namespace mote
