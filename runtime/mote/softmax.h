// Softmax, LogSoftmax and Hardmax along one dimension, float or double. Subtracting the greatest
// element first keeps the exponentials in range.
#pragma once
#include "scalar_math.h"

namespace mote {

struct SoftmaxShape {
  int32_t outer, n, inner;  // the operand as [outer, n, inner]; n >= 1
  MOTE_FIELDS(outer, n, inner)
};

// The first position of the greatest of n elements, `step` apart.
template <class T>
MOTE_INLINE int32_t greatest_at(const T* x, int32_t n, int32_t step) {
  int32_t at = 0;
  for (int32_t k = 1; k < n; ++k) {
    if (x[k * step] > x[at * step]) at = k;
  }
  return at;
}

template <class T>
MOTE_INLINE T greatest(const T* x, int32_t n, int32_t step) {
  T max = x[0];
  for (int32_t k = 1; k < n; ++k) max = math::max(max, x[k * step]);
  return max;
}

// `y` may be `x` in all three.
template <class T, class S>
MOTE_KERNEL void softmax(const S& s, const T* x, T* y) {
  for (int32_t o = 0; o < s.outer; ++o, x += s.n * s.inner, y += s.n * s.inner) {
    for (int32_t i = 0; i < s.inner; ++i) {
      const T max = greatest(x + i, s.n, s.inner);
      T sum = T(0);
      for (int32_t k = 0; k < s.n; ++k) {
        const T e = math::exp(x[k * s.inner + i] - max);
        y[k * s.inner + i] = e;
        sum += e;
      }
      const T scale = T(1) / sum;
      for (int32_t k = 0; k < s.n; ++k) y[k * s.inner + i] *= scale;
    }
  }
}

template <class T, class S>
MOTE_KERNEL void log_softmax(const S& s, const T* x, T* y) {
  for (int32_t o = 0; o < s.outer; ++o, x += s.n * s.inner, y += s.n * s.inner) {
    for (int32_t i = 0; i < s.inner; ++i) {
      const T max = greatest(x + i, s.n, s.inner);
      T sum = T(0);
      for (int32_t k = 0; k < s.n; ++k) sum += math::exp(x[k * s.inner + i] - max);
      const T log_sum = math::log(sum);
      // max + log_sum in one would lose what log_sum has below the precision of max.
      for (int32_t k = 0; k < s.n; ++k) {
        y[k * s.inner + i] = (x[k * s.inner + i] - max) - log_sum;
      }
    }
  }
}

// 1 for the greatest element, the first of equal ones, and 0 for the others.
template <class T, class S>
MOTE_KERNEL void hardmax(const S& s, const T* x, T* y) {
  for (int32_t o = 0; o < s.outer; ++o, x += s.n * s.inner, y += s.n * s.inner) {
    for (int32_t i = 0; i < s.inner; ++i) {
      const int32_t at = greatest_at(x + i, s.n, s.inner);
      for (int32_t k = 0; k < s.n; ++k) y[k * s.inner + i] = k == at ? T(1) : T(0);
    }
  }
}

}  // namespace mote
