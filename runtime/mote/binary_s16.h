// Sums, differences and products of int16 tensors with broadcasting, as int16 or int8. They are
// exact in 64 bits and rounded once:
//
//   add_s16:  y = clamp((a * a_mult + b * b_mult + offset) >> right, lo, hi)
//   mul_s16:  y = requantize_wide((a - a_zp) * (b - b_zp), mult, right)
//
// The multipliers of a sum are those of add_s8.h, with `right` of 24 to 32: they err by less than
// 0.002 units. A product has mult / 2^right = scale_a * scale_b / scale_y.
#pragma once
#include "index.h"
#include "requant.h"

namespace mote {

struct AddS16Shape {
  int32_t rank;                                    // >= 1
  int32_t dims[kMaxRank];                          // of the result
  int32_t a_stride[kMaxRank], b_stride[kMaxRank];  // in elements; innermost 0 or 1
  int32_t a_mult, b_mult;
  int32_t offset_high, offset_low;  // the offset's two words
  int32_t right, lo, hi;
  MOTE_FIELDS(rank, dims, a_stride, b_stride, a_mult, b_mult, offset_high, offset_low, right, lo,
              hi)
};

struct MulS16Shape {
  int32_t rank;                                    // >= 1
  int32_t dims[kMaxRank];                          // of the result
  int32_t a_stride[kMaxRank], b_stride[kMaxRank];  // in elements; innermost 0 or 1
  int32_t a_zp, b_zp;
  int32_t mult, right;
  int32_t zp, lo, hi;  // of the result, see requant.h
  MOTE_FIELDS(rank, dims, a_stride, b_stride, a_zp, b_zp, mult, right, zp, lo, hi)
};

// y = element(a, b), row by row.
template <class S, class Y, class Element>
MOTE_INLINE void for_elements_s16(const S& s, const int16_t* a, const int16_t* b, Y* y,
                                  Element element) {
  const int32_t n = s.dims[s.rank - 1];
  const int32_t a_step = s.a_stride[s.rank - 1], b_step = s.b_stride[s.rank - 1];
  int32_t index[kMaxRank] = {};
  int32_t offset[2] = {};
  const int32_t* const stride[2] = {s.a_stride, s.b_stride};
  do {
    const int16_t* pa = a + offset[0];
    const int16_t* pb = b + offset[1];
    for (Y* const end = y + n; y != end; ++y, pa += a_step, pb += b_step) {
      *y = static_cast<Y>(element(*pa, *pb));
    }
  } while (next_row(s.dims, s.rank, index, stride, offset));
}

// `y` may be an operand that is not repeated and has its type.
template <class S, class Y>
MOTE_KERNEL void add_s16(const S& s, const int16_t* a, const int16_t* b, Y* y) {
  const int64_t offset =
      (int64_t)s.offset_high * ((int64_t)1 << 32) + (int64_t) static_cast<uint32_t>(s.offset_low);
  for_elements_s16(s, a, b, y, [&](int32_t va, int32_t vb) {
    const int64_t sum = offset + (int64_t)va * s.a_mult + (int64_t)vb * s.b_mult;
    const int64_t v = sum >> s.right;
    return static_cast<int32_t>(v < s.lo ? s.lo : v > s.hi ? s.hi : v);
  });
}

// Likewise.
template <class S, class Y>
MOTE_KERNEL void mul_s16(const S& s, const int16_t* a, const int16_t* b, Y* y) {
  for_elements_s16(s, a, b, y, [&](int32_t va, int32_t vb) {
    return requantize_wide(s, (va - s.a_zp) * (vb - s.b_zp), s.mult, s.right);
  });
}

}  // namespace mote
