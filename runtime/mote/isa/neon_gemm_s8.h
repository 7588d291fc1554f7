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
  int32_t segments =
      1;  // the inputs of a pixel: segments of `length` bytes, the last one of `last`
  int32_t length = 0, last = 0;
  const int32_t* tail = nullptr;
  bool padded = false;  // inputs may be read up to a multiple of 16

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

// Tiles go block by block of channels over as many pixels as this, so that what belongs to a block
// is loaded once for all of them: a call for every tile cost a third of the instructions on the
// first layers of MobileNet, of 8 to 32 inputs.
constexpr int32_t kRunPixels = 32;

// Whether a last tile takes so many pixels as a whole: a single one has a tile of its own.
template <class Isa>
constexpr bool fills_tile(int32_t pixels) {
  return pixels % Isa::kTilePixels != 1;
}

// Pixels whose inputs are x_step apart.
template <class Isa>
MOTE_SHARED void multiply_run(const Matrix& g, const int8_t* x, int32_t x_step, int32_t m,
                              int8_t* y) {
  constexpr int32_t kMr = Isa::kTilePixels;
  const int8_t* p[kRunPixels];
  while (m > 1) {
    int32_t count = m < kRunPixels ? m : kRunPixels;
    if (!fills_tile<Isa>(count)) --count;
    int32_t i = 0;
    for (; i + 2 <= count; i += 2, x += 2 * x_step) p[i] = x, p[i + 1] = x + x_step;
    if (i < count) p[i++] = x, x += x_step;
    for (; i % kMr != 0; ++i) p[i] = p[count - 1];
    Isa::tiles(g, p, y, count);
    y += count * g.y_step;
    m -= count;
  }
  p[0] = x;
  if (m == 1) Isa::template tile<1>(g, p, y);
}

// m pixels of k inputs each at x. Where steps are multiples of 16, zeros follow the inputs;
// otherwise nothing beyond the last pixel may be read: what a tile reads beyond inputs is then the
// next pixel's, times weights of 0, and of the pixels without enough of them behind it a last
// segment is copied.
template <class Isa>
MOTE_SHARED void multiply_pixels(Matrix& g, const int8_t* x, int32_t x_step, int32_t m, int32_t k,
                                 int8_t* y) {
  constexpr int32_t kMr = Isa::kTilePixels;
  int32_t tail[32];
  copy_tail(g, tail);
  g.segments = 1, g.length = g.last = k;
  const int32_t beyond = x_step < pack::round_up(k, 16) ? Isa::inputs_read(k) - k : 0;
  int32_t whole = m;
  for (int32_t reach = beyond; reach > 0 && whole > 0; reach -= x_step) --whole;
  if (whole < m) whole -= whole % kMr;
  if (whole > 0) multiply_run<Isa>(g, x, x_step, whole, y);
  if (whole == m) return;

  const int32_t rest = k % 16;
  alignas(16) int8_t stage[kMr * 16] = {};
  const int8_t* p[2 * kMr];
  const int8_t** const last = k > 16 ? p + kMr : p;
  g.segments = k > 16 ? 2 : 1, g.length = k - rest, g.last = rest;
  x += whole * x_step, y += whole * g.y_step;
  for (m -= whole; m > 0; m -= kMr, y += kMr * g.y_step) {
    for (int32_t i = 0; i < kMr; ++i) {
      p[i] = x;
      copy_few(stage + 16 * i, x + k - rest, rest);
      last[i] = stage + 16 * i;
      if (i + 1 < m) x += x_step;
    }
    if (m == 1) {
      Isa::template tile<1>(g, p, y);
    } else {
      Isa::tiles(g, p, y, m < kMr ? m : kMr);
    }
  }
}

// Stores the first n results of each pixel; those of pixels lie `step` apart.
inline MOTE_SHARED void store_few(int8_t* y, int32_t y_step, const int8_t* results, int32_t step,
                                  int32_t pixels, int32_t n) {
  for (int32_t i = 0; i < pixels; ++i, y += y_step) copy_few(y, results + i * step, n);
}

// The results of a tile of MR pixels, those of a pixel side by side, but for clamps. `plain`: those
// of s.
template <int32_t MR, int32_t NB, int32_t N>
MOTE_INLINE void finish_tile(const Store& s, int32x4_t (&sum)[MR][NB], const int32_t* mult,
                             int8x8_t (&results)[N], bool plain) {
  static_assert(8 * N == 4 * MR * NB);
  if (__builtin_expect(!plain, 0)) {
    asm("");
    for (auto& pixel : sum) s.shift_sums(pixel);
  }
  for (int32_t b = 0; b < NB; ++b) {
    const int32x4_t v = vld1q_s32(mult + 4 * b);
    for (auto& pixel : sum) pixel[b] = vqrdmulhq_s32(pixel[b], v);
  }
  const int32x4_t* flat = sum[0];
  for (int32_t i = 0; i < N; ++i)
    results[i] = vqmovn_s16(s.add_zero_point(narrow(flat[2 * i], flat[2 * i + 1])));
}

// Clamps and stores what there is of a tile of `width` channels.
template <int32_t N>
MOTE_SHARED void store_part(const Store s, const int8x8_t (&v)[N], int32_t width, int8_t* y,
                            int32_t y_step, int32_t pixels, int32_t channels) {
  int8_t bytes[N][8];
  for (int32_t i = 0; i < N; ++i) vst1_s8(bytes[i], s.clamp(v[i]));
  store_few(y, y_step, bytes[0], width, pixels, channels);
}

// The multipliers of `count` channels, or those there are, as SQRDMULH takes them.
MOTE_INLINE void halve_multipliers(int32_t* to, const Matrix& g, int32_t n, int32_t count) {
  const int32x4_t halving = g.store.halving();
  const int32_t* mult = g.multipliers(n, count);
  for (int32_t i = 0; i < count; i += 4) vst1q_s32(to + i, vshlq_s32(vld1q_s32(mult + i), halving));
}

// One pixel: a fully connected layer.
template <class Isa>
MOTE_SHARED void multiply_pixel(Matrix& g, const int8_t* x, int32_t k, int8_t* y) {
  const int32_t rest = k % 16;
  const bool staged = Isa::inputs_read(k) > k;
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
  Isa::template tile<1>(g, p, y);
}

// A count that GCC may not analyse: it would count loops by pointers whose end takes six more
// instructions to find, and copy loops for the last segment.
MOTE_INLINE int32_t opaque(int32_t n) {
  asm("" : "+r"(n));
  return n;
}

}  // namespace mote::isa::neon

#endif  // __ARM_NEON
