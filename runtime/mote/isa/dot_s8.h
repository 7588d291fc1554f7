// NEON with dot products (Armv8.2-A and later). SDOT by element adds to four channels' sums the
// products of 4 inputs, broadcast from a register of 16, and 16 weights.
#pragma once
#include "dot_depthwise_s8.h"
#include "dot_gemm_s8.h"
#include "neon_s8.h"

namespace mote::isa {

struct DotS8 : NeonS8 {
  static constexpr const char* kName = "dot";
  static constexpr int32_t kNrS8 = 16, kNrTailS8 = 4, kKrS8 = 4;

  static constexpr int32_t kDwGroup = 4;
  static constexpr int64_t depthwise_bytes(int64_t channels, int32_t kernel_h, int32_t kernel_w) {
    return neon::DepthwiseLayout{kDwGroup, static_cast<int32_t>(channels), kernel_h, kernel_w}
        .bytes();
  }

#if !defined(__ARM_FEATURE_DOTPROD) || !defined(__aarch64__)
  // The kernels of NEON have other layouts.
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void gemm(const S& s, const X* x, int32_t x_step, int32_t m, int32_t k,
                               int32_t n, const W* w, const int32_t* bias, const int32_t* mult,
                               typename Rq::Out* y, int32_t y_step) {
    ScalarS8::gemm<Isa, Rq>(s, x, x_step, m, k, n, w, bias, mult, y, y_step);
  }
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void dense(const S& s, const X* x, int32_t k, int32_t n, const W* w,
                                const int32_t* bias, const int32_t* mult, typename Rq::Out* y,
                                int8_t* scratch) {
    ScalarS8::dense<Isa, Rq>(s, x, k, n, w, bias, mult, y, scratch);
  }
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool conv2d_row(const S&, const X* const*, const W*, const int32_t*,
                                     const int32_t*, typename Rq::Out*, int8_t*) {
    return false;
  }
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void depthwise_row(const S& s, const X* const* rows, const W* w,
                                        const int32_t* bias, const int32_t* mult,
                                        typename Rq::Out* y, int8_t*) {
    neon::portable_depthwise_row<Isa, Rq>(s, rows, w, bias, mult, y);
  }
#else
  static constexpr int32_t kTilePixels = 4;  // by 16 channels: 16 sums, 8 weights, 8 inputs
  static constexpr int32_t inputs_read(int32_t k) { return (k + 3) & -4; }
  // Short segments cost more than gathering them.
  static constexpr bool reads_segments(int32_t length) { return length % 4 == 0 && length >= 16; }

  // Pixels, by 16 channels, and at the end by 4, 8 or 12.
  static MOTE_SHARED void tiles(const neon::Matrix& matrix, const int8_t* const* x, int8_t* y,
                                int32_t pixels) {
    const neon::Matrix g = matrix;  // a copy that writing y cannot change
    const int8_t* w = g.w;
    int32_t n = 0;
    for (; n + 12 < g.n; n += 16, y += 16) {
      const int32_t* bias = g.biases(n, 16);
      alignas(16) int32_t mult[16];
      neon::halve_multipliers(mult, g, n, 16);
      const int8_t *block = w, *const *xi = x;
      int8_t* yi = y;
      for (int32_t left = pixels; left > 0; left -= 4, xi += 4 * g.segments) {
        int8x16_t v[4];
        w = neon::dot_tile(v, xi, g, block, bias, mult);
        if (g.store.clamps()) {
          for (auto& r : v) r = g.store.clamp(r);
        }
        if (left >= 4 && n + 16 <= g.n) {
          for (int32_t i = 0; i < 4; ++i) vst1q_s8(yi + i * g.y_step, v[i]);
        } else {
          store<16>(g, v, yi, left, n);
        }
        yi += 4 * g.y_step;
      }
    }
    const int32_t vectors = (g.n - n + 3) / 4;
    if (vectors == 1) narrow_tiles<1>(g, x, w, n, y, pixels);
    if (vectors == 2) narrow_tiles<2>(g, x, w, n, y, pixels);
    if (vectors == 3) narrow_tiles<3>(g, x, w, n, y, pixels);
  }

  // One pixel.
  template <int32_t MR>
  static MOTE_SHARED void tile(const neon::Matrix& matrix, const int8_t* const* x, int8_t* y) {
    static_assert(MR == 1);
    const neon::Matrix g = matrix;
    const int8_t* w = g.w;
    int32_t n = 0;
    for (; n + 12 < g.n; n += 16, y += 16) {
      int8x16_t v[1];
      w = neon::dot_tile(v, x, g, w, g.biases(n, 16), g.multipliers(n, 16));
      if (g.store.clamps()) v[0] = g.store.clamp(v[0]);
      if (n + 16 <= g.n) {
        vst1q_s8(y, v[0]);
      } else {
        store<16>(g, v, y, 1, n);
      }
    }
    const int32_t vectors = (g.n - n + 3) / 4;  // of the last block
    if (vectors == 1) narrow_pixel<1>(g, x, w, n, y);
    if (vectors == 2) narrow_pixel<2>(g, x, w, n, y);
    if (vectors == 3) narrow_pixel<3>(g, x, w, n, y);
  }

