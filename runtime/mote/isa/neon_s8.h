// NEON of AArch64 and Armv7-A without dot products.
//
// A product of int8 weights in [-127, 127] is at most 127 * 128, so two of them fit int16: SMULL,
// SMLAL and SADALP multiply 16 inputs by 16 weights of one channel and add them to four int32 sums,
// 3 instructions where widening first takes 6. Sums of one channel lie in the four lanes of a
// register until the end, where ADDP gathers those of four channels.
#pragma once
#include "neon_conv_s8.h"
#include "neon_depthwise_s8.h"
#include "neon_elementwise_s8.h"
#include "neon_gemm_s8.h"
#include "neon_products_s8.h"
#include "neon_run_s8.h"

namespace mote::isa {

struct NeonS8 : ScalarS8 {
  static constexpr const char* kName = "neon";
  static constexpr int32_t kNrS8 = 4, kNrTailS8 = 4, kKrS8 = 16;
  static constexpr int32_t kWideStep = 8;
  static constexpr pack::GemmLayout kGateLayout = {1, 1, 8, false};
  static constexpr int32_t kPatchAlign = 16;
  // Four are gathered at a time; in place of the fifth is a segment of padding. Of small ones eight
  // are gathered.
  static constexpr int32_t kPatchRows = 5;
  static constexpr int64_t staging_bytes(int64_t k, int64_t) {
    return (neon::patches_waiting(k) - 4) * pack::round_up(k, kPatchAlign);
  }

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
      neon::Matrix g{w, bias, mult, n, y_step, {s.zp, s.lo, s.hi, s.shift}};
      neon::multiply_pixels<Isa>(g, x, x_step, m, k, y);
      return;
    }
#endif
    ScalarS8::gemm<Isa, Rq>(s, x, x_step, m, k, n, w, bias, mult, y, y_step);
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void dense(const S& s, const X* x, int32_t k, int32_t n, const W* w,
                                const int32_t* bias, const int32_t* mult, typename Rq::Out* y,
                                int8_t* scratch) {
#if defined(__ARM_NEON)
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      neon::Matrix g{w, bias, mult, n, 0, {s.zp, s.lo, s.hi, s.shift}};
      neon::multiply_pixel<Isa>(g, x, k, y);
      return;
    }
#endif
    ScalarS8::dense<Isa, Rq>(s, x, k, n, w, bias, mult, y, scratch);
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool conv2d_row(const S& s, const X* const* rows, const W* w,
                                     const int32_t* bias, const int32_t* mult, typename Rq::Out* y,
                                     int8_t* scratch) {
#if defined(__ARM_NEON)
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      if (s.groups != 1 || s.dilation_w != 1) return false;
      neon::Matrix g{
          w, bias, mult, s.out_c, s.out_c, {s.zp, s.lo, s.hi, s.shift},
      };
      const neon::Window window{s.in_w,     s.in_c,     s.out_w,    s.kernel_h,
                                s.kernel_w, s.stride_w, s.pad_left, s.pad_value};
      neon::convolve_row<Isa>(g, window, rows, y, scratch);
      return true;
    }
#endif
    return ScalarS8::conv2d_row<Isa, Rq>(s, rows, w, bias, mult, y, scratch);
  }

#if defined(__ARM_NEON)
  // ---- Elementwise (neon_elementwise_s8.h)
  template <class Isa, class S>
  static MOTE_INLINE void add(const S& s, const int8_t* a, int32_t a_step, const int8_t* b,
                              int32_t b_step, int8_t* y, int32_t n) {
    const neon::Add k{s.a_mult, s.b_mult, s.offset, s.right, s.lo, s.hi};
    const bool fast = s.right >= 16 && a_step != 0 && b_step != 0;
    const int32_t i = fast ? neon::add(k, a, b, y, n) : 0;
    ScalarS8::add<Isa>(s, a + i * a_step, a_step, b + i * b_step, b_step, y + i, n - i);
  }
  static MOTE_INLINE void accumulate(int32_t* sums, const int8_t* x, int32_t n) {
    neon::accumulate(sums, x, n);
  }
  static MOTE_INLINE void maximum(int8_t* y, const int8_t* x, int32_t n) { neon::maximum(y, x, n); }
  template <class S>
  static MOTE_INLINE void requantize_row(const S& s, const int32_t* sums, int32_t mult, int8_t* y,
                                         int32_t n) {
    const neon::Store store{s.zp, s.lo, s.hi, s.shift};
    const int32_t i = neon::requantize_row(store, sums, mult, y, n);
    ScalarS8::requantize_row(s, sums + i, mult, y + i, n - i);
  }
  static MOTE_INLINE void multiply_wide(const int16_t* x, const int16_t* w, int32_t k,
                                        int32_t* sums) {
    neon::multiply_wide(x, w, k, sums);
  }
  template <class Isa>
  static MOTE_INLINE void multiply_rows(const int16_t* x, const int8_t* w, int32_t k,
                                        int32_t* sums) {
    neon::multiply_wide(x, w, k, sums);
  }
