// Integers of one scale and type as those of another, int8 or int16:
//   y = requantize(x - in_zp, mult), with mult = 2^32 * scale_x / scale_y, see requant.h.
// The multiplier is within 2^-9 units of exact over all of int16, so that results are those of real
// arithmetic but near ties.
#pragma once
#include "requant.h"

namespace mote {

struct RescaleShape {
  int32_t count;  // elements
  int32_t in_zp;
  int32_t mult;
  int32_t zp, lo, hi, shift;  // of the result, see requant.h
  MOTE_FIELDS(count, in_zp, mult, zp, lo, hi, shift)
};

// `y` may be `x` where both have the same type.
template <class X, class Y, class S>
MOTE_KERNEL void rescale(const S& s, const X* x, Y* y) {
  for (int32_t i = 0; i < s.count; ++i) {
    y[i] = static_cast<Y>(requantize(s, x[i] - s.in_zp, s.mult));
  }
}

}  // namespace mote
