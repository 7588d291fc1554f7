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
  // The parameters of the last channels, from a multiple of 16 on, if n is no multiple of 4:
  // vectors of those are read from here, because the arrays may end with the channels.
  int32_t tail[32];

  MOTE_INLINE Matrix(const int8_t* w_, const int32_t* bias_, const int32_t* mult_, int32_t n_,
                     int32_t y_step_, const Store& store_)
      : w(w_), bias(bias_), mult(mult_), n(n_), y_step(y_step_), store(store_) {}

  MOTE_INLINE void copy_tail() {
    if (n % 4 == 0) return;
    for (int32_t i = n & -16; i < n; ++i) tail[i & 15] = bias[i], tail[16 + (i & 15)] = mult[i];
  }
  // The parameters of `count` channels from i on.
  MOTE_INLINE const int32_t* biases(int32_t i, int32_t count) const {
    return i + count <= n ? bias + i : tail + (i & 15);
  }
  MOTE_INLINE const int32_t* multipliers(int32_t i, int32_t count) const {
    return i + count <= n ? mult + i : tail + 16 + (i & 15);
  }
};

// Convolutions as high as this are read without gathering.
constexpr int32_t kMaxSegments = 8;

// m pixels of k inputs each at x. Where steps are multiples of 16, zeros follow the inputs;
// otherwise nothing beyond them may be read, and a last segment that the tile's steps do not divide
// is copied first.
template <class Isa>
__attribute__((noinline)) void multiply_pixels(Matrix& g, const int8_t* x, int32_t x_step,
                                               int32_t m, int32_t k, int8_t* y) {
  constexpr int32_t kMr = Isa::kTilePixels;
  const int32_t rest = k % 16;
  const bool staged = x_step < pack::round_up(k, 16) && !Isa::reads_whole(rest);
  alignas(16) int8_t stage[kMr * 16] = {};
  const int8_t* p[2 * kMr];
  const int8_t** const last = staged && k > 16 ? p + kMr : p;
  g.segments = staged && k > 16 ? 2 : 1;
  g.length = k - rest, g.last = staged ? rest : k;
  g.copy_tail();
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

// A count that GCC may not analyse: it would count loops by pointers whose end takes six more
// instructions to find, and copy loops for the last segment.
MOTE_INLINE int32_t opaque(int32_t n) {
  asm("" : "+r"(n));
  return n;
}

// Loads 16 inputs and advances. Given separate steps, GCC indexes all pointers of a tile by one
// register and adds it to each of them behind every loop.
MOTE_INLINE int8x16_t load_next(const int8_t*& x) {
#if defined(__aarch64__)
  int8x16_t v;
  asm("ldr %q0, [%1], #16" : "=w"(v), "+r"(x) : "m"(*reinterpret_cast<const int8_t(*)[16]>(x)));
  return v;
#else
  x += 16;
  return vld1q_s8(x - 16);
#endif
}

struct Window {
  int32_t in_w, in_c, out_w, kernel_h, kernel_w, stride_w, pad_left, pad_value;
};

// The inputs under the output pixel whose window begins at column ix.
inline __attribute__((noinline)) void gather_window(const Window& s, const int8_t* const* rows,
                                                    int32_t ix, int8_t* patch) {
  const Range taps = taps_inside(ix, s.kernel_w, 1, s.in_w);
  const int32_t before = taps.begin * s.in_c, inside = (taps.end - taps.begin) * s.in_c;
  const int32_t length = s.kernel_w * s.in_c, first = (ix + taps.begin) * s.in_c;
  for (int32_t ky = 0; ky < s.kernel_h; ++ky, patch += length) {
    if (rows[ky] == nullptr || inside < length) {
      memset(patch, s.pad_value, static_cast<size_t>(length));
    }
    if (rows[ky] != nullptr) copy(patch + before, rows[ky] + first, inside);
  }
}

// One output row. Scratch holds kMr patches.
template <class Isa>
__attribute__((noinline)) void convolve_row(Matrix& g, const Window& s, const int8_t* const* rows,
                                            int8_t* y, int8_t* scratch) {
  constexpr int32_t kMr = Isa::kTilePixels;
  const int32_t length = s.kernel_w * s.in_c, k = s.kernel_h * length;
  const int32_t step = static_cast<int32_t>(pack::round_up(k, Isa::kPatchAlign));
  const bool direct = s.kernel_h <= kMaxSegments && Isa::reads_segments(length);
  bool whole = direct;  // no row is padding
  for (int32_t ky = 0; ky < s.kernel_h; ++ky) whole = whole && rows[ky] != nullptr;
  g.segments = direct ? s.kernel_h : 1;
  g.length = g.last = direct ? length : k;
  g.copy_tail();
  const int8_t* p[kMaxSegments * kMr];
  int32_t ix = -s.pad_left;
  for (int32_t left = s.out_w; left > 0; left -= kMr, y += kMr * g.y_step) {
    int8_t* patch = scratch;
    for (int32_t i = 0; i < kMr; ++i, patch += step) {
      if (i >= left) {
        for (int32_t ky = 0; ky < g.segments; ++ky) p[ky * kMr + i] = p[ky * kMr + i - 1];
        continue;
      }
      if (whole && ix >= 0 && ix + s.kernel_w <= s.in_w) {
        for (int32_t ky = 0; ky < g.segments; ++ky) p[ky * kMr + i] = rows[ky] + ix * s.in_c;
      } else {
        gather_window(s, rows, ix, patch);
        for (int32_t ky = 0; ky < g.segments; ++ky) p[ky * kMr + i] = patch + ky * length;
      }
      ix += s.stride_w;
    }
    if (left == 1) {
      Isa::template tile<1>(g, p, y, 1);
    } else {
      Isa::template tile<kMr>(g, p, y, left < kMr ? left : kMr);
    }
  }
}

}  // namespace mote::isa::neon

#endif  // __ARM_NEON
