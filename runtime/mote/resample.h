// Resizes one axis: every result is a weighted sum of a few neighbouring elements. The compiler
// computes the weights, so that linear, cubic and antialiased resizing are one kernel.
#pragma once
#include "config.h"

namespace mote {

struct ResampleShape {
  int32_t outer, n, inner;  // the operand around the axis
  int32_t count;            // the result's size along the axis
  int32_t taps;             // elements in a sum
  MOTE_FIELDS(outer, n, inner, count, taps)
};

// y[o, j, i] = sum over t of weight[j, t] * x[o, first[j] + t, i], with all of them inside x.
template <class I, class S>
MOTE_KERNEL void resample(const S& s, const float* MOTE_RESTRICT x, const I* first,
                          const float* weight, float* MOTE_RESTRICT y) {
  for (int32_t o = 0; o < s.outer; ++o, x += s.n * s.inner) {
    for (int32_t j = 0; j < s.count; ++j, y += s.inner) {
      const float* from = x + (int32_t)first[j] * s.inner;
      const float* w = weight + j * s.taps;
      if (s.taps == 2) {  // linear, by far the commonest
        const float w0 = w[0], w1 = w[1];
        for (int32_t i = 0; i < s.inner; ++i) y[i] = w0 * from[i] + w1 * from[i + s.inner];
      } else {
        for (int32_t i = 0; i < s.inner; ++i) {
          float sum = 0;
          for (int32_t t = 0; t < s.taps; ++t) sum += w[t] * from[i + t * s.inner];
          y[i] = sum;
        }
      }
    }
  }
}

}  // namespace mote
