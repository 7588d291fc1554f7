// Reductions over any set of dimensions: a sum, product, maximum ... of all elements that differ in
// those dimensions only. The operand is read once, in memory order; the result serves as
// accumulators where the innermost dimension stays.
#pragma once
#include "binary_fn.h"
#include "index.h"

namespace mote {

struct ReduceShape {
  int32_t rank;                // of the operand, with neighbouring dimensions merged; >= 1
  int32_t dims[kMaxRank];      // of the operand
  int32_t y_stride[kMaxRank];  // elements of the result per step: 0 in a dimension that is reduced,
                               // and 1 in the innermost one if that stays
  int32_t y_count;             // elements of the result
  int32_t count;               // elements that make one of the result; may be 0
  MOTE_FIELDS(rank, dims, y_stride, y_count, count)
};

// The least and the greatest value of a type.
template <class T>
struct Limits {
  static constexpr bool kSigned = T(-1) < T(0);
  static constexpr T kHighBit = T(T(1) << (8 * sizeof(T) - 2));
  static constexpr T highest() { return kSigned ? T(kHighBit - 1 + kHighBit) : T(~T(0)); }
  static constexpr T lowest() { return kSigned ? T(-highest() - 1) : T(0); }
};
template <>
struct Limits<float> {
  static constexpr float highest() { return __builtin_inff(); }
  static constexpr float lowest() { return -__builtin_inff(); }
};
template <>
struct Limits<double> {
  static constexpr double highest() { return __builtin_inf(); }
  static constexpr double lowest() { return -__builtin_inf(); }
};

// What a reduction does: begin (its value over the empty set), add an element, merge two partial
// results, finish after `count` elements.
namespace fold {

struct Sum {
  template <class T>
  static MOTE_INLINE T begin() {
    return T(0);
  }
  template <class T>
  static MOTE_INLINE T add(T sum, T x) {
    return fn::Add::apply(sum, x);
  }
  template <class T>
  static MOTE_INLINE T merge(T a, T b) {
    return fn::Add::apply(a, b);
  }
  template <class T>
  static MOTE_INLINE T finish(T sum, int32_t) {
    return sum;
  }
};

struct Mean : Sum {
  template <class T>
  static MOTE_INLINE T finish(T sum, int32_t count) {
    return T(sum / T(count));
  }
  static MOTE_INLINE float finish(float sum, int32_t count) {
    return sum * (1.0f / static_cast<float>(count));
  }
};

struct SumAbs : Sum {
  template <class T>
  static MOTE_INLINE T add(T sum, T x) {
    return fn::Add::apply(sum, math::abs(x));
  }
};

struct SumSquare : Sum {
  template <class T>
  static MOTE_INLINE T add(T sum, T x) {
    return fn::Add::apply(sum, fn::Mul::apply(x, x));
  }
};

struct Prod : Sum {
  template <class T>
  static MOTE_INLINE T begin() {
    return T(1);
  }
  template <class T>
  static MOTE_INLINE T add(T product, T x) {
    return fn::Mul::apply(product, x);
  }
  template <class T>
  static MOTE_INLINE T merge(T a, T b) {
    return fn::Mul::apply(a, b);
  }
};

struct Max : Sum {
  template <class T>
  static MOTE_INLINE T begin() {
    return Limits<T>::lowest();
  }
  template <class T>
  static MOTE_INLINE T add(T max, T x) {
    return fn::Max::apply(max, x);
  }
  template <class T>
  static MOTE_INLINE T merge(T a, T b) {
    return fn::Max::apply(a, b);
  }
};

struct Min : Sum {
  template <class T>
  static MOTE_INLINE T begin() {
    return Limits<T>::highest();
  }
  template <class T>
  static MOTE_INLINE T add(T min, T x) {
    return fn::Min::apply(min, x);
  }
  template <class T>
  static MOTE_INLINE T merge(T a, T b) {
    return fn::Min::apply(a, b);
  }
};

}  // namespace fold

// n contiguous elements. Four accumulators, for a compiler may not reorder a sum of floats by
// itself, and one would wait for its own result.
template <class F, class T>
MOTE_INLINE T fold_row(const T* x, int32_t n) {
  T acc[4] = {F::template begin<T>(), F::template begin<T>(), F::template begin<T>(),
              F::template begin<T>()};
  const T* const whole = x + n / 4 * 4;
  const T* const end = x + n;
  for (; x != whole; x += 4) {
    for (int32_t j = 0; j < 4; ++j) acc[j] = F::add(acc[j], x[j]);
  }
  for (; x != end; ++x) acc[0] = F::add(acc[0], *x);
  return F::merge(F::merge(acc[0], acc[1]), F::merge(acc[2], acc[3]));
}

// F is one of fold::. `y` may not overlap `x`.
template <class F, class T, class S>
MOTE_KERNEL void reduce(const S& s, const T* MOTE_RESTRICT x, T* MOTE_RESTRICT y) {
  for (int32_t i = 0; i < s.y_count; ++i) y[i] = F::template begin<T>();
  if (s.count > 0) {
    const int32_t n = s.dims[s.rank - 1];
    const bool keep = s.y_stride[s.rank - 1] != 0;
    int32_t index[kMaxRank] = {};
    int32_t offset[1] = {};
    const int32_t* const stride[1] = {s.y_stride};
    do {
      T* to = y + offset[0];
      if (keep) {
        for (int32_t i = 0; i < n; ++i) to[i] = F::add(to[i], x[i]);
      } else {
        *to = F::merge(*to, fold_row<F>(x, n));
      }
      x += n;
    } while (next_row(s.dims, s.rank, index, stride, offset));
  }
  for (int32_t i = 0; i < s.y_count; ++i) y[i] = F::finish(y[i], s.count);
}

}  // namespace mote
