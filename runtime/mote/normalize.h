// Normalization to mean 0 and variance 1 over one dimension, float or double:
// y = (x - mean) / sqrt(variance + epsilon), then times a scale and plus a bias per element of that
// dimension (layer normalization). The variance is taken around the mean in a second pass, which
// does not cancel as E[x^2] - mean^2 does.
#pragma once
#include "scalar_math.h"

namespace mote {

struct NormalizeShape {
  int32_t outer, n, inner;  // the operand as [outer, n, inner], normalized over n; n >= 1
  float epsilon;
  MOTE_FIELDS(outer, n, inner, epsilon)
};

// What follows the normalization of element k.
namespace affine {
struct None {
  template <class T>
  static MOTE_INLINE T apply(T v, const T*, const T*, int32_t) {
    return v;
  }
};
struct Scale {
  template <class T>
  static MOTE_INLINE T apply(T v, const T* scale, const T*, int32_t k) {
    return v * scale[k];
  }
};
struct ScaleBias {
  template <class T>
  static MOTE_INLINE T apply(T v, const T* scale, const T* bias, int32_t k) {
    return v * scale[k] + bias[k];
  }
};
}  // namespace affine

// n contiguous elements. Four sums at a time, which a compiler may not make out of one by itself.
template <class Affine, class T>
MOTE_INLINE void normalize_row(int32_t n, T epsilon, const T* x, const T* scale, const T* bias,
                               T* y) {
  const T per_element = T(1) / T(n);
  T sum[4] = {};
  int32_t k = 0;
  for (; k + 4 <= n; k += 4) {
    for (int32_t j = 0; j < 4; ++j) sum[j] += x[k + j];
  }
  for (; k < n; ++k) sum[0] += x[k];
  const T mean = ((sum[0] + sum[1]) + (sum[2] + sum[3])) * per_element;
  T square[4] = {};
  for (k = 0; k + 4 <= n; k += 4) {
    for (int32_t j = 0; j < 4; ++j) square[j] += (x[k + j] - mean) * (x[k + j] - mean);
  }
  for (; k < n; ++k) square[0] += (x[k] - mean) * (x[k] - mean);
  const T variance = ((square[0] + square[1]) + (square[2] + square[3])) * per_element;
  const T factor = T(1) / math::sqrt(variance + epsilon);
  for (k = 0; k < n; ++k) y[k] = Affine::apply((x[k] - mean) * factor, scale, bias, k);
}

// B neighbouring columns of n elements each, `step` apart.
template <int32_t B, class T>
MOTE_INLINE void normalize_columns(int32_t n, int32_t step, T epsilon, const T* x, T* y) {
  const T per_element = T(1) / T(n);
  T mean[B] = {}, factor[B] = {};
  for (int32_t k = 0; k < n; ++k) {
    for (int32_t j = 0; j < B; ++j) mean[j] += x[k * step + j];
  }
  for (int32_t j = 0; j < B; ++j) mean[j] *= per_element;
  for (int32_t k = 0; k < n; ++k) {
    for (int32_t j = 0; j < B; ++j) {
      const T d = x[k * step + j] - mean[j];
      factor[j] += d * d;
    }
  }
  for (int32_t j = 0; j < B; ++j) factor[j] = T(1) / math::sqrt(factor[j] * per_element + epsilon);
  for (int32_t k = 0; k < n; ++k) {
    for (int32_t j = 0; j < B; ++j) y[k * step + j] = (x[k * step + j] - mean[j]) * factor[j];
  }
}

// Affine is one of affine::, and None unless inner == 1; what it does not use is null. `y` may be
// `x`.
template <class Affine, class T, class S>
MOTE_KERNEL void normalize(const S& s, const T* x, const T* scale, const T* bias, T* y) {
  constexpr int32_t kBlock = 8;
  const T epsilon = T(s.epsilon);
  for (int32_t o = 0; o < s.outer; ++o, x += s.n * s.inner, y += s.n * s.inner) {
    if (s.inner == 1) {
      normalize_row<Affine>(s.n, epsilon, x, scale, bias, y);
    } else {
      int32_t i = 0;
      for (; i + kBlock <= s.inner; i += kBlock) {
        normalize_columns<kBlock>(s.n, s.inner, epsilon, x + i, y + i);
      }
      for (; i < s.inner; ++i) normalize_columns<1>(s.n, s.inner, epsilon, x + i, y + i);
    }
  }
}

}  // namespace mote