#endif

  // ---- Depthwise convolution (neon_depthwise_s8.h)
  static constexpr int32_t kDwGroup = 1;
  static constexpr int64_t depthwise_bytes(int64_t channels, int32_t kernel_h, int32_t kernel_w) {
    return neon::DepthwiseLayout{kDwGroup, static_cast<int32_t>(channels), kernel_h, kernel_w}
        .bytes();
  }
  template <class Isa>
  static void pack_depthwise(const int8_t* hwc, int64_t channels, int32_t kernel_h,
                             int32_t kernel_w, int8_t* packed) {
    neon::pack_depthwise({Isa::kDwGroup, static_cast<int32_t>(channels), kernel_h, kernel_w}, hwc,
                         packed);
  }
  template <class S>
  static constexpr int64_t depthwise_scratch(const S& s) {
    return neon::depthwise_scratch(s.in_c, s.kernel_h, s.kernel_w);
  }
  template <class Isa, class S, class W>
  static MOTE_INLINE void depthwise_begin(const S& s, const W*, int8_t* scratch) {
    memset(scratch, s.pad_value, static_cast<size_t>(pack::round_up(s.in_c, 16)));
  }
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void depthwise_row(const S& s, const X* const* rows, const W* w,
                                        const int32_t* bias, const int32_t* mult,
                                        typename Rq::Out* y, [[maybe_unused]] int8_t* scratch) {
#if defined(__ARM_NEON)
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      const neon::DepthwiseLayout layout{Isa::kDwGroup, s.in_c, s.kernel_h, s.kernel_w};
      if (s.multiplier == 1 && layout.slots() <= neon::kMaxSlots) {
        neon::Depthwise d{layout, w,       bias,       mult,         {s.zp, s.lo, s.hi, s.shift},
                          s.in_w, s.out_w, s.stride_w, s.dilation_w, s.pad_left,
                          0};
        neon::depthwise_row<Isa>(d, rows, y, scratch);
        return;
      }
    }
#endif
    neon::portable_depthwise_row<Isa, Rq>(s, rows, w, bias, mult, y);
  }

#if defined(__ARM_NEON)
  // One output pixel, 16 channels from c on; or 8, of which the first `count` are stored.
  static MOTE_INLINE void depthwise_16(const neon::Store& s, const int8_t* const* p, int32_t slots,
                                       int32_t c, const int8_t* w, const int32_t* bias,
                                       const neon::Multipliers& mult, int8_t* y) {
    int32x4_t acc[4];
    for (int32_t i = 0; i < 4; ++i) acc[i] = vld1q_s32(bias + 4 * i);
    for (int32_t t = 0; t < slots; t += 2, w += 32) {
      const int8x16_t x = vld1q_s8(p[t] + c), wt = vld1q_s8(w);
      int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(wt));
      int16x8_t high = vmull_s8(vget_high_s8(x), vget_high_s8(wt));
      if (t + 1 < slots) {
        const int8x16_t x1 = vld1q_s8(p[t + 1] + c), w1 = vld1q_s8(w + 16);
        low = vmlal_s8(low, vget_low_s8(x1), vget_low_s8(w1));
        high = vmlal_s8(high, vget_high_s8(x1), vget_high_s8(w1));
      }
      acc[0] = vaddw_s16(acc[0], vget_low_s16(low)), acc[1] = vaddw_s16(acc[1], vget_high_s16(low));
      acc[2] = vaddw_s16(acc[2], vget_low_s16(high));
      acc[3] = vaddw_s16(acc[3], vget_high_s16(high));
    }
    neon::finish(s, acc, mult, y, 16, s.plain());
  }
  static MOTE_INLINE void depthwise_8(const neon::Store& s, const int8_t* const* p, int32_t slots,
                                      int32_t c, const int8_t* w, const int32_t* bias,
                                      const neon::Multipliers& mult, int8_t* y, int32_t count) {
    int32x4_t acc[2] = {vld1q_s32(bias), vld1q_s32(bias + 4)};
    for (int32_t t = 0; t < slots; t += 2, w += 16) {
      int16x8_t sum = vmull_s8(vld1_s8(p[t] + c), vld1_s8(w));
      if (t + 1 < slots) sum = vmlal_s8(sum, vld1_s8(p[t + 1] + c), vld1_s8(w + 8));
      acc[0] = vaddw_s16(acc[0], vget_low_s16(sum)), acc[1] = vaddw_s16(acc[1], vget_high_s16(sum));
    }
    neon::finish(s, acc, mult, y, count, s.plain() && count >= 8);
  }

  // Outputs of a 3x3 kernel, which stays in registers.
  template <int32_t Lanes>
  static MOTE_SHARED void depthwise_run(const neon::Store& store, const neon::Run& r) {
#if defined(__aarch64__)
    neon::run<Lanes, Lanes>(store, r, 0);
#else
    for (int32_t c = 0; c < Lanes; c += 8) neon::run<8, Lanes>(store, r, c);
#endif
  }

#if defined(__aarch64__)
  static constexpr int32_t kTilePixels = 4;  // 16 sums, 4 weights, 4 inputs, 4 products
