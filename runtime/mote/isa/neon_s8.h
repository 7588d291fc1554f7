// NEON of AArch64 and Armv7-A without dot products.
//
// A product of int8 weights in [-127, 127] is at most 127 * 128, so two of them fit int16: SMULL,
// SMLAL and SADALP multiply 16 inputs by 16 weights of one channel and add them to four int32 sums,
// 3 instructions where widening first takes 6. Sums of one channel lie in the four lanes of a
// register until the end, where ADDP gathers those of four channels.
#pragma once
#include "neon_depthwise_s8.h"
#include "neon_gemm_s8.h"

namespace mote::isa {

struct NeonS8 : ScalarS8 {
  static constexpr const char* kName = "neon";
  static constexpr int32_t kNrS8 = 4, kNrTailS8 = 4, kKrS8 = 16;
  static constexpr int32_t kPatchAlign = 16;

  template <class To, class X>
  static MOTE_INLINE void gather(To* to, const X* from, int32_t n) {
    if constexpr (sizeof(To) == 1 && sizeof(X) == 1) {
      neon::copy(to, from, n);
    } else {
      ScalarS8::gather(to, from, n);
    }
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void gemm(const S& s, const X* x, int32_t x_step, int32_t m, int32_t k,
                               int32_t n, const W* w, const int32_t* bias, const int32_t* mult,
                               typename Rq::Out* y, int32_t y_step) {
#if defined(__ARM_NEON)
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      neon::Matrix g{w, bias, mult, n, y_step, {s.zp, s.lo, s.hi, s.shift}, 1, 0, 0};
      neon::multiply_pixels<Isa>(g, x, x_step, m, k, y);
      return;
    }
#endif
    ScalarS8::gemm<Isa, Rq>(s, x, x_step, m, k, n, w, bias, mult, y, y_step);
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool conv2d_row(const S& s, const X* const* rows, const W* w,
                                     const int32_t* bias, const int32_t* mult,
                                     typename Rq::Out* y, int8_t* scratch) {
#if defined(__ARM_NEON)
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      if (s.groups != 1 || s.dilation_w != 1) return false;
      neon::Matrix g{w, bias, mult, s.out_c, s.out_c, {s.zp, s.lo, s.hi, s.shift}, 1, 0, 0};
      const neon::Window window{s.in_w,     s.in_c,     s.out_w,    s.kernel_h,
                                s.kernel_w, s.stride_w, s.pad_left, s.pad_value};
      neon::convolve_row<Isa>(g, window, rows, y, scratch);
      return true;
    }
#endif
    return ScalarS8::conv2d_row<Isa, Rq>(s, rows, w, bias, mult, y, scratch);
  }

#if defined(__ARM_NEON)
#if defined(__aarch64__)
  static constexpr int32_t kTilePixels = 4;  // 16 sums, 4 weights, an input and a product
#else
  static constexpr int32_t kTilePixels = 2;  // 8 sums, and 2 inputs of 16 registers
#endif
  // Which inputs, n of a last step of 16, a tile reads without their neighbours.
  static constexpr bool reads_whole(int32_t n) { return n == 0 || n == 8; }
  // Whether segments of this length are whole steps.
  static constexpr bool reads_segments(int32_t length) { return length % 16 == 0; }

