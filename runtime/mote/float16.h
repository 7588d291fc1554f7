// float16 (IEEE 754 binary16) and bfloat16 as bit patterns, for models whose inputs or outputs have
// these types. Arithmetic is always done in float.
#pragma once
#include <string.h>

#include "config.h"

namespace mote {

MOTE_INLINE float float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

MOTE_INLINE uint32_t bits_from_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

MOTE_INLINE float float_from_f16(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
  const uint32_t magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) return float_from_bits(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  if (magnitude >= 0x0400u) return float_from_bits(sign | ((magnitude << 13) + (112u << 23)));
  // Subnormal or zero: a multiple of 2^-24.
  return float_from_bits(bits_from_float((float)magnitude * 5.9604644775390625e-8f) | sign);
}

// Rounds to nearest, ties to even; overflow becomes infinity.
MOTE_INLINE uint16_t f16_from_float(float value) {
  const uint32_t bits = bits_from_float(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);
  if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);  // 65520 and above
  if (magnitude < 0x38800000u) {                                    // below 2^-14: subnormal
    // Adding 0.5 leaves a multiple of 2^-24 in the low mantissa bits, rounded by the addition.
    const float sum = float_from_bits(magnitude) + 0.5f;
    return (uint16_t)(sign | (bits_from_float(sum) - 0x3f000000u));
  }
  const uint32_t odd = (magnitude >> 13) & 1u;
  return (uint16_t)(sign | ((magnitude - (112u << 23) + 0xfffu + odd) >> 13));
}

MOTE_INLINE float float_from_bf16(uint16_t half) { return float_from_bits((uint32_t)half << 16); }

// Rounds to nearest, ties to even.
MOTE_INLINE uint16_t bf16_from_float(float value) {
  const uint32_t bits = bits_from_float(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((bits >> 16) | 0x40u);
  return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace mote
