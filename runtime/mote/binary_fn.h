// Functions of two elements, with the meaning of the ONNX operators of the same name.
#pragma once
#include "scalar_math.h"

namespace mote {
namespace fn {

#define MOTE_BINARY(Name, Result, expression)   \
  struct Name {                                 \
    template <class T>                          \
    static MOTE_INLINE Result apply(T a, T b) { \
      return Result(expression);                \
    }                                           \
  };

MOTE_BINARY(Add, T, a + b)
MOTE_BINARY(Sub, T, a - b)
MOTE_BINARY(Mul, T, a* b)
MOTE_BINARY(Max, T, a > b || a != a ? a : b)  // a NaN wins
MOTE_BINARY(Min, T, a < b || a != a ? a : b)
MOTE_BINARY(PRelu, T, a >= T(0) ? a : a * b)
MOTE_BINARY(BitwiseAnd, T, a& b)
MOTE_BINARY(BitwiseOr, T, a | b)
MOTE_BINARY(BitwiseXor, T, a ^ b)
MOTE_BINARY(And, T, (a != T(0)) & (b != T(0)))
MOTE_BINARY(Or, T, (a != T(0)) | (b != T(0)))
MOTE_BINARY(Xor, T, (a != T(0)) != (b != T(0)))
MOTE_BINARY(Equal, uint8_t, a == b)
MOTE_BINARY(Less, uint8_t, a < b)
MOTE_BINARY(LessOrEqual, uint8_t, a <= b)
MOTE_BINARY(Greater, uint8_t, a > b)
MOTE_BINARY(GreaterOrEqual, uint8_t, a >= b)

#undef MOTE_BINARY

// Integer division truncates; by zero it gives 0, where C++ would be undefined.
struct Div {
  template <class T>
  static MOTE_INLINE T apply(T a, T b) {
    return b == T(0) ? T(0) : T(a / b);
  }
  static MOTE_INLINE float apply(float a, float b) { return a / b; }
  static MOTE_INLINE double apply(double a, double b) { return a / b; }
};

// Mod with fmod=0: the sign of the divisor, as in Python.
struct Mod {
  template <class T>
  static MOTE_INLINE T apply(T a, T b) {
    if (b == T(0)) return T(0);
    const T r = T(a % b);
    return r != T(0) && ((r < T(0)) != (b < T(0))) ? T(r + b) : r;
  }
  static MOTE_INLINE float apply(float a, float b) { return real(a, b); }
  static MOTE_INLINE double apply(double a, double b) { return real(a, b); }

 private:
  template <class T>
  static MOTE_INLINE T real(T a, T b) {
    const T r = math::fmod(a, b);
    return r != T(0) && ((r < T(0)) != (b < T(0))) ? r + b : r;
  }
};

// Mod with fmod=1: the sign of the dividend, as in C.
struct Fmod {
  template <class T>
  static MOTE_INLINE T apply(T a, T b) {
    return b == T(0) ? T(0) : T(a % b);
  }
  static MOTE_INLINE float apply(float a, float b) { return math::fmod(a, b); }
  static MOTE_INLINE double apply(double a, double b) { return math::fmod(a, b); }
};

struct Pow {
  template <class T>
  static MOTE_INLINE T apply(T a, T b) {
    if (b < T(0)) return a == T(1) ? T(1) : T(0);
    T result = T(1);
    for (; b > T(0); b = T(b / T(2)), a = T(a * a))
      if (b % T(2) != T(0)) result = T(result * a);
    return result;
  }
  static MOTE_INLINE float apply(float a, float b) { return math::pow(a, b); }
  static MOTE_INLINE double apply(double a, double b) { return math::pow(a, b); }
};

// Shifts of unsigned integers; a shift by the width or more gives 0.
struct ShiftLeft {
  template <class T>
  static MOTE_INLINE T apply(T a, T b) {
    return b >= T(8 * sizeof(T)) ? T(0) : T(a << b);
  }
};
struct ShiftRight {
  template <class T>
  static MOTE_INLINE T apply(T a, T b) {
    return b >= T(8 * sizeof(T)) ? T(0) : T(a >> b);
  }
};

}  // namespace fn
}  // namespace mote
