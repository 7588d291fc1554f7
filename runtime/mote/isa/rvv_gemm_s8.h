// Matrix products of RvvS8 by the tiles of rvv_dots_s8.h: rows of weights one after another, sums
// on the stack until they fill vectors.
#pragma once
#include "rvv_dots_s8.h"

namespace mote::isa::rvv {

struct Gemm {
  Store store;
  const int8_t* w;
  const int32_t *bias, *mult;
  int32_t k, n, x_step, y_step;
};

// Output channels whose sums wait on the stack until they fill vectors.
constexpr int32_t kChunk = 64;

// Results of `count` channels from n0. The sums of a pixel are `step` apart, `next` lie between
// those of two pixels.
template <int32_t Pixels>
MOTE_INLINE void store_chunk(const Gemm& g, const int32_t* sums, int32_t step, int32_t next,
                             int32_t n0, int32_t count, int8_t* y) {
  const Store store = g.store;
  const int32_t *bias = g.bias + n0, *mult = g.mult + n0;
  size_t vl;
  for (; count > 0; count -= static_cast<int32_t>(vl)) {
    vl = __riscv_vsetvl_e32m4(static_cast<size_t>(count));
    const vint32m4_t b = __riscv_vle32_v_i32m4(bias, vl);
    const vint32m4_t m = load_half_mult(mult, vl);
    int8_t* out = y;
    MOTE_UNROLL for (int32_t p = 0; p < Pixels; ++p, out += g.y_step) {
      const int32_t* from = sums + p * next;
      const vint32m4_t acc =
          step == 1 ? __riscv_vle32_v_i32m4(from, vl)
                    : __riscv_vlse32_v_i32m4(from, static_cast<ptrdiff_t>(step) * 4, vl);
      store_s8(store, __riscv_vadd_vv_i32m4(acc, b, vl), m, out, vl);
    }
    bias += vl, mult += vl, sums += static_cast<int32_t>(vl) * step, y += vl;
  }
}

// The rows of weights of a tile; beyond the last one it stands again.
MOTE_INLINE const int8_t* row(const int8_t* w, int32_t i, int32_t left, int32_t bytes) {
  return w + (i < left ? i : left - 1) * bytes;
}

MOTE_INLINE void two_pixels(const Gemm& g, const Cut& c, const int8_t* x, int8_t* y) {
  alignas(16) int32_t memory[2 * kChunk + 4];
  int32_t* sums = memory + 4;
  const int32_t row = g.n < 4 ? 0 : c.padded;
  for (int32_t n0 = 0; n0 < g.n; n0 += kChunk, y += kChunk) {
    const int32_t count = g.n - n0 < kChunk ? g.n - n0 : kChunk;
    for (int32_t at = 0; at < count;) {
      // Tiles of four channels. The last one reaches back to channels that are done; of fewer than
      // four channels in all, each takes a tile, and its three other sums are overwritten.
      int32_t tiles = (count - at) / 4;
      if (tiles == 0) tiles = 1, at = row == 0 ? at : count - 4;
      const int8_t* w = g.w + (n0 + at) * c.padded;
      if (c.k <= 2 * c.half) {
        short_dots_of_two(c, x, x + g.x_step, w, row, tiles, sums + at, sums + kChunk + at);
      } else {
        dots_of_two(c, x, x + g.x_step, w, row, tiles, sums + at, sums + kChunk + at);
      }
      at += row == 0 ? 1 : tiles * 4;
    }
    store_chunk<2>(g, sums, 1, kChunk, n0, count, y);
  }
}

MOTE_INLINE void one_pixel(const Gemm& g, const Cut& c, const int8_t* x, int8_t* y) {
  alignas(16) int32_t sums[kChunk];
  const int8_t* w = g.w;
  for (int32_t n0 = 0; n0 < g.n; n0 += kChunk, y += kChunk) {
    const int32_t count = g.n - n0 < kChunk ? g.n - n0 : kChunk;
    for (int32_t j = 0; j < count; j += 8, w += 8 * c.padded) {
      const int32_t b = c.padded, left = count - j;
      const int8_t *w1 = w + b, *w2 = w1 + b, *w3 = w2 + b, *w4 = w3 + b, *w5 = w4 + b,
                   *w6 = w5 + b, *w7 = w6 + b;
      if (__builtin_expect(left < 8, 0)) {
        w1 = row(w, 1, left, b), w2 = row(w, 2, left, b), w3 = row(w, 3, left, b);
        w4 = row(w, 4, left, b), w5 = row(w, 5, left, b), w6 = row(w, 6, left, b);
        w7 = row(w, 7, left, b);
      }
      dots_of_one(c, x, w, w1, w2, w3, w4, w5, w6, w7, sums + j);
    }
    store_chunk<1>(g, sums, 1, 0, n0, count, y);
  }
}

// Four pixels, k of at most one vector.
MOTE_INLINE void four_short_pixels(const Gemm& g, const Cut& c, const int8_t* x, int8_t* y) {
  constexpr int32_t chunk = kChunk / 2;
  alignas(16) int32_t sums[4 * chunk];
  const int8_t* w = g.w;
  for (int32_t n0 = 0; n0 < g.n; n0 += chunk, y += chunk, w += chunk * c.padded) {
    const int32_t count = g.n - n0 < chunk ? g.n - n0 : chunk;
    short_dots_of_four(c, x, g.x_step, w, count, sums);
    store_chunk<4>(g, sums, 4, 1, n0, count, y);
  }
}

inline __attribute__((noinline)) void gemm_by_dots(const Gemm& g, const int8_t* x, int32_t m,
                                                   int8_t* y) {
  const Cut c = cut(g.k);
  if (c.k <= c.half) {
    for (; m >= 4; m -= 4, x += 4 * g.x_step, y += 4 * g.y_step) four_short_pixels(g, c, x, y);
  }
  for (; m >= 2; m -= 2, x += 2 * g.x_step, y += 2 * g.y_step) two_pixels(g, c, x, y);
  if (m > 0) one_pixel(g, c, x, y);
}

}  // namespace mote::isa::rvv
