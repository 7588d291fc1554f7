// Additions, pools and products of activations on Cortex-M cores with the DSP extension.
#pragma once
#include "dsp_conv_s8.h"

namespace mote::isa {

// The members of an addition's shape that its loop reads.
struct DspAdd {
  int32_t a_mult, b_mult, offset, right, lo, hi;
};

#if defined(__ARM_FEATURE_DSP)

namespace dsp {

// One of a sum. It wraps around on the way where the whole of it fits.
MOTE_INLINE int32_t add_one(const DspAdd& s, int32_t a, int32_t b) {
  const uint32_t sum = static_cast<uint32_t>(s.offset) + static_cast<uint32_t>(a * s.a_mult) +
                       static_cast<uint32_t>(b * s.b_mult);
  int32_t y;
  __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(static_cast<int32_t>(sum) >> s.right));
  return y;
}

// Multipliers have up to 22 bits, so these are MLAs: 8 cycles per element. `y` may be `a` or `b`.
MOTE_DSP_SHARED void add(const DspAdd& shape, const int8_t* a, const int8_t* b, int8_t* y,
                         int32_t n) {
  const DspAdd s = shape;
  const bool clamps = s.lo > -128 || s.hi < 127;
  int8_t* const begin = y;
  for (int8_t* const end = y + (n & ~3); y != end; a += 4, b += 4, y += 4) {
    const int32_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
    const int32_t b0 = b[0], b1 = b[1], b2 = b[2], b3 = b[3];
    y[0] = static_cast<int8_t>(add_one(s, a0, b0));
    y[1] = static_cast<int8_t>(add_one(s, a1, b1));
    y[2] = static_cast<int8_t>(add_one(s, a2, b2));
    y[3] = static_cast<int8_t>(add_one(s, a3, b3));
  }
  for (int32_t i = 0; i < (n & 3); ++i) y[i] = static_cast<int8_t>(add_one(s, a[i], b[i]));
  if (!clamps) return;
  for (int32_t i = 0; i < n; ++i) begin[i] = static_cast<int8_t>(clamp_i32(begin[i], s.lo, s.hi));
}

// acc + bytes 0 and 2, or 1 and 3, of x, as int16.
MOTE_INLINE uint32_t add_even_bytes(uint32_t acc, uint32_t x) {
  __asm__("sxtab16 %0, %0, %1" : "+r"(acc) : "r"(x));
  return acc;
}
MOTE_INLINE uint32_t add_odd_bytes(uint32_t acc, uint32_t x) {
  __asm__("sxtab16 %0, %0, %1, ror #8" : "+r"(acc) : "r"(x));
  return acc;
}

// sums[c] += x[i * step + c] for i < count and c < n. Sums of 255 pixels fit 16 bits.
MOTE_DSP_SHARED void accumulate(int32_t* sums, const int8_t* x, int32_t step, int32_t count,
                                int32_t n) {
  for (int32_t part; count > 0; count -= part, x += part * step) {
    part = count < 255 ? count : 255;
    for (int32_t c = 0; c + 4 <= n; c += 4) {
      uint32_t even = 0, odd = 0;
      const int8_t* p = x + c;
      for (const int8_t* end = p + part * step; p != end; p += step) {
        const uint32_t word = load_word(p);
        even = add_even_bytes(even, word);
        odd = add_odd_bytes(odd, word);
      }
      sums[c] += static_cast<int16_t>(even);
      sums[c + 1] += static_cast<int16_t>(odd);
      sums[c + 2] += static_cast<int32_t>(even) >> 16;
      sums[c + 3] += static_cast<int32_t>(odd) >> 16;
    }
    for (int32_t c = n & ~3; c < n; ++c)
      for (int32_t i = 0; i < part; ++i) sums[c] += x[i * step + c];
  }
}

// y[c] = max(y[c], x[c]).
MOTE_DSP_SHARED void maximum(int8_t* y, const int8_t* x, int32_t n) {
  for (int8_t* const end = y + (n & ~3); y != end; y += 4, x += 4) {
    uint32_t a = load_word(y);
    const uint32_t b = load_word(x);
    uint32_t difference;
    __asm__("ssub8 %1, %0, %2\n\tsel %0, %0, %2" : "+r"(a), "=&r"(difference) : "r"(b));
    store_word(y, a);
  }
  for (int32_t c = 0; c < (n & 3); ++c) y[c] = x[c] > y[c] ? x[c] : y[c];
}

// y = requantize(sums) with one multiplier.
MOTE_DSP_SHARED void requantize_row(const DspStore& store, const int32_t* sums, int32_t mult,
                                    int8_t* y, int32_t n) {
  const DspStore s = store;
  const bool clamps = s.lo > -128 || s.hi < 127;
  int8_t* const begin = y;
  for (int8_t* const end = y + n; y != end; ++y, ++sums) {
    int32_t v;
    __asm__("smmlar %0, %1, %2, %3\n\tssat %0, #8, %0"
            : "=r"(v)
            : "r"(static_cast<uint32_t>(*sums) << s.shift), "r"(mult), "r"(s.zp));
    *y = static_cast<int8_t>(v);
  }
  if (!clamps) return;
  for (int32_t i = 0; i < n; ++i) begin[i] = static_cast<int8_t>(clamp_i32(begin[i], s.lo, s.hi));
}

// Products of int16 vectors, see ScalarS8::multiply_wide: 1.4 cycles each.
MOTE_DSP_SHARED void multiply_wide(const int16_t* x, const int16_t* w, int32_t k, int32_t* sums) {
  const auto multiply = [](int32_t& acc, uint32_t a, const int16_t* b) {
    __asm__("smlad %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(load_word(b)));
  };
  const int16_t *w1 = w + k, *w2 = w1 + k, *w3 = w2 + k;
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (const int16_t* const end = x + k; x != end; x += 4, w += 4, w1 += 4, w2 += 4, w3 += 4) {
    const uint32_t a = load_word(x), b = load_word(x + 2);
    multiply(s0, a, w), multiply(s1, a, w1), multiply(s2, a, w2), multiply(s3, a, w3);
    multiply(s0, b, w + 2), multiply(s1, b, w1 + 2);
    multiply(s2, b, w2 + 2), multiply(s3, b, w3 + 2);
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

// Two of them in 64 bits, see ScalarS8::multiply_long: two sums take four registers.
MOTE_DSP_SHARED void multiply_long(const int16_t* x, const int16_t* w, int32_t k, int64_t* sums) {
  const auto multiply = [](uint64_t& acc, uint32_t a, const int16_t* b) {
    __asm__("smlald %Q0, %R0, %1, %2" : "+r"(acc) : "r"(a), "r"(load_word(b)));
  };
  const int16_t* v = w + k;
  uint64_t s0 = 0, s1 = 0;
  for (const int16_t* const end = x + k; x != end; x += 4, w += 4, v += 4) {
    const uint32_t a = load_word(x), b = load_word(x + 2);
    multiply(s0, a, w), multiply(s1, a, v);
    multiply(s0, b, w + 2), multiply(s1, b, v + 2);
  }
  sums[0] = static_cast<int64_t>(s0), sums[1] = static_cast<int64_t>(s1);
}

// Four rows of weights by an int16 vector, see ScalarS8::multiply_rows.
MOTE_DSP_SHARED void multiply_rows(const int16_t* x, const int8_t* w, int32_t k, int32_t* sums) {
  const auto multiply = [](int32_t& acc, uint32_t a, uint32_t b, const int8_t*& row) {
    uint32_t quad;  // GCC would add to all pointers apart from their loads
    __asm__ volatile("ldr %0, [%1], #4" : "=r"(quad), "+r"(row) : : "memory");
    __asm__("smlad %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(even_bytes(quad)));
    __asm__("smlad %0, %1, %2, %0" : "+r"(acc) : "r"(b), "r"(odd_bytes(quad)));
  };
  const int8_t *w1 = w + k, *w2 = w1 + k, *w3 = w2 + k;
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (const int16_t* const end = x + k; x != end; x += 4) {
    const uint32_t a = load_word(x), b = load_word(x + 2);
    multiply(s0, a, b, w), multiply(s1, a, b, w1);
    multiply(s2, a, b, w2), multiply(s3, a, b, w3);
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

}  // namespace dsp

#endif  // __ARM_FEATURE_DSP

}  // namespace mote::isa
