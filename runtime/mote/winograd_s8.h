// 3x3 convolutions with stride 1 in Winograd's form (winograd.h), a whole layer at a time: a
// quarter of the multiplications for eight times the bytes of weights. One body serves all layers
// of a program.
#pragma once
#include "conv2d_s8.h"
#include "isa/dsp_winograd_s8.h"
#include "isa/riscv_winograd_s8.h"
#include "isa/thumb1_winograd_s8.h"
#include "isa/thumb_winograd_s8.h"

namespace mote {

struct Winograd {
  int32_t batch, in_h, in_w, in_c, out_h, out_w, out_c, pad_top, pad_left, pad_value;
  isa::StoreS8 store;
};

// Bytes of scratch: the points of two tiles, and the inputs of a tile as int8 where they are not
// all inside the image.
constexpr int64_t winograd_scratch(const Conv2dS8Shape& s) {
  return kWinogradPoints * (4 * winograd_step(s.in_c) + 2 * winograd_words(s.in_c));
}

MOTE_INLINE uint32_t winograd_word(const int8_t* x) {
  uint32_t word;
  memcpy(&word, __builtin_assume_aligned(x, 4), 4);
  return word;
}

// Inputs 0 and 2, and 1 and 3, as x + 128 in halves of words; x is aligned to four.
MOTE_INLINE void winograd_pairs(const int8_t* x, uint32_t& even, uint32_t& odd) {
#if MOTE_ISA_DSP_WINOGRAD
  const uint32_t word = winograd_word(x) ^ 0x80808080;
  even = isa::dsp_even_bytes(word), odd = isa::dsp_odd_bytes(word);
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  const uint32_t word = winograd_word(x) ^ 0x80808080;
  even = word & 0xff00ff, odd = word >> 8 & 0xff00ff;
#else
  const auto at = [&](int32_t i) { return static_cast<uint32_t>(x[i] + 128); };
  even = at(0) | at(2) << 16, odd = at(1) | at(3) << 16;
#endif
}

// Gives what the lower half has borrowed back to the upper one.
MOTE_INLINE uint32_t winograd_halves(uint32_t sum) {
#if MOTE_ISA_DSP_WINOGRAD
  return isa::dsp_pack_halves(sum, sum + 0x8000);
#else
  return sum + ((sum & 0x8000) << 1);
#endif
}

// The inputs of a tile to v, transformed. x: 6x6 pixels, steps in bytes; `quads` fours of channels.
MOTE_WINOGRAD_SHARED void winograd_inputs(const int8_t* x, int32_t row_step, int32_t pixel_step,
                                          int32_t quads, uint32_t* v, int32_t v_step) {
  for (; quads > 0; --quads, x += 4, v += 4) {
    uint32_t t[2][kWinogradPoints];
    MOTE_NO_UNROLL for (int32_t j = 0; j < kWinogradWindow; ++j) {
      const int8_t* from = x + j * pixel_step;
      uint32_t even[kWinogradWindow], odd[kWinogradWindow], u[kWinogradWindow];
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i, from += row_step)
          winograd_pairs(from, even[i], odd[i]);
      winograd_input(even, u);
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i) t[0][i * 6 + j] = u[i];
      winograd_input(odd, u);
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i) t[1][i * 6 + j] = u[i];
    }
    const uint32_t* from = t[0];
    MOTE_NO_UNROLL for (int32_t half = 0; half < 2; ++half) {
      uint32_t* to = v + 2 * half;
      MOTE_NO_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i, from += 6) {
        uint32_t u[kWinogradWindow];
        winograd_input(from, u);
        MOTE_UNROLL for (int32_t j = 0; j < kWinogradWindow; ++j) {
          to[j * v_step] = winograd_halves(u[j]);
        }
        to += kWinogradWindow * v_step;
      }
    }
  }
}

// The products of two tiles with a block of weights, at all points, to behind the points of v;
// `words` is even.
#ifdef MOTE_ISA_WINOGRAD_PRODUCTS
using isa::winograd_products;
#else
MOTE_WINOGRAD_SHARED void winograd_products(uint32_t* v, const int16_t* w, int32_t words) {
  for (int32_t p = 0; p < kWinogradPoints; ++p) {
    uint32_t a[kWinogradChannels] = {}, b[kWinogradChannels] = {};
    for (const uint32_t* const end = v + 2 * words; v != end; v += 2, w += 2 * kWinogradChannels) {
      const int32_t a0 = static_cast<int16_t>(v[0]), a1 = static_cast<int32_t>(v[0]) >> 16;
      const int32_t b0 = static_cast<int16_t>(v[1]), b1 = static_cast<int32_t>(v[1]) >> 16;
      MOTE_UNROLL for (int32_t n = 0; n < kWinogradChannels; ++n) {
        a[n] += static_cast<uint32_t>(a0 * w[2 * n]);
        b[n] += static_cast<uint32_t>(b0 * w[2 * n]);
        a[n] += static_cast<uint32_t>(a1 * w[2 * n + 1]);
        b[n] += static_cast<uint32_t>(b1 * w[2 * n + 1]);
      }
    }
    MOTE_UNROLL for (int32_t n = 0; n < kWinogradChannels; ++n) {
      v[n] = a[n], v[kWinogradChannels + n] = b[n];
    }
    v += 2 * kWinogradChannels;
  }
}
#endif