  // Four channels at a time of one pixel, or of up to kTilePixels.
  template <int32_t MR>
  static __attribute__((noinline)) void tile(const neon::Matrix& g, const int8_t* const* x,
                                             int8_t* y, int32_t rows) {
    const int8_t* w = g.w;
    const int32x4_t halving = g.store.halving();
    for (int32_t n = 0; n < g.n; n += 4) {
      int32x4_t acc[MR][4];
      for (auto& row : acc)
        for (auto& a : row) a = vdupq_n_s32(0);
      const int8_t* const* p = x;
      for (int32_t segment = g.segments; segment > 0; --segment, p += kTilePixels) {
        const int8_t* xi[MR];
        for (int32_t i = 0; i < MR; ++i) xi[i] = p[i];
        int32_t left = segment > 1 ? g.length : g.last;
        for (; left > 8; left -= 16, w += 64) {
          const int8x16_t wj[4] = {vld1q_s8(w), vld1q_s8(w + 16), vld1q_s8(w + 32),
                                   vld1q_s8(w + 48)};
          for (int32_t i = 0; i < MR; ++i) {
            const int8x16_t v = vld1q_s8(xi[i]);
            xi[i] += 16;
            for (int32_t j = 0; j < 4; ++j) {
              const int16x8_t low = vmull_s8(vget_low_s8(v), vget_low_s8(wj[j]));
#if defined(__aarch64__)
              acc[i][j] = vpadalq_s16(acc[i][j], vmlal_high_s8(low, v, wj[j]));
#else
              acc[i][j] = vpadalq_s16(acc[i][j],
                                      vmlal_s8(low, vget_high_s8(v), vget_high_s8(wj[j])));
#endif
            }
          }
        }
        if (left > 0) {
          for (int32_t i = 0; i < MR; ++i) {
            const int8x8_t v = vld1_s8(xi[i]);
            for (int32_t j = 0; j < 4; ++j)
              acc[i][j] = vpadalq_s16(acc[i][j], vmull_s8(v, vld1_s8(w + 16 * j)));
          }
          w += 64;
        }
      }
      const int32_t count = g.n - n;
      const int32x4_t bias = neon::load_params(g.bias + n, count);
      const int32x4_t mult = vshlq_s32(neon::load_params(g.mult + n, count), halving);
      int32x4_t sum[MR];
      for (int32_t i = 0; i < MR; ++i) sum[i] = vaddq_s32(bias, across(acc[i]));
      if (g.store.shift > 1) {
        for (auto& v : sum) v = vshlq_s32(v, vdupq_n_s32(g.store.shift - 1));
      }
      for (auto& v : sum) v = g.store.scale(v, mult);
      store_four<MR>(g, sum, y + n, rows, count);
    }
  }

 private:
  static MOTE_INLINE int32x4_t across(const int32x4_t (&a)[4]) {
#if defined(__aarch64__)
    return vpaddq_s32(vpaddq_s32(a[0], a[1]), vpaddq_s32(a[2], a[3]));
#else
    int32x2_t half[4];
    for (int32_t j = 0; j < 4; ++j) half[j] = vadd_s32(vget_low_s32(a[j]), vget_high_s32(a[j]));
    return vcombine_s32(vpadd_s32(half[0], half[1]), vpadd_s32(half[2], half[3]));
#endif
  }

  template <int32_t MR>
  static MOTE_INLINE void store_four(const neon::Matrix& g, const int32x4_t (&sum)[MR], int8_t* y,
                                     int32_t rows, int32_t count) {
    const neon::Store& s = g.store;
    constexpr int32_t kLast = MR - 1;
    const int16x8_t first = s.add_zero_point(neon::narrow(sum[0], sum[kLast < 1 ? kLast : 1]));
    int16x8_t second = first;
    if constexpr (MR > 2) second = s.add_zero_point(neon::narrow(sum[2], sum[kLast]));
    const uint32x4_t v = vreinterpretq_u32_s8(s.clamp(neon::narrow(first, second)));
    store_pixel<0>(v, y, count);
    if constexpr (MR > 1) store_pixel<1>(v, y += rows > 1 ? g.y_step : 0, count);
    if constexpr (MR > 2) {
      store_pixel<2>(v, y += rows > 2 ? g.y_step : 0, count);
      store_pixel<3>(v, y += rows > 3 ? g.y_step : 0, count);
    }
  }
  template <int32_t Lane>
  static MOTE_INLINE void store_pixel(uint32x4_t v, int8_t* y, int32_t count) {
    uint32_t four = vgetq_lane_u32(v, Lane);
    if (count >= 4) {
      memcpy(y, &four, 4);
    } else {
      for (int32_t j = 0; j < count; ++j, four >>= 8) y[j] = static_cast<int8_t>(four);
    }
  }
#endif
};

}  // namespace mote::isa
