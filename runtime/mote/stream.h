// Rows that flow through several layers. Emitted code says where rows stand; what is the same for
// all of them is here.
#pragma once
#include <string.h>

#include "config.h"

namespace mote {

// Whether enough rows of an operand have been made for a row of the result that reads up to, and
// without, row `end`. Beyond the operand's last row is padding.
MOTE_INLINE bool has_rows(int32_t made, int32_t end, int32_t rows) {
  return made >= (end < rows ? end : rows);
}

// The rows under a window that begins at row `first`: null where they are padding.
template <int32_t kCount, class T, class RowAt>
MOTE_INLINE void window_rows(const T* (&window)[kCount], int32_t first, int32_t dilation,
                             int32_t rows, RowAt row_at) {
  for (int32_t k = 0; k < kCount; ++k, first += dilation)
    window[k] = first < 0 || first >= rows ? nullptr : row_at(first);
}

// Copies a row; as a row of `elements` fits both ways, it may be any two places in the arena.
template <class T>
MOTE_INLINE void copy_row(T* to, const T* from, int32_t elements) {
  memcpy(to, from, sizeof(T) * static_cast<size_t>(elements));
}

}  // namespace mote
