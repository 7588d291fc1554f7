// Depthwise convolution on cores without SIMD, for weights packed as [taps][4] per four channels
// (pack::pack_depthwise_lanes) and one output channel per input channel. The columns under some
// outputs are copied first, four channels of them, with the padding filled in: about 0.3
// instructions per multiplication, and no loop that follows has borders. Then one channel of four
// pixels is a tile, where neighbouring pixels share inputs and all share weights. One body serves
// all layers of a program.
#pragma once
#include <string.h>

#include "../window.h"
#include "scalar_gemm_s8.h"
#include "thumb1_depthwise_s8.h"

namespace mote::isa {

// Operands of one output row, see ScalarS8::depthwise_row.
template <class Rq, class X, class W>
struct DepthwiseCall {
  const X* const* rows;
  const W* w;
  const int32_t *bias, *mult;
  typename Rq::Out* y;
  int32_t in_w, channels, out_w, kernel_h, kernel_w, stride, dilation, pad_left, pad_value;
  StoreS8 store;
};

// On the stack: columns, and behind them the weights of the last channels, if there are fewer than
// four of them, as [taps][4] like the others.
constexpr int32_t kDepthwiseBuffer = 512;  // elements

// Outputs of a row that the buffer has room for, at most; 0 if the kernel is too large.
MOTE_INLINE int32_t depthwise_chunk(int32_t kernel_h, int32_t kernel_w, int32_t stride,
                                    int32_t dilation) {
  const int32_t columns = kDepthwiseBuffer / (4 * kernel_h) - kernel_w;
  const int32_t reach = (kernel_w - 1) * dilation + 1;
  return columns < reach ? 0 : (columns - reach) / stride + 1;
}

template <class X>
MOTE_INLINE void fill_columns(X* to, const X* end, int32_t value) {
  X four[4];
  MOTE_UNROLL for (int32_t j = 0; j < 4; ++j) four[j] = static_cast<X>(value);
  MOTE_NO_UNROLL for (; to != end; to += 4) {
    memcpy(__builtin_assume_aligned(to, 4), four, sizeof four);
  }
}

// `width` columns from column ix of an input row, `count` channels from x on, to[column][4].
template <class X>
MOTE_INLINE void copy_columns(X* to, const X* x, int32_t ix, int32_t width, int32_t in_w,
                              int32_t channels, int32_t count, int32_t pad_value) {
  const int32_t begin = x == nullptr ? width : clamp_index(-ix, 0, width);
  const int32_t end = x == nullptr ? width : clamp_index(in_w - ix, begin, width);
  fill_columns(to, to + 4 * begin, pad_value);
  fill_columns(to + 4 * end, to + 4 * width, pad_value);
  const X* from = x + (ix + begin) * channels;
  X* const last = to + 4 * end;
  to += 4 * begin;
  if (sizeof(X) == 1 && count == 4 && ((reinterpret_cast<uintptr_t>(from) | channels) & 3) == 0) {
    MOTE_NO_UNROLL for (; to != last; to += 4, from += channels) {
      memcpy(__builtin_assume_aligned(to, 4), __builtin_assume_aligned(from, 4), 4);
    }
    return;
  }
  MOTE_NO_UNROLL for (; to != last; to += 4, from += channels) {
    MOTE_NO_UNROLL for (int32_t j = 0; j < count; ++j) to[j] = from[j];
  }
}

// sums[i] += the taps of one channel of NP pixels. kStride 0 stands for any window, others for
// kernels three wide without dilation.
template <int32_t NP, int32_t kStride, class Rq, class X, class W>
MOTE_INLINE void depthwise_tile(const DepthwiseCall<Rq, X, W>& c, int32_t (&sums)[4], const X* x,
                                int32_t row_step, const W* w) {
  int32_t acc[NP];
  MOTE_UNROLL for (int32_t i = 0; i < NP; ++i) acc[i] = sums[i];
  MOTE_NO_UNROLL for (int32_t ky = c.kernel_h; ky > 0; --ky, x += row_step) {
    if constexpr (kStride != 0) {
      const int32_t w0 = w[0], w1 = w[4], w2 = w[8];
      w += 12;
      MOTE_UNROLL for (int32_t column = 0; column < (NP - 1) * kStride + 3; ++column) {
        const int32_t v = x[4 * column];
        MOTE_UNROLL for (int32_t i = 0; i < NP; ++i) {
          const int32_t tap = column - i * kStride;
          if (tap >= 0 && tap < 3) acc[i] += v * (tap == 0 ? w0 : tap == 1 ? w1 : w2);
        }
      }
    } else {
      const X* xk = x;
      MOTE_NO_UNROLL for (int32_t kx = c.kernel_w; kx > 0; --kx, xk += 4 * c.dilation) {
        const int32_t wk = *w;
        w += 4;
        const X* xi = xk;
        MOTE_UNROLL for (int32_t i = 0; i < NP; ++i, xi += 4 * c.stride) acc[i] += *xi * wk;
      }
    }
  }
  MOTE_UNROLL for (int32_t i = 0; i < NP; ++i) sums[i] = acc[i];
}

#if MOTE_ISA_THUMB1_TILE
// Fours of the outputs of depthwise_channel, which goes on behind them.
MOTE_INLINE void depthwise_quads(const DepthwiseCall<High, int8_t, int8_t>& c, const int8_t*& x,
                                 int32_t row_step, const int8_t* w, int32_t channel, int32_t& n,
                                 int8_t*& y) {
  const StoreS8& s = c.store;
  if (n < 4 || s.shift != 0 || s.lo != -128 || s.hi != 127) return;
  const int32_t mult = c.mult[channel];
  Thumb1Columns columns{x, row_step,   w,    c.kernel_h, c.bias[channel], mult & 0xffff, mult >> 16,
                        y, c.channels, s.zp, n / 4};
  thumb1_columns(&columns);
  x = columns.x, y = columns.y, n &= 3;
}
#endif

// `n` outputs of channel `channel`.
template <class Isa, int32_t kStride, class Rq, class X, class W>
__attribute__((noinline)) void depthwise_channel(const DepthwiseCall<Rq, X, W>& c, const X* x,
                                                 int32_t row_step, const W* w, int32_t channel,
                                                 int32_t n, typename Rq::Out* y) {
  const int32_t bias = c.bias[channel], pixel = 4 * c.stride;
#if MOTE_ISA_THUMB1_TILE
  if constexpr (kStride == 1 && is_int8_call<Rq, X, W>()) {
    depthwise_quads(c, x, row_step, w, channel, n, y);
  }
#endif
  while (n > 0) {
    int32_t sums[4] = {bias, bias, bias, bias}, count = 1;
    if (n >= 4) {
      depthwise_tile<4, kStride>(c, sums, x, row_step, w);
      count = 4;
    } else {
      depthwise_tile<1, kStride>(c, sums, x, row_step, w);
    }
    n -= count, x += count * pixel;
    y = store_pixels<Isa, Rq>(c.store, sums, count, c.mult, channel, y, c.channels);
  }
}

template <class Isa, class Rq, class X, class W>
__attribute__((noinline)) void depthwise_tiles(const DepthwiseCall<Rq, X, W>& c, int32_t chunk) {
  alignas(4) X buffer[kDepthwiseBuffer];
  const int32_t reach = (c.kernel_w - 1) * c.dilation + 1, taps = c.kernel_h * c.kernel_w;
  for (int32_t ox = 0; ox < c.out_w; ox += chunk) {
    const int32_t n = c.out_w - ox < chunk ? c.out_w - ox : chunk;
    const int32_t width = (n - 1) * c.stride + reach, ix = ox * c.stride - c.pad_left;
    const W* w = c.w;
    for (int32_t c0 = 0; c0 < c.channels; c0 += 4) {
      const int32_t count = c.channels - c0 < 4 ? c.channels - c0 : 4;
      X* to = buffer;
      for (int32_t ky = 0; ky < c.kernel_h; ++ky, to += 4 * width) {
        copy_columns(to, c.rows[ky] == nullptr ? nullptr : c.rows[ky] + c0, ix, width, c.in_w,
                     c.channels, count, c.pad_value);
      }
      const W* block = w;
      if (count < 4) {
        W* const copy = reinterpret_cast<W*>(to);
        for (int32_t t = 0; t < taps; ++t) {
          for (int32_t j = 0; j < count; ++j) copy[4 * t + j] = w[t * count + j];
        }
        block = copy;
      }
      typename Rq::Out* y = c.y + ox * c.channels + c0;
      const bool three = c.kernel_w == 3 && c.dilation == 1;
      for (int32_t j = 0; j < count; ++j) {
        const W* const wj = block + j;
        if (three && c.stride == 1) {
          depthwise_channel<Isa, 1>(c, buffer + j, 4 * width, wj, c0 + j, n, y + j);
        } else if (three && c.stride == 2) {
          depthwise_channel<Isa, 2>(c, buffer + j, 4 * width, wj, c0 + j, n, y + j);
        } else {
          depthwise_channel<Isa, 0>(c, buffer + j, 4 * width, wj, c0 + j, n, y + j);
        }
      }
      w += count * taps;
    }
  }
}

}  // namespace mote::isa
