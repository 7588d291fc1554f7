// NEON of AArch64 and Armv7-A without dot products.
//
// A product of int8 weights in [-127, 127] is at most 127 * 128, so two of them fit int16: SMULL,
// SMLAL and SADALP multiply 16 inputs by 16 weights of one channel and add them to four int32 sums,
// 3 instructions where widening first takes 6. Sums of one channel lie in the four lanes of a
// register until the end, where ADDP gathers those of four channels.
#pragma once
#include "neon_depthwise_s8.h"
#include "neon_elementwise_s8.h"
#include "neon_gemm_s8.h"
#include "neon_products_s8.h"
#include "neon_run_s8.h"

namespace mote::isa {

struct NeonS8 : ScalarS8 {
  static constexpr const char* kName = "neon";
  static constexpr int32_t kNrS8 = 4, kNrTailS8 = 4, kKrS8 = 16;
  static constexpr int32_t kPatchAlign = 16;
  // Four are gathered at a time; in place of the fifth is a segment of padding.
  static constexpr int32_t kPatchRows = 5;

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
      neon::Matrix g{w, bias, mult, n, y_step, {s.zp, s.lo, s.hi, s.shift}, 1, 0, 0, nullptr};
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
      neon::Matrix g{w, bias, mult, n, 0, {s.zp, s.lo, s.hi, s.shift}, 1, 0, 0, nullptr};
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
      neon::Matrix g{w, bias, mult, s.out_c, s.out_c, {s.zp, s.lo, s.hi, s.shift},
                     1, 0,    0,    nullptr};
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
    neon::finish(s, acc, mult, y, 16);
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
    neon::finish(s, acc, mult, y, count);
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
  static constexpr int32_t kTilePixels = 4;  // 16 sums, 4 weights, an input and a product
#else
  static constexpr int32_t kTilePixels = 2;  // 8 sums, and 2 inputs of 16 registers
#endif
  // Which inputs, n of a last step of 16, a tile reads without their neighbours.
  static constexpr bool reads_whole(int32_t n) { return n == 0 || n == 8; }
  // Whether segments of this length are whole steps.
  static constexpr bool reads_segments(int32_t length) { return length % 16 == 0; }

  // One pixel, by 8 channels in AArch64; or up to kTilePixels, by 4 channels.
  template <int32_t MR>
  static MOTE_SHARED void tile(const neon::Matrix& matrix, const int8_t* const* x, int8_t* y,
                               int32_t rows) {
    const neon::Matrix g = matrix;  // a copy that writing y cannot change
    const int64_t y1 = rows > 1 ? g.y_step : 0, y2 = rows > 2 ? y1 + g.y_step : y1;
    const int64_t step[4] = {0, y1, y2, rows > 3 ? y2 + g.y_step : y2};
    const int32_t block = (((g.segments - 1) * g.length + g.last + 15) & -16) * 4;
    constexpr int32_t kBlocks = neon::blocks_of_tile<MR>();
    const int8_t* w = g.w;
    for (int32_t n = 0; n < g.n; n += 4 * kBlocks, y += 4 * kBlocks, w += kBlocks * block) {
      const int32_t count = g.n - n;
      const int32_t* bias = g.biases(n, 4 * kBlocks);
      const int32_t* mult = g.multipliers(n, 4 * kBlocks);
      int32x4_t sum[kBlocks * MR];
      // Of a last block alone the products are made twice.
      neon::products(sum, x, g, w, count > 4 ? block : 0, bias);
      g.store.shift_sums(sum);
      for (int32_t b = 0; b < kBlocks; ++b) {
        const int32x4_t v = vshlq_s32(vld1q_s32(mult + 4 * b), g.store.halving());
        for (int32_t i = 0; i < MR; ++i) sum[b * MR + i] = vqrdmulhq_s32(sum[b * MR + i], v);
      }
      const uint32x4_t v = neon::pack_results(g.store, sum);
      if (count >= 4 * kBlocks) {
        put<0, kBlocks>(v, y);
        if constexpr (MR > 1) put<1, kBlocks>(v, y + step[1]);
        if constexpr (MR > 2) put<2, kBlocks>(v, y + step[2]);
        if constexpr (MR > 3) put<3, kBlocks>(v, y + step[3]);
      } else {
        int8_t bytes[16];
        vst1q_s8(bytes, vreinterpretq_s8_u32(v));
        neon::store_few(y, step, bytes, 4, MR, count);
      }
    }
  }

 private:
  // Stores four channels of NB blocks.
  template <int32_t I, int32_t NB>
  static MOTE_INLINE void put(uint32x4_t v, int8_t* y) {
    if constexpr (NB == 2) {
      vst1_u8(reinterpret_cast<uint8_t*>(y), vget_low_u8(vreinterpretq_u8_u32(v)));
    } else {
      const uint32_t four = vgetq_lane_u32(v, I);
      memcpy(y, &four, 4);
    }
  }
#endif
};

}  // namespace mote::isa
