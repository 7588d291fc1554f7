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

// Where the rows of a tensor stand: row r below `kept` at r % ring_rows of the ring, those from
// there on side by side at `newest`.
template <class T>
struct RowPlaces {
  const T* ring;
  const T* newest;
  int32_t ring_rows, row_elements, kept;
};
constexpr int32_t kAllKept = INT32_MAX;

// The `count` rows under a window that begins at row `first`: null where they are padding. Out of
// line, as all layers share it: 25 copies would be a third of a network's code.
template <class T>
__attribute__((noinline)) void window_rows(const T** window, int32_t count, int32_t first,
                                           int32_t dilation, int32_t rows, const RowPlaces<T>& at) {
  for (; count > 0; --count, first += dilation) {
    const T* row = nullptr;
    if (first >= at.kept) row = at.newest + (first - at.kept) * at.row_elements;
    if (first >= 0 && first < at.kept) row = at.ring + first % at.ring_rows * at.row_elements;
    *window++ = first < rows ? row : nullptr;
  }
}

// Copies the newest rows, `kept` and following, from `stage` to where the last `ring_rows` of them
// are kept. Out of line for the same reason.
template <class T>
__attribute__((noinline)) void keep_rows(T* ring, int32_t ring_rows, const T* stage,
                                         int32_t elements, int32_t& kept, int32_t made) {
  for (; kept < made; ++kept, stage += elements) {
    if (made - kept <= ring_rows) {
      memcpy(ring + kept % ring_rows * elements, stage, sizeof(T) * static_cast<size_t>(elements));
    }
  }
}

// Copies a row to behind `before` others.
template <class T>
MOTE_INLINE void collect_row(T* rows, const T* row, int32_t elements, int32_t before) {
  memcpy(rows + before * elements, row, sizeof(T) * static_cast<size_t>(elements));
}

}  // namespace mote
