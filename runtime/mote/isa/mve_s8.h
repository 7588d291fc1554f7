// Helium (MVE) of Armv8.1-M, integers: dot products of sixteen bytes whose sum goes to a general
// register, and predicated loads and stores for what is left over.
#pragma once
#include "mve_conv2d_s8.h"
#include "mve_dense_s8.h"
#include "mve_depthwise_s8.h"
#include "mve_elementwise_s8.h"
#include "mve_gemm_s8.h"
#include "mve_lanes_s8.h"
#include "scalar_s8.h"

namespace mote::isa {

struct MveS8 : ScalarS8 {
  static constexpr const char* kName = "mve";

  // Four channels by sixteen inputs.
  static constexpr int32_t kNrS8 = 4, kNrTailS8 = 4, kKrS8 = 16;
  static constexpr int32_t kWideStep = 8;
  static constexpr pack::GemmLayout kGateLayout = {1, 1, 8, false};
  // Six patches at a time: four cost the convolutions of a residual network 2 % more.
  static constexpr int32_t kPatchAlign = 4, kPatchRows = 6;

  // Depthwise weights: by taps for the kernels of mve_depthwise_s8.h, else sixteen channels a tap.
  static constexpr int32_t kDwNrS8 = 16;
  static constexpr int64_t depthwise_bytes(int64_t channels, int32_t kernel_h, int32_t kernel_w) {
    return mve_depthwise::by_taps(kernel_h, kernel_w)
               ? pack::round_up(channels, 4) * mve_depthwise::kTaps
               : channels * kernel_h * kernel_w;
  }
  template <class Isa>
  static void pack_depthwise(const int8_t* hwc, int64_t channels, int32_t kernel_h,
                             int32_t kernel_w, int8_t* packed) {
    if (!mve_depthwise::by_taps(kernel_h, kernel_w)) {
      ScalarS8::pack_depthwise<Isa>(hwc, channels, kernel_h, kernel_w, packed);
      return;
    }
    memset(packed, 0, static_cast<size_t>(depthwise_bytes(channels, kernel_h, kernel_w)));
    for (int32_t t = 0; t < kernel_h * kernel_w; ++t) {
      const int32_t tap = mve_depthwise::tap_index(kernel_h, t / kernel_w, t % kernel_w);
      for (int64_t c = 0; c < channels; ++c) packed[c * mve_depthwise::kTaps + tap] = *hwc++;
    }
  }
  template <class S>
  static constexpr int64_t depthwise_scratch(const S& s) {
    if (!mve_depthwise::by_taps(s.kernel_h, s.kernel_w)) return mve_lanes::scratch_bytes(s);
    return s.multiplier == 1 ? mve_depthwise::scratch_bytes(s) : 0;
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void depthwise_row(const S& s, const X* const* rows, const W* w,
                                        const int32_t* bias, const int32_t* mult,
                                        typename Rq::Out* y, int8_t* scratch) {
    const bool by_taps = mve_depthwise::by_taps(s.kernel_h, s.kernel_w);
#if defined(__ARM_FEATURE_MVE)
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      if (s.multiplier == 1) {
        if (by_taps && s.in_c <= mve_gemm::kMaxStep) {
          return mve_depthwise::row_by_taps(s, rows, w, bias, mult, y, scratch);
        }
        if (!by_taps) return mve_lanes::row(s, rows, w, bias, mult, y, scratch);
      }
    }
#endif
    if (!by_taps) {
      return ScalarS8::depthwise_row<Isa, Rq>(s, rows, w, bias, mult, y, scratch);
    }
    // The portable kernel of the layout by taps.
    const int32_t channels = s.in_c * s.multiplier;
    for (int32_t ox = 0; ox < s.out_w; ++ox, y += channels) {
      for (int32_t c = 0; c < channels; ++c) {
        int32_t acc = bias[c];
        for (int32_t t = 0; t < s.kernel_h * s.kernel_w; ++t) {
          const int32_t ky = t / s.kernel_w, kx = t % s.kernel_w;
          const int32_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
          const bool inside = rows[ky] != nullptr && ix >= 0 && ix < s.in_w;
          acc += (inside ? rows[ky][ix * s.in_c + c / s.multiplier] : s.pad_value) *
                 w[c * mve_depthwise::kTaps + mve_depthwise::tap_index(s.kernel_h, ky, kx)];
        }
        y[c] = Rq::apply(s, acc, mult, c);
      }
    }
  }

#if defined(__ARM_FEATURE_MVE)
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void gemm(const S& s, const X* x, int32_t x_step, int32_t m, int32_t k,
                               int32_t n, const W* w, const int32_t* bias, const int32_t* mult,
                               typename Rq::Out* y, int32_t y_step) {
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      const mve_gemm::Matrix g = mve_gemm::matrix(s, w, bias, mult, k, n, y_step);
      if (y_step > mve_gemm::kMaxStep) {
        ScalarS8::gemm<Isa, Rq>(s, x, x_step, m, k, n, w, bias, mult, y, y_step);
      } else if (mve_gemm::is_whole(s, k, n)) {
        mve_gemm::multiply<true>(g, x, x_step, m, y);
      } else {
        mve_gemm::multiply<false>(g, x, x_step, m, y);
      }
    } else {
      ScalarS8::gemm<Isa, Rq>(s, x, x_step, m, k, n, w, bias, mult, y, y_step);
    }
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool conv2d_row(const S& s, const X* const* rows, const W* w,
                                     const int32_t* bias, const int32_t* mult, typename Rq::Out* y,
                                     int8_t* scratch) {
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      if (s.groups != 1 || s.dilation_w != 1 || s.out_c > mve_gemm::kMaxStep) return false;
      const int32_t k = s.kernel_h * s.kernel_w * s.in_c;
      const int32_t step = static_cast<int32_t>(pack::round_up(k, Isa::kPatchAlign));
      const mve_gemm::Matrix g = mve_gemm::matrix(s, w, bias, mult, k, s.out_c, s.out_c);
      const mve_conv2d::Window window{s.in_w,     s.in_c,     s.out_w,    s.kernel_h,
                                      s.kernel_w, s.stride_w, s.pad_left, s.pad_value};
      if (mve_gemm::is_whole(s, k, s.out_c)) {
        mve_conv2d::convolve_row<true>(window, g, rows, y, Isa::kPatchRows, step, scratch);
      } else {
        mve_conv2d::convolve_row<false>(window, g, rows, y, Isa::kPatchRows, step, scratch);
      }
      return true;
    } else {
      return false;
    }
  }

