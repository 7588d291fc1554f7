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
      neon::Matrix g(w, bias, mult, n, y_step, {s.zp, s.lo, s.hi, s.shift});
      neon::multiply_pixels<Isa>(g, x, x_step, m, k, y);
      return;
    }
#endif
    ScalarS8::gemm<Isa, Rq>(s, x, x_step, m, k, n, w, bias, mult, y, y_step);
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool conv2d_row(const S& s, const X* const* rows, const W* w,
                                     const int32_t* bias, const int32_t* mult, typename Rq::Out* y,
                                     int8_t* scratch) {
#if defined(__ARM_NEON)
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      if (s.groups != 1 || s.dilation_w != 1) return false;
      neon::Matrix g(w, bias, mult, s.out_c, s.out_c, {s.zp, s.lo, s.hi, s.shift});
      const neon::Window window{s.in_w,     s.in_c,     s.out_w,    s.kernel_h,
                                s.kernel_w, s.stride_w, s.pad_left, s.pad_value};
      neon::convolve_row<Isa>(g, window, rows, y, scratch);
      return true;
    }
#endif
    return ScalarS8::conv2d_row<Isa, Rq>(s, rows, w, bias, mult, y, scratch);
  }

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
        const neon::Depthwise d{
            layout, w,       bias,       mult,         {s.zp, s.lo, s.hi, s.shift},
            s.in_w, s.out_w, s.stride_w, s.dilation_w, s.pad_left};
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
                                       const int32_t* mult, int8_t* y) {
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
    neon::finish(s, acc, mult, y);
  }
  static MOTE_INLINE void depthwise_8(const neon::Store& s, const int8_t* const* p, int32_t slots,
                                      int32_t c, const int8_t* w, const int32_t* bias,
                                      const int32_t* mult, int8_t* y, int32_t count) {
    int32x4_t acc[2] = {vld1q_s32(bias), vld1q_s32(bias + 4)};
    for (int32_t t = 0; t < slots; t += 2, w += 16) {
      int16x8_t sum = vmull_s8(vld1_s8(p[t] + c), vld1_s8(w));
      if (t + 1 < slots) sum = vmlal_s8(sum, vld1_s8(p[t + 1] + c), vld1_s8(w + 8));
      acc[0] = vaddw_s16(acc[0], vget_low_s16(sum)), acc[1] = vaddw_s16(acc[1], vget_high_s16(sum));
    }
    neon::finish(s, acc, mult, y, count);
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

  // One pixel, or up to kTilePixels.
  template <int32_t MR>
  static __attribute__((noinline)) void tile(const neon::Matrix& matrix, const int8_t* const* x,
                                             int8_t* y, int32_t rows) {
    const neon::Matrix& g = matrix;
    const neon::Store store = g.store;  // a copy that writing y cannot change
    int8_t* yi[MR];
    for (int32_t i = 0; i < MR; ++i) {
      yi[i] = y;
      if (i + 1 < rows) y += g.y_step;
    }
    const int32_t block = (((g.segments - 1) * g.length + g.last + 15) & -16) * 4;
    constexpr int32_t kBlocks = MR == 1 ? 2 : 1;  // two, so that a load of x serves 8 channels
    const int8_t* w = g.w;
    int32_t n = 0;
    for (; n + 4 * (kBlocks - 1) < g.n; n += 4 * kBlocks, w += kBlocks * block)
      channels<MR, kBlocks>(g, store, x, w, block, yi, n);
    if (n < g.n) channels<MR, 1>(g, store, x, w, block, yi, n);
  }

 private:
  // NB blocks of four channels, from channel n on.
  template <int32_t MR, int32_t NB>
  static MOTE_INLINE void channels(const neon::Matrix& g, const neon::Store& store,
                                   const int8_t* const* x, const int8_t* w, int32_t block,
                                   int8_t* (&y)[MR], int32_t n) {
    int32x4_t acc[NB][MR][4];
    for (auto& b : acc)
      for (auto& row : b)
        for (auto& a : row) a = vdupq_n_s32(0);
    int32_t segment = g.segments;
    do {
      const int8_t* xi[MR];
      for (int32_t i = 0; i < MR; ++i) xi[i] = x[i];
      const int32_t length = neon::opaque(segment > 1 ? g.length : g.last);
      int32_t steps = (length + 7) >> 4;
      const bool half = ((length - 1) & 8) == 0;
      for (; steps > 0; steps = neon::opaque(steps - 1), w += 64) {
        int8x16_t v[MR];
        for (int32_t i = 0; i < MR; ++i) {
          v[i] = neon::load_next(xi[i]);
        }
        for (int32_t b = 0; b < NB; ++b) {
          const Weights weights(w + b * block);
          for (int32_t i = 0; i < MR; ++i) multiply(acc[b][i], v[i], weights);
        }
      }
      if (half) {
        int8x8_t v[MR];
        for (int32_t i = 0; i < MR; ++i) v[i] = vld1_s8(xi[i]);
        for (int32_t b = 0; b < NB; ++b)
          for (int32_t j = 0; j < 4; ++j) {
            const int8x8_t weights = vld1_s8(w + b * block + 16 * j);
            for (int32_t i = 0; i < MR; ++i)
              acc[b][i][j] = vpadalq_s16(acc[b][i][j], vmull_s8(v[i], weights));
          }
        w += 64;
      }
      x += kTilePixels;
    } while (--segment > 0);
    const int32_t* bias = g.biases(n, 4 * NB);
    const int32_t* mult = g.multipliers(n, 4 * NB);
    int32x4_t sum[NB * MR];
    for (int32_t b = 0; b < NB; ++b) {
      for (int32_t i = 0; i < MR; ++i)
        sum[b * MR + i] = vaddq_s32(vld1q_s32(bias + 4 * b), across(acc[b][i]));
    }
    store.shift_sums(sum);
    for (int32_t b = 0; b < NB; ++b) {
      const int32x4_t halved = vshlq_s32(vld1q_s32(mult + 4 * b), store.halving());
      for (int32_t i = 0; i < MR; ++i) sum[b * MR + i] = vqrdmulhq_s32(sum[b * MR + i], halved);
    }
    const uint32x4_t v = neon::pack_results(store, sum);
    const int32_t count = g.n - n;
    if (count >= 4 * NB) {
      put<0, NB>(v, y[0]);
      if constexpr (MR > 1) put<1, NB>(v, y[1]);
      if constexpr (MR > 2) put<2, NB>(v, y[2]);
      if constexpr (MR > 3) put<3, NB>(v, y[3]);
    } else {
      int8_t bytes[16];
      vst1q_s8(bytes, vreinterpretq_s8_u32(v));
      for (int32_t i = 0; i < MR; ++i) neon::copy_few(y[i], bytes + 4 * i, count);
    }
  }

  // Stores four channels of NB blocks, and advances.
  template <int32_t I, int32_t NB>
  static MOTE_INLINE void put(uint32x4_t v, int8_t*& y) {
    if constexpr (NB == 2) {
      vst1_u8(reinterpret_cast<uint8_t*>(y), vget_low_u8(vreinterpretq_u8_u32(v)));
    } else {
      const uint32_t four = vgetq_lane_u32(v, I);
      memcpy(y, &four, 4);
    }
    y += 4 * NB;
  }

  // Weights of 16 inputs and 4 channels.
  struct Weights {
#if defined(__aarch64__)
    int8x16x4_t w;
    MOTE_INLINE explicit Weights(const int8_t* p) : w(vld1q_s8_x4(p)) {}
    MOTE_INLINE int8x16_t operator[](int32_t j) const { return w.val[j]; }
#else
    int8x16_t w[4];
    MOTE_INLINE explicit Weights(const int8_t* p)
        : w{vld1q_s8(p), vld1q_s8(p + 16), vld1q_s8(p + 32), vld1q_s8(p + 48)} {}
    MOTE_INLINE int8x16_t operator[](int32_t j) const { return w[j]; }
#endif
  };

  // acc[j] += 16 products of channel j, four to a lane.
  static MOTE_INLINE void multiply(int32x4_t (&acc)[4], int8x16_t x, const Weights& w) {
#if defined(__aarch64__)
    // From intrinsics GCC makes all the products of a tile first, and spills sums: 0.37
    // instructions per multiplication instead of 0.22.
    int16x8_t a, b, c, d;
    asm("smull %[a].8h, %[x].8b, %[w0].8b\n\t"
        "smull %[b].8h, %[x].8b, %[w1].8b\n\t"
        "smull %[c].8h, %[x].8b, %[w2].8b\n\t"
        "smull %[d].8h, %[x].8b, %[w3].8b\n\t"
        "smlal2 %[a].8h, %[x].16b, %[w0].16b\n\t"
        "smlal2 %[b].8h, %[x].16b, %[w1].16b\n\t"
        "smlal2 %[c].8h, %[x].16b, %[w2].16b\n\t"
        "smlal2 %[d].8h, %[x].16b, %[w3].16b\n\t"
        "sadalp %[s0].4s, %[a].8h\n\t"
        "sadalp %[s1].4s, %[b].8h\n\t"
        "sadalp %[s2].4s, %[c].8h\n\t"
        "sadalp %[s3].4s, %[d].8h"
        : [s0] "+w"(acc[0]), [s1] "+w"(acc[1]), [s2] "+w"(acc[2]), [s3] "+w"(acc[3]), [a] "=&w"(a),
          [b] "=&w"(b), [c] "=&w"(c), [d] "=&w"(d)
        : [x] "w"(x), [w0] "w"(w[0]), [w1] "w"(w[1]), [w2] "w"(w[2]), [w3] "w"(w[3]));
#else
    for (int32_t j = 0; j < 4; ++j) {
      const int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w[j]));
      acc[j] = vpadalq_s16(acc[j], vmlal_s8(low, vget_high_s8(x), vget_high_s8(w[j])));
    }
#endif
  }

  static MOTE_INLINE int32x4_t across(const int32x4_t (&a)[4]) {
#if defined(__aarch64__)
    return vpaddq_s32(vpaddq_s32(a[0], a[1]), vpaddq_s32(a[2], a[3]));
#else
    int32x2_t half[4];
    for (int32_t j = 0; j < 4; ++j) half[j] = vadd_s32(vget_low_s32(a[j]), vget_high_s32(a[j]));
    return vcombine_s32(vpadd_s32(half[0], half[1]), vpadd_s32(half[2], half[3]));
#endif
  }
#endif
};

}  // namespace mote::isa
