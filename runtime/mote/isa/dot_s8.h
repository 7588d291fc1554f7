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
  static constexpr int32_t kTilePixels = 4;  // by 16 channels: 16 sums, 4 weights, 4 inputs
  static constexpr bool reads_whole(int32_t n) { return n % 4 == 0; }
  // Short segments cost more than gathering them.
  static constexpr bool reads_segments(int32_t length) { return length % 4 == 0 && length >= 16; }

  // One pixel, or up to 4.
  template <int32_t MR>
  static MOTE_SHARED void tile(const neon::Matrix& matrix, const int8_t* const* x, int8_t* y,
                               int32_t rows) {
    const neon::Matrix g = matrix;  // a copy that writing y cannot change
    const int64_t y1 = rows > 1 ? g.y_step : 0, y2 = rows > 2 ? y1 + g.y_step : y1;
    const int64_t step[4] = {0, y1, y2, rows > 3 ? y2 + g.y_step : y2};
    const int8_t* w = g.w;
    int32_t n = 0;
    for (; n + 12 < g.n; n += 16, y += 16) {
      int8x16_t v[MR];
      w = neon::dot_tile(v, x, g, w, g.biases(n, 16), g.multipliers(n, 16));
      if (g.store.clamps()) {
        for (auto& r : v) r = g.store.clamp(r);
      }
      if (n + 16 <= g.n) {
        for (int32_t i = 0; i < MR; ++i) vst1q_s8(y + step[i], v[i]);
      } else {
        int8_t bytes[MR][16];
        for (int32_t i = 0; i < MR; ++i) vst1q_s8(bytes[i], v[i]);
        neon::store_few(y, step, bytes[0], 16, MR, g.n - n);
      }
    }
    const int32_t width = ((g.n - n + 3) & -4) * 4;  // of the last block, 4 to 12 channels
    for (; n < g.n; n += 4, y += 4, w += 16) {
      int32x4_t acc[MR];
      add_products(acc, g, x, w, width, g.biases(n, 4));
      g.store.shift_sums(acc);
      const int32x4_t mult = vshlq_s32(vld1q_s32(g.multipliers(n, 4)), g.store.halving());
      for (auto& v : acc) v = vqrdmulhq_s32(v, mult);
      int8_t bytes[16];
      vst1q_s8(bytes, vreinterpretq_s8_u32(neon::pack_results(g.store, acc)));
      if (n + 4 <= g.n) {
        for (int32_t i = 0; i < MR; ++i) memcpy(y + step[i], bytes + 4 * i, 4);
      } else {
        neon::store_few(y, step, bytes, 4, MR, g.n - n);
      }
    }
  }

 private:
  // The sums of four channels. Weights of 4 inputs are `step` bytes apart.
  template <int32_t MR>
  static MOTE_INLINE void add_products(int32x4_t (&acc)[MR], const neon::Matrix& g,
                                       const int8_t* const* x, const int8_t* w, int32_t step,
                                       const int32_t* bias) {
    for (auto& a : acc) a = vld1q_s32(bias);
    for (int32_t segment = g.segments; segment > 0; segment = neon::opaque(segment - 1)) {
      const int8_t* xi[MR];
      for (int32_t i = 0; i < MR; ++i) xi[i] = x[i];
      const int32_t length = segment > 1 ? g.length : g.last;
      for (int32_t steps = length >> 4; steps > 0; steps = neon::opaque(steps - 1)) {
        const int8x16_t w0 = vld1q_s8(w), w1 = vld1q_s8(w + step);
        const int8x16_t w2 = vld1q_s8(w + 2 * step), w3 = vld1q_s8(w + 3 * step);
        w += 4 * step;
        for (int32_t i = 0; i < MR; ++i) {
          const int8x16_t v = vld1q_s8(xi[i]);
          xi[i] += 16;
          acc[i] = vdotq_laneq_s32(acc[i], w0, v, 0);
          acc[i] = vdotq_laneq_s32(acc[i], w1, v, 1);
          acc[i] = vdotq_laneq_s32(acc[i], w2, v, 2);
          acc[i] = vdotq_laneq_s32(acc[i], w3, v, 3);
        }
      }
      for (int32_t steps = ((length & 15) + 3) >> 2; steps > 0; steps = neon::opaque(steps - 1)) {
        const int8x16_t wv = vld1q_s8(w);
        w += step;
        for (int32_t i = 0; i < MR; ++i) acc[i] = vdotq_s32(acc[i], wv, load_four(xi[i]));
      }
      x += kTilePixels;
    }
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
    neon::finish(s, acc, mult, y, 16);
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
    neon::finish(s, acc, mult, y, count);
  }

  template <int32_t Lanes>
  static MOTE_SHARED void depthwise_run(const neon::Store& store, const neon::Run& r) {
    neon::slide<Lanes / 4>(store, r);
  }
#endif
};

}  // namespace mote::isa
