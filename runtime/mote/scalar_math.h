// <math.h> under one name for float and double, and the few functions that every kernel family
// needs. Integers have overloads where ONNX defines the operation on them.
#pragma once
#include <math.h>

#include "config.h"

namespace mote {
namespace math {

#define MOTE_MATH_1(name)                                  \
  MOTE_INLINE float name(float x) { return ::name##f(x); } \
  MOTE_INLINE double name(double x) { return ::name(x); }
#define MOTE_MATH_2(name)                                              \
  MOTE_INLINE float name(float x, float y) { return ::name##f(x, y); } \
  MOTE_INLINE double name(double x, double y) { return ::name(x, y); }

MOTE_MATH_1(acos)
MOTE_MATH_1(acosh)
MOTE_MATH_1(asin)
MOTE_MATH_1(asinh)
MOTE_MATH_1(atan)
MOTE_MATH_1(atanh)
MOTE_MATH_1(ceil)
MOTE_MATH_1(cos)
MOTE_MATH_1(cosh)
MOTE_MATH_1(erf)
MOTE_MATH_1(exp)
MOTE_MATH_1(expm1)
MOTE_MATH_1(floor)
MOTE_MATH_1(log)
MOTE_MATH_1(log1p)
MOTE_MATH_1(sin)
MOTE_MATH_1(sinh)
MOTE_MATH_1(sqrt)
MOTE_MATH_1(tan)
MOTE_MATH_1(tanh)
MOTE_MATH_2(fmod)
MOTE_MATH_2(pow)

#undef MOTE_MATH_1
#undef MOTE_MATH_2

template <class T>
MOTE_INLINE T max(T a, T b) {
  return a > b ? a : b;
}
template <class T>
MOTE_INLINE T min(T a, T b) {
  return a < b ? a : b;
}
template <class T>
MOTE_INLINE T abs(T x) {
  return x < T(0) ? T(-x) : x;
}
MOTE_INLINE float abs(float x) { return ::fabsf(x); }
MOTE_INLINE double abs(double x) { return ::fabs(x); }

// Rounds to nearest, ties to even, as ONNX Round-11 asks, without depending on the rounding mode.
template <class T>
MOTE_INLINE T round_half_even(T x) {
  const T down = floor(x);
  const T part = x - down;
  const bool up = part > T(0.5) || (part == T(0.5) && fmod(down, T(2)) != T(0));
  return up ? down + T(1) : down;
}

}  // namespace math
}  // namespace mote