 private:
  // Stores what there is of 4 pixels and 16 channels, or of Width.
  template <int32_t Width, int32_t MR>
  static MOTE_INLINE void store(const neon::Matrix& g, const int8x16_t (&v)[MR], int8_t* y,
                                int32_t pixels, int32_t n) {
    int8_t bytes[MR][16];
    for (int32_t i = 0; i < MR; ++i) vst1q_s8(bytes[i], v[i]);
    neon::store_few(y, g.y_step, bytes[0], 16, pixels < MR ? pixels : MR,
                    g.n - n < Width ? g.n - n : Width);
  }

  // The last block, of V vectors of channels.
  template <int32_t V>
  static MOTE_INLINE void narrow_tiles(const neon::Matrix& g, const int8_t* const* x,
                                       const int8_t* w, int32_t n, int8_t* y, int32_t pixels) {
    alignas(16) int32_t mult[4 * V];
    halve_narrow<V>(mult, g, n);
    const bool plain = g.store.plain(), whole = V == 2 && plain && n + 8 <= g.n;
    for (int32_t left = pixels; left > 0; left -= 4, x += 4 * g.segments) {
      int32x4_t sum[4][V];
      sum_narrow(sum, g, x, w, n);
      int8x8_t v[2 * V];
      neon::finish_tile(g.store, sum, mult, v, plain);
      if constexpr (V == 2) {
        if (__builtin_expect(whole && left >= 4, 1)) {
          y = put(v, y, g.y_step);
          continue;
        }
      }
      neon::store_part(g.store, v, 4 * V, y, g.y_step, left < 4 ? left : 4, g.n - n);
      y += 4 * g.y_step;
    }
  }
  template <int32_t V>
  static MOTE_INLINE void narrow_pixel(const neon::Matrix& g, const int8_t* const* x,
                                       const int8_t* w, int32_t n, int8_t* y) {
    alignas(16) int32_t mult[4 * V];
    halve_narrow<V>(mult, g, n);
    int32x4_t sum[1][V];
    sum_narrow(sum, g, x, w, n);
    g.store.shift_sums(sum[0]);
    for (int32_t j = 0; j < V; ++j) sum[0][j] = vqrdmulhq_s32(sum[0][j], vld1q_s32(mult + 4 * j));
    int8_t bytes[16];
    vst1q_s8(bytes, vreinterpretq_s8_u32(neon::pack_results(g.store, sum[0])));
    neon::copy_few(y, bytes, g.n - n);
  }
  template <int32_t V>
  static MOTE_INLINE void halve_narrow(int32_t (&mult)[4 * V], const neon::Matrix& g, int32_t n) {
    for (int32_t j = 0; j < 4 * V; j += 4) neon::halve_multipliers(mult + j, g, n + j, 4);
  }

  template <int32_t MR, int32_t V>
  static MOTE_INLINE void sum_narrow(int32x4_t (&acc)[MR][V], const neon::Matrix& g,
                                     const int8_t* const* x, const int8_t* w, int32_t n) {
    for (int32_t j = 0; j < V; ++j) {
      const int32x4_t bias = vld1q_s32(g.biases(n + 4 * j, 4));
      for (auto& row : acc) row[j] = bias;
    }
    for (int32_t segment = g.segments; segment > 0; segment = neon::opaque(segment - 1)) {
      const int8_t* xi[MR];
      for (int32_t i = 0; i < MR; ++i) xi[i] = x[i];
      const int32_t length = segment > 1 ? g.length : g.last;
      for (int32_t steps = length >> 4; steps > 0; steps = neon::opaque(steps - 1)) {
        int8x16_t inputs[MR];
        for (int32_t i = 0; i < MR; ++i) inputs[i] = vld1q_s8(xi[i]), xi[i] += 16;
        add_narrow<0>(acc, inputs, w);
        add_narrow<1>(acc, inputs, w);
        add_narrow<2>(acc, inputs, w);
        add_narrow<3>(acc, inputs, w);
      }
      int32_t steps = ((length & 15) + 3) >> 2;
      if (g.padded && steps > 0) {
        int8x16_t inputs[MR];
        for (int32_t i = 0; i < MR; ++i) inputs[i] = vld1q_s8(xi[i]);
        add_narrow<0>(acc, inputs, w);
        if (steps > 1) add_narrow<1>(acc, inputs, w);
        if (steps > 2) add_narrow<2>(acc, inputs, w);
        if (steps > 3) add_narrow<3>(acc, inputs, w);
        steps = 0;
      }
      for (; steps > 0; steps = neon::opaque(steps - 1)) {
        int8x16_t inputs[MR];
        for (int32_t i = 0; i < MR; ++i) inputs[i] = load_four(xi[i]);
        add_narrow<0>(acc, inputs, w);
      }
      x += kTilePixels;
    }
  }
  // Four inputs of every pixel, in this lane.
  template <int32_t Lane, int32_t MR, int32_t V>
  static MOTE_INLINE void add_narrow(int32x4_t (&acc)[MR][V], const int8x16_t (&inputs)[MR],
                                     const int8_t*& w) {
    int8x16_t wv[V];
    for (auto& vector : wv) vector = vld1q_s8(w), w += 16;
    for (int32_t i = 0; i < MR; ++i)
      for (int32_t j = 0; j < V; ++j)
        acc[i][j] = vdotq_laneq_s32(acc[i][j], wv[j], inputs[i], Lane);
  }
  static MOTE_INLINE int8x16_t load_four(const int8_t*& x) {
    int32_t four;
    memcpy(&four, x, 4);
    x += 4;
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
  }

