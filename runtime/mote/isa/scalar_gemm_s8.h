// The matrix kernel of cores without SIMD: tiles of a few pixels by four output channels, for
// weights packed as [K][4] (kNrS8 = 4, kKrS8 = 1). One body serves all layers of a program, so its
// shape and the way it stores are run-time values.
#pragma once
#include <string.h>

#include "../pack_s8.h"
#include "../requant.h"
#include "scalar.h"

namespace mote::isa {

// What requantization reads of a shape.
struct StoreS8 {
  int32_t zp, lo, hi, shift;
};
template <class S>
MOTE_INLINE StoreS8 store_of(const S& s) {
  return {s.zp, s.lo, s.hi, s.shift};
}

__attribute__((noinline)) inline void copy_short(int8_t* to, const int8_t* from, int32_t n) {
  const int8_t* const end = from + n;
#if defined(__ARM_FEATURE_UNALIGNED)
  const bool words = n >= 4;
#else
  const bool words =
      n >= 4 && ((reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from)) & 3) == 0;
#endif
  if (words) {
    for (const int8_t* const last = end - 3; from < last; from += 4, to += 4) {
      uint32_t v;
#if defined(__ARM_FEATURE_UNALIGNED)
      memcpy(&v, from, 4);
      memcpy(to, &v, 4);
#else
      memcpy(&v, __builtin_assume_aligned(from, 4), 4);
      memcpy(__builtin_assume_aligned(to, 4), &v, 4);
#endif
      __asm__ volatile("" : : : "memory");  // or it becomes a call of memcpy
    }
  }
  while (from != end) {
    *to++ = *from++;
    __asm__ volatile("" : : : "memory");
  }
}

// Copies 3 to some hundred bytes. The memcpy of small C libraries goes byte by byte, and where it
// does not, the call costs more than most pieces of a patch.
MOTE_INLINE void copy_bytes(int8_t* to, const int8_t* from, int32_t n) {
#if (defined(__riscv) && !defined(__riscv_vector)) || \
    (defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && !defined(__ARM_FEATURE_DSP))
  copy_short(to, from, n);
#else
  memcpy(to, from, static_cast<size_t>(n));
#endif
}

// Operands of a matrix product, see ScalarS8::gemm.
template <class Rq, class X, class W>
struct GemmCall {
  const X* x;
  int32_t x_step, m, k, n;
  const W* w;
  const int32_t *bias, *mult;
  typename Rq::Out* y;
  int32_t y_step;
  StoreS8 store;
};

// The usual call, which assembly reads where it lies.
template <class Rq, class X, class W>
constexpr bool is_int8_call() {
  return Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1;
}

// sums[j][i] = bias[j] + sum over l < k of x[i * x_step + l] * w[l * w_step + j].
template <int32_t MR, int32_t NC, class X, class W>
MOTE_INLINE void multiply_tile(int32_t (&sums)[NC][MR], const int32_t* bias, const X* x0,
                               int32_t x_step, const W* w, int32_t w_step, int32_t k) {
  int32_t acc[NC][MR];
  const X* x[MR];
  MOTE_UNROLL for (int32_t i = 0; i < MR; ++i) {
    x[i] = x0 + i * x_step;
    MOTE_UNROLL for (int32_t j = 0; j < NC; ++j) acc[j][i] = bias[j];
  }
  MOTE_NO_UNROLL for (int32_t l = 0; l < k; ++l, w += w_step) {
    int32_t xl[MR];
    MOTE_UNROLL for (int32_t i = 0; i < MR; ++i) xl[i] = *x[i]++;
    MOTE_UNROLL for (int32_t j = 0; j < NC; ++j) {
      const int32_t wj = w[j];
      MOTE_UNROLL for (int32_t i = 0; i < MR; ++i) acc[j][i] += xl[i] * wj;
    }
  }
  MOTE_UNROLL for (int32_t j = 0; j < NC; ++j) {
    MOTE_UNROLL for (int32_t i = 0; i < MR; ++i) sums[j][i] = acc[j][i];
  }
}

// Clamps to [lo, hi], which is int8's range if kFull: one instruction where compilers take six.
template <bool kFull>
MOTE_INLINE int32_t clamp_s8(const StoreS8& s, int32_t v) {
#if defined(__thumb2__)
  if constexpr (kFull) {
    __asm__("ssat %0, #8, %0" : "+r"(v));
    return v;
  }
#endif
  return clamp_i32(v, s.lo, s.hi);
}
#if defined(__thumb2__)
MOTE_INLINE bool clamps_to_s8(const StoreS8& s) { return s.lo == -128 && s.hi == 127; }
#else
MOTE_INLINE bool clamps_to_s8(const StoreS8&) { return false; }
#endif

