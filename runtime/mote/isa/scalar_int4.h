// Spreading weights of four bits (int4.h) in C++.
#pragma once
#include "../config.h"

namespace mote::isa {

// Rows of n weights from bytes that hold two, less 8, times n factors; null: 1. In a layout of
// pairs (pack_s8.h), two neighbours become 256 * second + first.
template <bool kPairs>
MOTE_INLINE void spread_int4_rows(const int8_t* from, int32_t rows, int32_t n,
                                  const int8_t* factors, int8_t* to) {
  const int32_t half = (n + 1) / 2;
  for (int32_t r = 0; r < rows; ++r, from += half, to += n) {
    for (int32_t i = 0; i < half; ++i) {
      const int32_t low = (from[i] & 15) - 8;
      to[i] = static_cast<int8_t>(factors != nullptr ? low * factors[i] : low);
    }
    for (int32_t i = half; i < n; ++i) {
      const int32_t high = (from[i - half] >> 4 & 15) - 8;
      to[i] = static_cast<int8_t>(factors != nullptr ? high * factors[i] : high);
    }
    if (!kPairs) continue;
    for (int32_t i = 0; i < n; i += 2) {
      if (to[i] < 0) --to[i + 1];
    }
  }
}

}  // namespace mote::isa
