// The position of the greatest or least element along one dimension (ONNX ArgMax, ArgMin).
#pragma once
#include "binary_fn.h"

namespace mote {

struct ArgReduceShape {
  int32_t outer, n, inner;  // the operand as [outer, n, inner]; the result is [outer, inner]
  int32_t select_last;      // 1: of equal elements the last position, 0: the first
  MOTE_FIELDS(outer, n, inner, select_last)
};

// Before::apply(a, b) says that a comes before b: fn::Greater or fn::Less.
template <class Before, class T, class S>
MOTE_KERNEL void arg_reduce(const S& s, const T* x, int64_t* y) {
  for (int32_t o = 0; o < s.outer; ++o, x += s.n * s.inner, y += s.inner) {
    for (int32_t i = 0; i < s.inner; ++i) {
      T best = x[i];
      int32_t at = 0;
      for (int32_t k = 1; k < s.n; ++k) {
        const T v = x[k * s.inner + i];
        const bool better = s.select_last ? !Before::apply(best, v) : Before::apply(v, best);
        if (better) best = v, at = k;
      }
      y[i] = at;
    }
  }
}

}  // namespace mote