 public:
  static MOTE_INLINE void depthwise_16(const neon::Store& s, const int8_t* const* p, int32_t slots,
                                       int32_t c, const int8_t* w, const int32_t* bias,
                                       const neon::Multipliers& mult, int8_t* y) {
    int32x4_t acc[4];
    for (int32_t i = 0; i < 4; ++i) acc[i] = vld1q_s32(bias + 4 * i);
    for (; slots > 0; slots -= 4, p += 4, w += 64) {
      const int8x16_t x0 = vld1q_s8(p[0] + c), x1 = vld1q_s8(p[1] + c);
      const int8x16_t x2 = vld1q_s8(p[2] + c), x3 = vld1q_s8(p[3] + c);
      const int8x16x4_t wv = vld1q_s8_x4(w);
      const int16x8_t low01 = vreinterpretq_s16_s8(vzip1q_s8(x0, x1));
      const int16x8_t low23 = vreinterpretq_s16_s8(vzip1q_s8(x2, x3));
      const int16x8_t high01 = vreinterpretq_s16_s8(vzip2q_s8(x0, x1));
      const int16x8_t high23 = vreinterpretq_s16_s8(vzip2q_s8(x2, x3));
      acc[0] = vdotq_s32(acc[0], wv.val[0], vreinterpretq_s8_s16(vzip1q_s16(low01, low23)));
      acc[1] = vdotq_s32(acc[1], wv.val[1], vreinterpretq_s8_s16(vzip2q_s16(low01, low23)));
      acc[2] = vdotq_s32(acc[2], wv.val[2], vreinterpretq_s8_s16(vzip1q_s16(high01, high23)));
      acc[3] = vdotq_s32(acc[3], wv.val[3], vreinterpretq_s8_s16(vzip2q_s16(high01, high23)));
    }
    neon::finish(s, acc, mult, y, 16, s.plain());
  }
  static MOTE_INLINE void depthwise_8(const neon::Store& s, const int8_t* const* p, int32_t slots,
                                      int32_t c, const int8_t* w, const int32_t* bias,
                                      const neon::Multipliers& mult, int8_t* y, int32_t count) {
    int32x4_t acc[2] = {vld1q_s32(bias), vld1q_s32(bias + 4)};
    for (; slots > 0; slots -= 4, p += 4, w += 32) {
      const int8x8x2_t a = vzip_s8(vld1_s8(p[0] + c), vld1_s8(p[1] + c));
      const int8x8x2_t b = vzip_s8(vld1_s8(p[2] + c), vld1_s8(p[3] + c));
      const int16x8_t a16 = vreinterpretq_s16_s8(vcombine_s8(a.val[0], a.val[1]));
      const int16x8_t b16 = vreinterpretq_s16_s8(vcombine_s8(b.val[0], b.val[1]));
      acc[0] = vdotq_s32(acc[0], vld1q_s8(w), vreinterpretq_s8_s16(vzip1q_s16(a16, b16)));
      acc[1] = vdotq_s32(acc[1], vld1q_s8(w + 16), vreinterpretq_s8_s16(vzip2q_s16(a16, b16)));
    }
    neon::finish(s, acc, mult, y, count, s.plain() && count >= 8);
  }

  template <int32_t Lanes>
  static MOTE_SHARED void depthwise_run(const neon::Store& store, const neon::Run& r) {
    neon::slide<Lanes>(store, r);
  }
#endif
};

}  // namespace mote::isa
