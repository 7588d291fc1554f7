// int8 or int16 values as int16, for products of activations.
#pragma once
#include "config.h"

namespace mote {

// to[i] = from[i * step] - zp, filled up with zeros to `padded` elements.
template <class X>
MOTE_INLINE void widen(int16_t* to, const X* from, int32_t step, int32_t n, int32_t padded,
                       int32_t zp) {
  for (int32_t i = 0; i < n; ++i, from += step) to[i] = static_cast<int16_t>(*from - zp);
  for (int32_t i = n; i < padded; ++i) to[i] = 0;
}

}  // namespace mote
