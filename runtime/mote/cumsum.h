// Running sums along one dimension (ONNX CumSum).
#pragma once
#include "binary_fn.h"

namespace mote {

struct CumSumShape {
  int32_t outer, n, inner;  // the operand as [outer, n, inner], summed along n
  int32_t exclusive;        // 1: an element is not part of its own sum
  int32_t reverse;          // 1: from the last element to the first
  MOTE_FIELDS(outer, n, inner, exclusive, reverse)
};

// `y` may be `x`.
template <class T, class S>
MOTE_KERNEL void cumsum(const S& s, const T* x, T* y) {
  const int32_t first = s.reverse ? (s.n - 1) * s.inner : 0;
  const int32_t step = s.reverse ? -s.inner : s.inner;
  for (int32_t o = 0; o < s.outer; ++o, x += s.n * s.inner, y += s.n * s.inner) {
    for (int32_t i = 0; i < s.inner; ++i) {
      T sum = T(0);
      int32_t at = first + i;
      for (int32_t k = 0; k < s.n; ++k, at += step) {
        const T before = sum;
        sum = fn::Add::apply(sum, x[at]);
        y[at] = s.exclusive ? before : sum;
      }
    }
  }
}

}  // namespace mote