// y[i * y_step] = Rq(sums[i]) for `count` pixels of channel n. Returns y behind the last one.
template <class Isa, class Rq>
MOTE_INLINE typename Rq::Out* store_pixels(const StoreS8& store, const int32_t* sums, int32_t count,
                                           const int32_t* mult, int32_t n, typename Rq::Out* y,
                                           int32_t y_step) {
  const StoreS8 s = store;
  const int32_t* const end = sums + count;
  if constexpr (Rq::kHigh) {
    const int32_t m = mult[n];
    if (clamps_to_s8(s)) {
      MOTE_NO_UNROLL for (; sums != end; ++sums, y += y_step) {
        *y = static_cast<int8_t>(clamp_s8<true>(s, Isa::scale_one(s, *sums, m)));
      }
    } else {
      MOTE_NO_UNROLL for (; sums != end; ++sums, y += y_step) {
        *y = static_cast<int8_t>(clamp_s8<false>(s, Isa::scale_one(s, *sums, m)));
      }
    }
  } else {
    MOTE_NO_UNROLL for (; sums != end; ++sums, y += y_step)* y = Rq::apply(s, *sums, mult, n);
  }
  return y;
}

// y[i * y_step + j] = Rq(sums[j][i]), channel j being n0 + j.
template <class Isa, class Rq, bool kFull, int32_t MR>
MOTE_INLINE void store_channels(const StoreS8& s, const int32_t* sums, const int32_t* end,
                                const int32_t* mult, typename Rq::Out* y, int32_t y_step) {
  MOTE_NO_UNROLL for (; sums != end; sums += MR, mult += Rq::kParams, ++y) {
    typename Rq::Out* yj = y;
    if constexpr (Rq::kHigh) {
      const int32_t m = *mult;
      MOTE_UNROLL for (int32_t i = 0; i < MR; ++i, yj += y_step) {
        *yj = static_cast<int8_t>(clamp_s8<kFull>(s, Isa::scale_one(s, sums[i], m)));
      }
    } else {
      MOTE_UNROLL for (int32_t i = 0; i < MR; ++i, yj += y_step) {
        *yj = Rq::apply(s, sums[i], mult, 0);
      }
    }
  }
}
template <class Isa, class Rq, int32_t MR, int32_t NC>
MOTE_INLINE void store_tile(const StoreS8& store, const int32_t (&sums)[NC][MR],
                            const int32_t* mult, int32_t n0, typename Rq::Out* y, int32_t y_step) {
  const StoreS8 s = store;
  const int32_t *const first = &sums[0][0], *const end = first + NC * MR;
  mult += n0 * Rq::kParams;
  if (Rq::kHigh && clamps_to_s8(s)) {
    store_channels<Isa, Rq, true, MR>(s, first, end, mult, y, y_step);
  } else {
    store_channels<Isa, Rq, false, MR>(s, first, end, mult, y, y_step);
  }
}

// All channels of MR pixels.
template <class Isa, class Rq, int32_t MR, class X, class W>
__attribute__((noinline)) void gemm_pixels(const GemmCall<Rq, X, W>& c, const X* x,
                                           typename Rq::Out* y) {
  const W* w = c.w;
  int32_t n0 = 0;
  if constexpr (MR == Isa::kBlockPixels && is_int8_call<Rq, X, W>()) {
    if (c.n >= 4) {
      Isa::multiply_blocks_s8(c, x, y);
      n0 = c.n & ~3;
      w += n0 * c.k;
    }
  } else {
    if constexpr (MR == 1 && sizeof(X) == 1 && sizeof(W) == 1 && Isa::kRowS8 > 4) {
      constexpr int32_t kRow = Isa::kRowS8;
      for (; n0 + kRow <= c.n; n0 += kRow, w += kRow * c.k) {
        int32_t sums[kRow][1];
        Isa::multiply_row_s8(sums, c.bias + n0, x, w, c.k);
        store_tile<Isa, Rq>(c.store, sums, c.mult, n0, y + n0, c.y_step);
      }
    }
    for (; n0 + 4 <= c.n; n0 += 4, w += 4 * c.k) {
      int32_t sums[4][MR];
      if constexpr (sizeof(X) == 1 && sizeof(W) == 1) {
        Isa::multiply_tile_s8(sums, c.bias + n0, x, c.x_step, w, c.k);
      } else {
        multiply_tile(sums, c.bias + n0, x, c.x_step, w, 4, c.k);
      }
      store_tile<Isa, Rq>(c.store, sums, c.mult, n0, y + n0, c.y_step);
    }
  }
  for (const int32_t left = c.n - n0; n0 < c.n; ++n0, ++w) {
    int32_t sums[1][MR];
    multiply_tile(sums, c.bias + n0, x, c.x_step, w, left, c.k);
    store_tile<Isa, Rq>(c.store, sums, c.mult, n0, y + n0, c.y_step);
  }
}

template <class Isa, class Rq, class X, class W>
__attribute__((noinline)) void gemm_tiles(const GemmCall<Rq, X, W>& c) {
  constexpr int32_t kMr = Isa::kMrS8;
  const X* x = c.x;
  typename Rq::Out* y = c.y;
  int32_t m = c.m;
  for (; m >= kMr; m -= kMr, x += kMr * c.x_step, y += kMr * c.y_step) {
    gemm_pixels<Isa, Rq, kMr>(c, x, y);
  }
  for (; m > 0; --m, x += c.x_step, y += c.y_step) gemm_pixels<Isa, Rq, 1>(c, x, y);
}

}  // namespace mote::isa
