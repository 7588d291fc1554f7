// Any function of one int16 value, by straight lines between knots. The 65 536 values form 64
// blocks of 1024; each has its own distance between knots, a power of two, so that a function has
// many knots only where it bends. Between two knots
//
//   v = k[0] + round_half_up((k[1] - k[0]) * fraction / 2^shift)
//
// is the result of int16; of int8 results knots have eight more fraction bits. The compiler makes
// the table from the function in float and checks it for every value: v is within 1.25 units of the
// function, within 1 / 16 where results are int8, so that a result is at most one from the one that
// ONNX's arithmetic rounds to.
#pragma once
#include "config.h"

namespace mote {

constexpr int32_t kLookupBlocks = 64, kLookupBlockBits = 10;
// Knots of a table: blocks number them by 12 bits.
constexpr int32_t kMostKnots = 4096;

struct LookupS16Shape {
  int32_t count;  // elements
  MOTE_FIELDS(count)
};

MOTE_INLINE int32_t between_knots(int32_t k0, int32_t k1, uint32_t fraction, uint32_t shift) {
  const int32_t half = static_cast<int32_t>((1u << shift) >> 1);
  return k0 + (((k1 - k0) * static_cast<int32_t>(fraction) + half) >> shift);
}

// Block i is of the values i * 1024 and following, as uint16: 16 * its first knot + shift. A block
// has the knot behind its last value, too. `y` may be `x` where both have the same type.
template <class Y, class S>
MOTE_KERNEL void lookup_s16(const S& s, const int16_t* x, const uint16_t* blocks,
                            const int16_t* knots, Y* y) {
  for (int32_t i = 0; i < s.count; ++i) {
    const uint32_t at = static_cast<uint16_t>(x[i]);
    const uint32_t block = blocks[at >> kLookupBlockBits], shift = block & 15;
    const uint32_t within = at & ((1u << kLookupBlockBits) - 1);
    const int16_t* const k = knots + (block >> 4) + (within >> shift);
    const int32_t v = between_knots(k[0], k[1], within & ((1u << shift) - 1), shift);
    y[i] = static_cast<Y>(sizeof(Y) == 1 ? (v + 128) >> 8 : v);
  }
}

}  // namespace mote
