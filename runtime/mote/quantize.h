// Between float32 and integers, after ONNX QuantizeLinear-21 and DequantizeLinear-21:
//   q = saturate(round_half_even(x / scale) + zero_point),   x = (q - zero_point) * scale
// The division is a multiplication by the reciprocal, which may move the result by 1 where x /
// scale lies within a few units of float precision of a tie.
#pragma once
#include "config.h"

namespace mote {

struct QuantizeShape {
  int32_t outer, channels, inner;  // channels == 1: one scale and zero point for all
  int32_t lo, hi;                  // the range of the integers
  MOTE_FIELDS(outer, channels, inner, lo, hi)
};

// Adding 1.5 * 2^23 rounds a float of less than 2^22, half to even, and leaves it in the low bits.
MOTE_INLINE int32_t round_half_even(float x) {
  constexpr float kMagic = 12582912.0f;
  const float sum = x + kMagic;
  int32_t bits;
  __builtin_memcpy(&bits, &sum, sizeof bits);
  return bits - 0x4B400000;
}

template <class S>
MOTE_INLINE int32_t quantize_one(const S& s, float x, float reciprocal, int32_t zp) {
  const float low = static_cast<float>(s.lo - zp), high = static_cast<float>(s.hi - zp);
  const float v = x * reciprocal;
  return round_half_even(v > low ? (v < high ? v : high) : low) + zp;  // NaN becomes lo
}

// T is int8_t, uint8_t, int16_t or uint16_t. `reciprocal` and `zp` have one entry per channel.
template <class T, class S>
MOTE_KERNEL void quantize(const S& s, const float* x, const float* reciprocal, const int32_t* zp,
                          T* y) {
  for (int32_t o = 0; o < s.outer; ++o) {
    for (int32_t c = 0; c < s.channels; ++c) {
      const float r = reciprocal[c];
      const int32_t z = zp[c];
      for (int32_t i = 0; i < s.inner; ++i) *y++ = static_cast<T>(quantize_one(s, *x++, r, z));
    }
  }
}

struct DequantizeShape {
  int32_t outer, channels, inner;
  MOTE_FIELDS(outer, channels, inner)
};

// T may also be int32_t, with zero points of 0.
template <class T, class S>
MOTE_KERNEL void dequantize(const S& s, const T* x, const float* scale, const int32_t* zp,
                            float* y) {
  for (int32_t o = 0; o < s.outer; ++o) {
    for (int32_t c = 0; c < s.channels; ++c) {
      const float r = scale[c];
      const int32_t z = zp[c];
      for (int32_t i = 0; i < s.inner; ++i) *y++ = static_cast<float>(*x++ - z) * r;
    }
  }
}

struct FlipShape {
  int32_t count;  // elements
  MOTE_FIELDS(count)
};

// uint8 with zero point z as int8 with zero point z - 128, and back. `y` may be `x`.
template <class From, class To, class S>
MOTE_KERNEL void flip_sign(const S& s, const From* x, To* y) {
  for (int32_t i = 0; i < s.count; ++i) y[i] = static_cast<To>(x[i] ^ 0x80);
}

struct LookupShape {
  int32_t count;  // elements
  MOTE_FIELDS(count)
};

// Any function of one int8: y[i] = table[(uint8_t)x[i]], of int8 or int16. `y` may be `x` where
// both have the same type.
template <class Y, class S>
MOTE_KERNEL void lookup_s8(const S& s, const int8_t* x, const Y* table, Y* y) {
  for (int32_t i = 0; i < s.count; ++i) y[i] = table[static_cast<uint8_t>(x[i])];
}

}  // namespace mote
