// Functions of one element. Each is a struct with `apply(s, x)`; parameters of an operator are read
// from the shape object as s.alpha and s.beta. Formulas are those of the ONNX operators of the same
// name.
#pragma once
#include "scalar_math.h"

namespace mote {
namespace fn {

#define MOTE_UNARY(Name, expression)              \
  struct Name {                                   \
    template <class S, class T>                   \
    static MOTE_INLINE T apply(const S& s, T x) { \
      (void)s;                                    \
      return expression;                          \
    }                                             \
  };

// Any arithmetic type.
MOTE_UNARY(Identity, x)
MOTE_UNARY(Relu, x > T(0) ? x : T(0))
MOTE_UNARY(Abs, math::abs(x))
MOTE_UNARY(Neg, T(-x))
MOTE_UNARY(Sign, x > T(0) ? T(1) : (x < T(0) ? T(-1) : x))
MOTE_UNARY(Not, T(!x))
MOTE_UNARY(BitwiseNot, T(~x))

// Real types.
MOTE_UNARY(Acos, math::acos(x))
MOTE_UNARY(Acosh, math::acosh(x))
MOTE_UNARY(Asin, math::asin(x))
MOTE_UNARY(Asinh, math::asinh(x))
MOTE_UNARY(Atan, math::atan(x))
MOTE_UNARY(Atanh, math::atanh(x))
MOTE_UNARY(Ceil, math::ceil(x))
MOTE_UNARY(Cos, math::cos(x))
MOTE_UNARY(Cosh, math::cosh(x))
MOTE_UNARY(Erf, math::erf(x))
MOTE_UNARY(Exp, math::exp(x))
MOTE_UNARY(Floor, math::floor(x))
MOTE_UNARY(Log, math::log(x))
MOTE_UNARY(Reciprocal, T(1) / x)
MOTE_UNARY(Round, math::round_half_even(x))
MOTE_UNARY(Sin, math::sin(x))
MOTE_UNARY(Sinh, math::sinh(x))
MOTE_UNARY(Sqrt, math::sqrt(x))
MOTE_UNARY(Tan, math::tan(x))
MOTE_UNARY(Tanh, math::tanh(x))

MOTE_UNARY(Clip, math::min(math::max(x, T(s.alpha)), T(s.beta)))  // [alpha, beta]
MOTE_UNARY(LeakyRelu, x >= T(0) ? x : T(s.alpha) * x)
MOTE_UNARY(Sigmoid, T(1) / (T(1) + math::exp(-x)))
MOTE_UNARY(HardSigmoid, math::max(T(0), math::min(T(1), T(s.alpha) * x + T(s.beta))))
MOTE_UNARY(HardSwish, x* math::max(T(0), math::min(T(1), x / T(6) + T(0.5))))
MOTE_UNARY(Silu, x / (T(1) + math::exp(-x)))  // x * Sigmoid(x)
MOTE_UNARY(Gelu, T(0.5) * x * (T(1) + math::erf(x * T(0.70710678118654752440))))
MOTE_UNARY(GeluTanh,
           T(0.5) * x *
               (T(1) + math::tanh(T(0.79788456080286535588) * (x + T(0.044715) * x * x * x))))
MOTE_UNARY(Elu, x >= T(0) ? x : T(s.alpha) * math::expm1(x))
MOTE_UNARY(Celu, math::max(T(0), x) + math::min(T(0), T(s.alpha) * math::expm1(x / T(s.alpha))))
MOTE_UNARY(Selu, T(s.beta) * (x > T(0) ? x : T(s.alpha) * math::expm1(x)))  // beta is gamma
// max(x, 0) + log(1 + exp(-|x|)) does not overflow.
MOTE_UNARY(Softplus, math::max(x, T(0)) + math::log1p(math::exp(-math::abs(x))))
MOTE_UNARY(Softsign, x / (T(1) + math::abs(x)))
MOTE_UNARY(Mish, x* math::tanh(Softplus::apply(s, x)))
MOTE_UNARY(ThresholdedRelu, x > T(s.alpha) ? x : T(0))
MOTE_UNARY(Shrink, x < -T(s.alpha) ? x + T(s.beta) : (x > T(s.alpha) ? x - T(s.beta) : T(0)))

#undef MOTE_UNARY

// Tests: real in, bool (uint8_t) out.
struct IsNaN {
  template <class S, class T>
  static MOTE_INLINE uint8_t apply(const S&, T x) {
    return x != x;
  }
};
// alpha != 0: positive infinity counts; beta != 0: negative infinity counts.
struct IsInf {
  template <class S, class T>
  static MOTE_INLINE uint8_t apply(const S& s, T x) {
    const bool infinite = x == x && x - x != T(0);
    return infinite && (x > T(0) ? s.alpha != 0.0f : s.beta != 0.0f);
  }
};

}  // namespace fn
}  // namespace mote
