// The loops around the matrix products of NEON, shared by the kernels with and without dot
// products: out of line and with run-time sizes, so that all layers of a model share one copy.
//
// A tile takes a few pixels, each through pointers to its inputs, so that it reads the rows of an
// image and gathered patches alike. A convolution then gathers only where a window touches the
// border: on ResNet8's layers of 16 channels gathering every patch would cost a quarter of the
// multiplications.
#pragma once
#include "neon_store_s8.h"

#if defined(__ARM_NEON)

namespace mote::isa::neon {

struct Matrix {
  const int8_t* w;  // packed
  const int32_t* bias;
  const int32_t* mult;
  int32_t n;       // channels of the result
  int32_t y_step;  // from pixel to pixel
  Store store;
  int32_t segments;  // the inputs of a pixel: segments of `length` bytes, the last one of `last`
  int32_t length, last;
  const int32_t* tail;

  // The parameters of `count` channels from i on.
  MOTE_INLINE const int32_t* biases(int32_t i, int32_t count) const {
    return i + count <= n ? bias + i : tail + (i & 15);
  }
  MOTE_INLINE const int32_t* multipliers(int32_t i, int32_t count) const {
    return i + count <= n ? mult + i : tail + 16 + (i & 15);
  }
};

// The parameters of the last channels, from a multiple of 16 on, if n is no multiple of 8: pairs of
// vectors of those are read from here, because the arrays may end with the channels.
MOTE_INLINE void copy_tail(Matrix& g, int32_t (&tail)[32]) {
  g.tail = tail;
  if (g.n % 8 == 0) return;
  for (int32_t i = g.n & -16; i < g.n; ++i)
    tail[i & 15] = g.bias[i], tail[16 + (i & 15)] = g.mult[i];
}

// Convolutions as high as this are read without gathering.
constexpr int32_t kMaxSegments = 8;

// m pixels of k inputs each at x. Where steps are multiples of 16, zeros follow the inputs;
// otherwise nothing beyond them may be read, and a last segment that the tile's steps do not divide
// is copied first.
template <class Isa>
MOTE_SHARED void multiply_pixels(Matrix& g, const int8_t* x, int32_t x_step, int32_t m, int32_t k,
                                 int8_t* y) {
  constexpr int32_t kMr = Isa::kTilePixels;
  const int32_t rest = k % 16;
  const bool staged = x_step < pack::round_up(k, 16) && !Isa::reads_whole(rest);
  alignas(16) int8_t stage[kMr * 16] = {};
  const int8_t* p[2 * kMr];
  const int8_t** const last = staged && k > 16 ? p + kMr : p;
  g.segments = staged && k > 16 ? 2 : 1;
  g.length = k - rest, g.last = staged ? rest : k;
  int32_t tail[32];
  copy_tail(g, tail);
  for (; m > 0; m -= kMr, x += kMr * x_step, y += kMr * g.y_step) {
    const int8_t* xi = x;
    for (int32_t i = 0; i < kMr; ++i) {
      p[i] = xi;
      if (staged) {
        copy_few(stage + 16 * i, xi + k - rest, rest);
        last[i] = stage + 16 * i;
      }
      if (i + 1 < m) xi += x_step;
    }
    if (m == 1) {
      Isa::template tile<1>(g, p, y, 1);
    } else {
      Isa::template tile<kMr>(g, p, y, m < kMr ? m : kMr);
    }
  }
}

// Stores the first n results of each pixel, which are the last of its channels.
inline MOTE_SHARED void store_few(int8_t* y, const int64_t* y_step, const int8_t* results,
                                  int32_t step, int32_t pixels, int32_t n) {
  for (int32_t i = 0; i < pixels; ++i) copy_few(y + y_step[i], results + i * step, n);
}

// One pixel: a fully connected layer.
template <class Isa>
MOTE_SHARED void multiply_pixel(Matrix& g, const int8_t* x, int32_t k, int8_t* y) {
  const int32_t rest = k % 16;
  const bool staged = !Isa::reads_whole(rest);
  alignas(16) int8_t stage[16] = {};
  int32_t tail[32];
  copy_tail(g, tail);
  const int8_t* p[2 * Isa::kTilePixels] = {x};
  g.segments = staged && k > 16 ? 2 : 1;
  g.length = k - rest, g.last = staged ? rest : k;
  if (staged) {
    copy_few(stage, x + k - rest, rest);
    p[g.segments > 1 ? Isa::kTilePixels : 0] = stage;
  }
  Isa::template tile<1>(g, p, y, 1);
}

// A count that GCC may not analyse: it would count loops by pointers whose end takes six more
// instructions to find, and copy loops for the last segment.
MOTE_INLINE int32_t opaque(int32_t n) {
  asm("" : "+r"(n));
  return n;
}

struct Window {
  int32_t in_w, in_c, out_w, kernel_h, kernel_w, stride_w, pad_left, pad_value;
};

// The inputs under the output pixel whose window begins at column ix, which reaches into padding.
inline MOTE_SHARED void gather_border(const Window& s, const int8_t* const* rows, int32_t ix,
                                      int8_t* patch) {
  const Range taps = taps_inside(ix, s.kernel_w, 1, s.in_w);
  const int32_t before = taps.begin * s.in_c, inside = (taps.end - taps.begin) * s.in_c;
  const int32_t length = s.kernel_w * s.in_c, first = (ix + taps.begin) * s.in_c;
  const int8x16_t padding = vdupq_n_s8(static_cast<int8_t>(s.pad_value));
  for (int32_t ky = 0; ky < s.kernel_h; ++ky, patch += length) {
    if (rows[ky] == nullptr) {
      fill(patch, padding, length);
    } else {
      fill(patch, padding, before);
      copy(patch + before, rows[ky] + first, inside);
      fill(patch + before + inside, padding, length - before - inside);
    }
  }
}

// Those under `count` pixels without padding. The lengths of first layers, 4 to 16 bytes, are worth
// a loop of their own.
inline MOTE_SHARED void gather_inner(const Window& s, const int8_t* const* rows, int32_t ix,
                                     int8_t* patch, int32_t step, int32_t count) {
  const int32_t length = s.kernel_w * s.in_c, x_step = s.stride_w * s.in_c;
  for (int32_t ky = 0; ky < s.kernel_h; ++ky, patch += length) {
    const int8_t* x = rows[ky] + ix * s.in_c;
    int8_t* to = patch;
    if (length >= 8 && length <= 16) {
      const int32_t second = length - 8;
      for (int32_t i = count; i > 0; i = opaque(i - 1), x += x_step, to += step) {
        memcpy(to, x, 8);
        memcpy(to + second, x + second, 8);
      }
    } else if (length == 4) {
      for (int32_t i = count; i > 0; i = opaque(i - 1), x += x_step, to += step) memcpy(to, x, 4);
    } else {
      for (int32_t i = 0; i < count; ++i, x += x_step, to += step) copy(to, x, length);
    }
  }
}

// One output row. Scratch holds 4 patches, and a segment of padding.
template <class Isa>
MOTE_SHARED void convolve_row(Matrix& g, const Window& s, const int8_t* const* rows, int8_t* y,
                              int8_t* scratch) {
  constexpr int32_t kMr = Isa::kTilePixels;
  const int32_t length = s.kernel_w * s.in_c, k = s.kernel_h * length;
  const int32_t step = (k + Isa::kPatchAlign - 1) & -Isa::kPatchAlign;
  const bool direct = s.kernel_h <= kMaxSegments && Isa::reads_segments(length);
  const int32_t segments = direct ? s.kernel_h : 1;
  g.segments = segments, g.length = g.last = direct ? length : k;
  int32_t tail[32];
  copy_tail(g, tail);

  // Rows, those of padding replaced if they are read directly, and the bytes from pixel to pixel.
  const int8_t* from[kMaxSegments];
  int32_t steps[kMaxSegments];
  bool whole = true;
  for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
    const bool null = rows[ky] == nullptr;
    whole = whole && !null;
    if (!direct) continue;
    from[ky] = null ? scratch + 4 * step : rows[ky];
    steps[ky] = null ? 0 : s.in_c;
  }
  if (!whole && direct)
    fill(scratch + 4 * step, vdupq_n_s8(static_cast<int8_t>(s.pad_value)), length);
  const int32_t inner = whole || direct ? s.in_w - s.kernel_w : -1;  // windows begin in 0 .. inner