// The results of n channels of a tile, from the products m.
MOTE_WINOGRAD_SHARED void winograd_results_any(const uint32_t* m, const WinogradResults& how,
                                               int8_t* y, int32_t n, int32_t lo, int32_t hi) {
  const int32_t step = how.m_step / 4, pixel_step = how.pixel_step;
  const isa::StoreS8 store{how.zp, lo, hi, 0};  // sums are shifted
  for (int32_t c = 0; c < n; ++c, ++m, ++y) {
    uint32_t t[kWinogradTile][kWinogradWindow];
    MOTE_NO_UNROLL for (int32_t j = 0; j < kWinogradWindow; ++j) {
      uint32_t p[kWinogradWindow], u[kWinogradTile];
      const uint32_t* from = m + j * step;
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradWindow; ++i, from += 6 * step) p[i] = *from;
      winograd_output(p, u);
      MOTE_UNROLL for (int32_t i = 0; i < kWinogradTile; ++i) t[i][j] = u[i];
    }
    const int32_t bias = how.bias[c], mult = how.mult[c];
    const uint32_t factor = how.factor;
    int8_t* row = y;
    MOTE_NO_UNROLL for (int32_t i = 0; i < kWinogradTile; ++i, row += how.row_step) {
      uint32_t u[kWinogradTile];
      int8_t* pixel = row;
      winograd_output(t[i], u);
      MOTE_UNROLL for (int32_t j = 0; j < kWinogradTile; ++j, pixel += pixel_step) {
        const int32_t acc = bias + (static_cast<int32_t>(u[j] * factor) >> 6);
        *pixel = static_cast<int8_t>(clamp_i32(isa::ScalarS8::scale_one(store, acc, mult), lo, hi));
      }
    }
  }
}
MOTE_INLINE void winograd_results(const isa::StoreS8& store, const uint32_t* m,
                                  const WinogradResults& how, int8_t* y, int32_t n) {
#if MOTE_ISA_DSP_WINOGRAD
  if (store.lo == -128 && store.hi == 127) return isa::dsp_winograd_results(m, &how, y, n);
#endif
  winograd_results_any(m, how, y, n, store.lo, store.hi);
}

// The results of a tile that the image cuts.
MOTE_WINOGRAD_SHARED void winograd_cut(const isa::StoreS8& store, const uint32_t* m,
                                       WinogradResults how, int8_t* y, int32_t n, int32_t height,
                                       int32_t width) {
  int8_t all[kWinogradTile][kWinogradTile][kWinogradChannels];
  const int32_t row_step = how.row_step, pixel_step = how.pixel_step;
  how.row_step = sizeof all[0], how.pixel_step = sizeof all[0][0];
  winograd_results(store, m, how, all[0][0], n);
  for (int32_t i = 0; i < kWinogradTile && i < height; ++i, y += row_step) {
    int8_t* to = y;
    for (int32_t j = 0; j < kWinogradTile && j < width; ++j, to += pixel_step) {
      if (n == kWinogradChannels) {
        memcpy(to, all[i][j], kWinogradChannels);
      } else {
        for (int32_t c = 0; c < n; ++c) to[c] = all[i][j][c];
      }
    }
  }
}

// Where a tile lies: images, row and column of its first result.
struct WinogradTile {
  const int8_t* x;
  int8_t* y;
  int32_t oy, ox;
};

// A multiple of four bytes, aligned.
MOTE_INLINE void copy_aligned(int8_t* to, const int8_t* from, int32_t n) {
  const auto copy = [](int8_t* to, const int8_t* from) {
    memcpy(__builtin_assume_aligned(to, 4), __builtin_assume_aligned(from, 4), 4);
  };
  const int8_t* const end = from + n;
  for (; end - from >= 16; to += 16, from += 16)
    copy(to, from), copy(to + 4, from + 4), copy(to + 8, from + 8), copy(to + 12, from + 12);
  for (; from < end; to += 4, from += 4) copy(to, from);
}

