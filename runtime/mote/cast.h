// Conversion between element types, with the meaning of ONNX Cast: towards zero from real to
// integer, modulo between integers, anything but 0 is true.
#pragma once
#include "float16.h"

namespace mote {

// Tags for element types that share their C++ type with another one.
struct Float16 {};
struct BFloat16 {};
struct Bool {};

// Real to integer. Out of range, C++ leaves the conversion undefined: it is clamped here, and NaN
// becomes 0.
template <class To>
MOTE_INLINE To integer_from_real(double x) {
  constexpr bool kSigned = To(-1) < To(0);
  constexpr To kHighest =
      kSigned ? (To)(((To)1 << (8 * sizeof(To) - 2)) - 1 + ((To)1 << (8 * sizeof(To) - 2)))
              : (To) ~(To)0;
  constexpr To kLowest = kSigned ? (To)(-kHighest - 1) : (To)0;
  if (x != x) return To(0);
  if (x <= (double)kLowest) return kLowest;
  return x >= (double)kHighest ? kHighest : (To)x;
}

template <class T>
struct Element {  // of a type that is its own storage
  using Storage = T;
  static MOTE_INLINE T load(T x) { return x; }
  template <class From>
  static MOTE_INLINE T store(From x) {
    constexpr bool kToReal = T(0.5) != T(0), kFromReal = From(0.5) != From(0);
    if constexpr (kFromReal && !kToReal) {
      return integer_from_real<T>((double)x);
    } else {
      return (T)x;
    }
  }
};
template <>
struct Element<Float16> {
  using Storage = uint16_t;
  static MOTE_INLINE float load(uint16_t x) { return float_from_f16(x); }
  template <class From>
  static MOTE_INLINE uint16_t store(From x) {
    return f16_from_float((float)x);
  }
};
template <>
struct Element<BFloat16> {
  using Storage = uint16_t;
  static MOTE_INLINE float load(uint16_t x) { return float_from_bf16(x); }
  template <class From>
  static MOTE_INLINE uint16_t store(From x) {
    return bf16_from_float((float)x);
  }
};
template <>
struct Element<Bool> {
  using Storage = uint8_t;
  static MOTE_INLINE uint8_t load(uint8_t x) { return x; }
  template <class From>
  static MOTE_INLINE uint8_t store(From x) {
    return x != From(0);
  }
};

struct CastShape {
  int32_t count;  // elements
  MOTE_FIELDS(count)
};

// `y` may be `x` if both element types are of one size.
template <class From, class To, class S>
MOTE_KERNEL void cast(const S& s, const typename Element<From>::Storage* x,
                      typename Element<To>::Storage* y) {
  for (int32_t i = 0; i < s.count; ++i) y[i] = Element<To>::store(Element<From>::load(x[i]));
}

}  // namespace mote