  // Eight channels at a time; the gemm takes what is left over, or needs more than saturation.
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void dense(const S& s, const X* x, int32_t k, int32_t n, const W* w,
                                const int32_t* bias, const int32_t* mult, typename Rq::Out* y,
                                int8_t*) {
    int32_t done = 0;
    const int32_t padded = (k + 15) / 16 * 16;
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      if (n >= 8 && mve_gemm::saturates(s)) {
        using namespace mve_gemm;
        done = n & ~7;
        const int32_t steps = k / 16, loops = (steps + kUnroll - 1) / kUnroll;
        dense_tiles(x, w, y, y + done, bias, mult, 4 * padded, loops,
                    steps == 0 ? kDenseLoopBytes : (loops * kUnroll - steps) * kDenseStepBytes,
                    k % 16, s.zp);
        if (done == n) return;
      }
    }
    Isa::template gemm<Isa, Rq>(s, x, 0, 1, k, n - done, w + done * padded, bias + done,
                                mult + done * Rq::kParams, y + done, 0);
  }

  template <class To, class X>
  static MOTE_INLINE void gather(To* to, const X* from, int32_t n) {
    if constexpr (sizeof(To) == 1) {
      if (!__builtin_constant_p(n) || n > 8) return mve_elementwise::copy(to, from, n);
    }
    ScalarS8::gather(to, from, n);
  }
  template <class To>
  static MOTE_INLINE void fill(To* to, int32_t value, int32_t n) {
    if constexpr (sizeof(To) == 1) {
      if (!__builtin_constant_p(n) || n > 4) return mve_elementwise::fill(to, value, n);
    }
    ScalarS8::fill(to, value, n);
  }

  template <class Isa, class S>
  static MOTE_INLINE void add(const S& s, const int8_t* a, int32_t a_step, const int8_t* b,
                              int32_t b_step, int8_t* y, int32_t n) {
    // An operand that is one value joins the offset.
    const int32_t fixed = (a_step == 0 ? *a * s.a_mult : 0) + (b_step == 0 ? *b * s.b_mult : 0);
    const int32_t a_mult = a_step == 0 ? 0 : s.a_mult, b_mult = b_step == 0 ? 0 : s.b_mult;
    if (a_step == 0) a = b_step == 0 ? y : b;
    if (b_step == 0) b = a;
    mve_elementwise::add(a, b, y, n, a_mult, b_mult, s.offset + fixed, s.right, s.lo, s.hi);
  }
  static MOTE_INLINE void accumulate(int32_t* sums, const int8_t* x, int32_t n) {
    mve_elementwise::accumulate(sums, x, n);
  }
  static MOTE_INLINE void maximum(int8_t* y, const int8_t* x, int32_t n) {
    mve_elementwise::maximum(y, x, n);
  }
  template <class S>
  static MOTE_INLINE void requantize_row(const S& s, const int32_t* sums, int32_t mult, int8_t* y,
                                         int32_t n) {
    mve_elementwise::requantize_row(sums, mult, y, n, s.shift, s.zp, s.lo, s.hi);
  }
#if __ARM_FEATURE_MVE & 2
  static MOTE_INLINE void quantize_run(const QuantizeShape& s, const float* x, float reciprocal,
                                       int32_t zp, int8_t* y) {
    mve_elementwise::quantize(x, y, s.inner, reciprocal, zp, s.lo, s.hi);
  }
  static MOTE_INLINE void dequantize_run(const int8_t* x, float scale, int32_t zp, float* y,
                                         int32_t n) {
    mve_elementwise::dequantize(x, y, n, scale, zp);
  }
#endif
  static MOTE_INLINE void multiply_wide(const int16_t* x, const int16_t* w, int32_t k,
                                        int32_t* sums) {
    mve_elementwise::multiply_wide(x, w, k, sums);
  }
  static MOTE_INLINE void multiply_long(const int16_t* x, const int16_t* w, int32_t k,
                                        int64_t* sums) {
    mve_elementwise::multiply_long(x, w, k, sums);
  }
  template <class Isa>
  static MOTE_INLINE void multiply_rows(const int16_t* x, const int8_t* w, int32_t k,
                                        int32_t* sums) {
    mve_elementwise::multiply_wide(x, w, k, sums);
  }
#endif
};

}  // namespace mote::isa