// The inputs of a tile, from the image or, where they are not all inside it or not in aligned
// fours, from a copy with padding.
MOTE_WINOGRAD_SHARED void winograd_load(const Winograd& d, const WinogradTile& tile, uint32_t* v,
                                        int32_t v_step, int8_t* patch) {
  const int32_t iy = tile.oy - d.pad_top, ix = tile.ox - d.pad_left;
  const int32_t row = d.in_w * d.in_c, quads = (d.in_c + 3) / 4;
  const Range rows = taps_inside(iy, kWinogradWindow, 1, d.in_h);
  const Range columns = taps_inside(ix, kWinogradWindow, 1, d.in_w);
  const int32_t height = rows.end - rows.begin, width = columns.end - columns.begin;
  const bool fours = d.in_c % 4 == 0 && reinterpret_cast<uintptr_t>(tile.x) % 4 == 0;
  if (fours && height == kWinogradWindow && width == kWinogradWindow) {
    winograd_inputs(tile.x + iy * row + ix * d.in_c, row, d.in_c, quads, v, v_step);
    return;
  }
  const int32_t pixel = 4 * quads;
  memset(patch, d.pad_value, static_cast<size_t>(kWinogradPoints * pixel));
  for (int32_t i = rows.begin; i < rows.end && width > 0; ++i) {
    const int8_t* from = tile.x + (iy + i) * row + (ix + columns.begin) * d.in_c;
    int8_t* to = patch + (i * kWinogradWindow + columns.begin) * pixel;
    if (fours) {
      copy_aligned(to, from, width * pixel);
    } else {
      for (int32_t j = 0; j < width; ++j, from += d.in_c, to += pixel)
        isa::copy_short(to, from, d.in_c);
    }
  }
  winograd_inputs(patch, kWinogradWindow * pixel, pixel, quads, v, v_step);
}

// A layer.
MOTE_WINOGRAD_SHARED void winograd(const Winograd& d, const int8_t* x, const int16_t* w,
                                   const int32_t* bias, const int32_t* mult, int8_t* y,
                                   int8_t* scratch) {
  const int32_t words = winograd_words(d.in_c), step = winograd_step(d.in_c);
  uint32_t* const v = reinterpret_cast<uint32_t*>(scratch);
  int8_t* const patch = scratch + 4 * kWinogradPoints * step;
  WinogradResults how{
      4 * step, kInverseOf9 << d.store.shift, d.store.zp, d.out_c, d.out_w * d.out_c, nullptr,
      nullptr};
  WinogradTile tile{x, y, 0, 0};
  for (int32_t b = 0; b < d.batch;) {
    WinogradTile pair[2];
    int32_t count = 0;
    for (; count < 2 && b < d.batch; ++count) {
      pair[count] = tile;
      pair[count].y += (tile.oy * d.out_w + tile.ox) * d.out_c;
      winograd_load(d, tile, v + count, step, patch);
      tile.ox += kWinogradTile;
      if (tile.ox < d.out_w) continue;
      tile.ox = 0, tile.oy += kWinogradTile;
      if (tile.oy < d.out_h) continue;
      tile.oy = 0, ++b;
      tile.x += d.in_h * d.in_w * d.in_c, tile.y += d.out_h * d.out_w * d.out_c;
    }
    const int16_t* block = w;
    how.bias = bias, how.mult = mult;
    for (int32_t left = d.out_c; left > 0; left -= kWinogradChannels) {
      winograd_products(v, block, words);
      const int32_t n = left < kWinogradChannels ? left : kWinogradChannels;
      for (int32_t i = 0; i < count; ++i) {
        const int32_t height = d.out_h - pair[i].oy, width = d.out_w - pair[i].ox;
        const uint32_t* const m = v + 2 * words + kWinogradChannels * i;
        if (height < kWinogradTile || width < kWinogradTile) {
          winograd_cut(d.store, m, how, pair[i].y, n, height, width);
        } else {
          winograd_results(d.store, m, how, pair[i].y, n);
        }
        pair[i].y += n;
      }
      block += kWinogradPoints * words * 2 * kWinogradChannels;
      how.bias += n, how.mult += n;
    }
  }
}

// Results are as those of High. Weights as pack_winograd() packs them; biases for inputs x + 128,
// of a zero point of pad_value + 128, shifted as the store shifts sums. Kernel, strides, dilations
// and groups of the shape are as above.
template <class S>
MOTE_KERNEL void conv2d_winograd_s8(const S& s, const int8_t* x, const int16_t* w,
                                    const int32_t* bias, const int32_t* mult, int8_t* y,
                                    int8_t* scratch) {
  const Winograd d{s.batch, s.in_h,    s.in_w,     s.in_c,      s.out_h,         s.out_w,
                   s.out_c, s.pad_top, s.pad_left, s.pad_value, isa::store_of(s)};
  winograd(d, x, w, bias, mult, y, scratch);
}

}  // namespace mote