  const int8_t* p[kMaxSegments * kMr];
  int32_t ix = -s.pad_left;
  for (int32_t left = s.out_w; left > 0; left -= kMr, y += kMr * g.y_step) {
    const int32_t count = left < kMr ? left : kMr;
    const bool inside = ix >= 0 && ix + (count - 1) * s.stride_w <= inner;
    if (direct) {
      for (int32_t ky = 0; ky < segments; ++ky) {
        const int8_t* x = from[ky] + ix * steps[ky];
        const int32_t next = s.stride_w * steps[ky];
        for (int32_t i = 0; i < kMr; ++i, x += next) p[ky * kMr + i] = x;
      }
    } else {
      for (int32_t i = 0; i < kMr; ++i) p[i] = scratch + i * step;
      if (inside) gather_inner(s, rows, ix, scratch, step, count);
    }
    for (int32_t i = 0; i < count && !inside; ++i) {
      const int32_t column = ix + i * s.stride_w;
      int8_t* const patch = scratch + i * step;
      if (column < 0 || column > inner) {
        gather_border(s, rows, column, patch);
        for (int32_t ky = 0; ky < segments; ++ky) p[ky * kMr + i] = patch + ky * length;
      } else if (!direct) {
        gather_inner(s, rows, column, patch, step, 1);
      }
    }
    for (int32_t i = count; i < kMr; ++i)
      for (int32_t ky = 0; ky < segments; ++ky) p[ky * kMr + i] = p[ky * kMr + i - 1];
    ix += kMr * s.stride_w;
    if (left == 1) {
      Isa::template tile<1>(g, p, y, 1);
    } else {
      Isa::template tile<kMr>(g, p, y, count);
    }
  }
}

}  // namespace mote::isa::neon

#endif  // __ARM_NEON