#else
  static constexpr int32_t kTilePixels = 2;  // 8 sums, and 2 inputs of 16 registers
#endif
  // How many inputs of k a tile reads.
  static constexpr int32_t inputs_read(int32_t k) { return (k + 7) & -8; }
  // Whether segments of this length are whole steps.
  static constexpr bool reads_segments(int32_t length) { return length % 16 == 0; }

  // Pixels, by 8 channels in AArch64, otherwise by 4. x has kTilePixels pointers for each segment
  // of a tile.
  static MOTE_SHARED void tiles(const neon::Matrix& matrix, const int8_t* const* x, int8_t* y,
                                int32_t pixels) {
    constexpr int32_t kBlocks = neon::kBlocksOfTile;
    const neon::Matrix g = matrix;  // a copy that writing y cannot change
    const int32_t block = (((g.segments - 1) * g.length + g.last + 15) & -16) * 4;
    const int8_t* w = g.w;
    for (int32_t n = 0; n < g.n; n += 4 * kBlocks, y += 4 * kBlocks, w += kBlocks * block) {
      const int32_t channels = g.n - n < 4 * kBlocks ? g.n - n : 4 * kBlocks;
      const int32_t* bias = g.biases(n, 4 * kBlocks);
      alignas(16) int32_t halved[4 * kBlocks];
      neon::halve_multipliers(halved, g, n, 4 * kBlocks);
      const bool plain = g.store.plain() && channels == 4 * kBlocks;
      const int8_t* const* xi = x;
      int8_t* yi = y;
      for (int32_t left = pixels; left > 0; left -= kTilePixels) {
        int32x4_t sum[kTilePixels][kBlocks];
        neon::products(sum, xi, g, w, channels > 4);
        xi += g.segments * kTilePixels;
        int8x8_t v[kTilePixels * kBlocks / 2];
        for (int32_t b = 0; b < kBlocks; ++b) {
          const int32x4_t bias_b = vld1q_s32(bias + 4 * b);
          for (auto& pixel : sum) pixel[b] = vaddq_s32(pixel[b], bias_b);
        }
        neon::finish_tile(g.store, sum, halved, v, plain);
        if (__builtin_expect(plain && left >= kTilePixels, 1)) {
          yi = put(v, yi, g.y_step);
        } else {
          neon::store_part(g.store, v, 4 * kBlocks, yi, g.y_step,
                           left < kTilePixels ? left : kTilePixels, channels);
          yi += kTilePixels * g.y_step;
        }
      }
    }
  }

  // One pixel, by 8 channels in AArch64, otherwise by 4.
  template <int32_t MR>
  static MOTE_SHARED void tile(const neon::Matrix& matrix, const int8_t* const* x, int8_t* y) {
    static_assert(MR == 1);
    const neon::Matrix g = matrix;
    const int32_t block = (((g.segments - 1) * g.length + g.last + 15) & -16) * 4;
    constexpr int32_t kBlocks = neon::kBlocksOfPixel;
    const int8_t* w = g.w;
    for (int32_t n = 0; n < g.n; n += 4 * kBlocks, y += 4 * kBlocks, w += kBlocks * block) {
      const int32_t count = g.n - n;
      const int32_t* bias = g.biases(n, 4 * kBlocks);
      const int32_t* mult = g.multipliers(n, 4 * kBlocks);
      int32x4_t sum[kBlocks];
      // Of a last block alone the products are made twice.
      neon::products(sum, x, g, w, count > 4 ? block : 0, bias);
      g.store.shift_sums(sum);
      for (int32_t b = 0; b < kBlocks; ++b) {
        const int32x4_t v = vshlq_s32(vld1q_s32(mult + 4 * b), g.store.halving());
        sum[b] = vqrdmulhq_s32(sum[b], v);
      }
      const uint8x8_t v = vget_low_u8(vreinterpretq_u8_u32(neon::pack_results(g.store, sum)));
      if (kBlocks == 2 && count >= 8) {
        vst1_u8(reinterpret_cast<uint8_t*>(y), v);
      } else {
        int8_t bytes[8];
        vst1_s8(bytes, vreinterpret_s8_u8(v));
        neon::copy_few(y, bytes, count < 4 * kBlocks ? count : 4 * kBlocks);
      }
    }
  }

 protected:
#if defined(__aarch64__)
  static MOTE_INLINE int8_t* put(const int8x8_t (&v)[4], int8_t* y, int32_t y_step) {
    for (const int8x8_t& pixel : v) {
      vst1_s8(y, pixel);
      y += y_step;
    }
    return y;
  }
#else
  static MOTE_INLINE int8_t* put(const int8x8_t (&v)[1], int8_t* y, int32_t y_step) {
    const uint32x2_t pixels = vreinterpret_u32_s8(v[0]);
    const uint32_t first = vget_lane_u32(pixels, 0), second = vget_lane_u32(pixels, 1);
    memcpy(y, &first, 4);
    memcpy(y + y_step, &second, 4);
    return y + 2 * y_step;
  }
#endif
#endif
};

}  // namespace mote::isa
