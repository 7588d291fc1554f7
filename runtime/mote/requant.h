// The arithmetic of integer inference, defined once. The device's kernels and the compiler's
// evaluator both use it, and every instruction set gives the same bits.
//
// An int8 tensor stands for real = scale * (q - zero_point). A layer's exact int32 sum `acc` is
// brought to the scale of its result by one rounding multiply-high:
//
//   y = clamp(zp + (((int64)(acc << shift) * mult + 2^31) >> 32), lo, hi)
//
// with mult = 2^32 * ratio / 2^shift, rounded to an even number in [0, 2^31). That rounds once,
// half up. It is SMMULR on Cortex-M4, VRMULH on MVE, SQRDMULH by mult / 2 on NEON, vsmul by mult /
// 2 on RISC-V V. `shift` is one constant per layer: the compiler has proved that acc << shift fits,
// and that its product with mult is below kProductLimit.
#pragma once
#include "config.h"

namespace mote {

// Leaves room for adding zero points before the last bit of a product is shifted out.
constexpr int64_t kProductLimit = (int64_t{1} << 62) - (int64_t{1} << 40);

// round_half_up(a * m / 2^32).
MOTE_INLINE int32_t multiply_high(int32_t a, int32_t m) {
  return static_cast<int32_t>(((int64_t)a * m + ((int64_t)1 << 31)) >> 32);
}

MOTE_INLINE int32_t clamp_i32(int32_t v, int32_t lo, int32_t hi) {
  return v < lo ? lo : (v > hi ? hi : v);
}

// How a kernel stores its sums. Every shape struct of a quantized kernel has these members:
//   zp       zero point of the result
//   lo, hi   its least and greatest value: the type's range, or narrower where an activation clamps
//   shift    bits by which the sum moves left before the multiplication, 0 .. 30
template <class S>
MOTE_INLINE int32_t requantize(const S& s, int32_t acc, int32_t mult) {
  const int32_t shifted = static_cast<int32_t>(static_cast<uint32_t>(acc) << s.shift);
  return clamp_i32(multiply_high(shifted, mult) + s.zp, s.lo, s.hi);
}

// The wide variant, for layers where a multiplier of requantize() would keep fewer than 16 bits:
// mult in [2^30, 2^31) or 0, and a shift right of 1 .. 62 for each channel:
//   y = clamp(zp + ((int64)acc * mult + 2^(right - 1) >> right), lo, hi)
template <class S>
MOTE_INLINE int32_t requantize_wide(const S& s, int32_t acc, int32_t mult, int32_t right) {
  const int64_t product = (int64_t)acc * mult + ((int64_t)1 << (right - 1));
  const int64_t v = (product >> right) + s.zp;
  return static_cast<int32_t>(v < s.lo ? s.lo : (v > s.hi ? s.hi : v));
}

// For sums of 64 bits, below 2^(31 + narrow): `narrow` bits are rounded away first, then as above.
// The compiler has proved that this moves results by less than 2^-8 units.
template <class S>
MOTE_INLINE int32_t requantize_long(const S& s, int64_t acc, int32_t mult, int32_t narrow,
                                    int32_t right) {
  const int64_t half = narrow > 0 ? (int64_t)1 << (narrow - 1) : 0;
  return requantize_wide(s, static_cast<int32_t>((acc + half) >> narrow), mult, right);
}

// How sums become results; a template argument of the matrix kernels. Each reads its parameters of
// channel n from `mult`.
struct High {  // requantize(): mult[n]
  using Out = int8_t;
  static constexpr int32_t kParams = 1;  // entries of `mult` per channel
  static constexpr bool kHigh = true;
  template <class S>
  static MOTE_INLINE Out apply(const S& s, int32_t acc, const int32_t* mult, int32_t n) {
    return static_cast<Out>(requantize(s, acc, mult[n]));
  }
};
struct High16 : High {  // the same for int16 results
  using Out = int16_t;
  static constexpr bool kHigh = false;
  template <class S>
  static MOTE_INLINE Out apply(const S& s, int32_t acc, const int32_t* mult, int32_t n) {
    return static_cast<Out>(requantize(s, acc, mult[n]));
  }
};
template <class T>
struct Wide {  // requantize_wide(): mult[2 * n], and the shift in mult[2 * n + 1]
  using Out = T;
  static constexpr int32_t kParams = 2;
  static constexpr bool kHigh = false;
  template <class S>
  static MOTE_INLINE Out apply(const S& s, int32_t acc, const int32_t* mult, int32_t n) {
    return static_cast<Out>(requantize_wide(s, acc, mult[2 * n], mult[2 * n + 1]));
  }
};
struct Raw {  // the sum itself
  using Out = int32_t;
  static constexpr int32_t kParams = 0;
  static constexpr bool kHigh = false;
  template <class S>
  static MOTE_INLINE Out apply(const S&, int32_t acc, const int32_t*, int32_t) {
    return acc;
  }
};

}  // namespace mote
