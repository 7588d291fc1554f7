// Helium (MVE) of Armv8.1-M, integers: dot products of sixteen bytes whose sum goes to a general
// register, and predicated loads and stores for what is left over.
#pragma once
#include "mve_depthwise_s8.h"
#include "mve_gemm_s8.h"
#include "mve_lanes_s8.h"
#include "scalar_s8.h"

namespace mote::isa {

struct MveS8 : ScalarS8 {
  static constexpr const char* kName = "mve";

  // Four channels by sixteen inputs.
  static constexpr int32_t kNrS8 = 4, kNrTailS8 = 4, kKrS8 = 16;
  static constexpr int32_t kPatchAlign = 4;

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
      const int32_t tap = mve_depthwise::tap_index(t / kernel_w, t % kernel_w);
      for (int64_t c = 0; c < channels; ++c) packed[c * mve_depthwise::kTaps + tap] = *hwc++;
    }
  }
  template <class S>
  static constexpr int64_t depthwise_scratch(const S& s) {
    if (!mve_depthwise::by_taps(s.kernel_h, s.kernel_w)) return mve_lanes::scratch_bytes(s);
    return s.multiplier == 1 && s.stride_w <= 2 ? mve_depthwise::scratch_bytes(s) : 0;
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void depthwise_row(const S& s, const X* const* rows, const W* w,
                                        const int32_t* bias, const int32_t* mult,
                                        typename Rq::Out* y, int8_t* scratch) {
    const bool by_taps = mve_depthwise::by_taps(s.kernel_h, s.kernel_w);
#if defined(__ARM_FEATURE_MVE)
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      if (s.multiplier == 1) {
        if (!by_taps) return mve_lanes::row(s, rows, w, bias, mult, y, scratch);
        if (s.stride_w <= 2) {
          return mve_depthwise::row_by_taps(s, rows, w, bias, mult, y, scratch);
        }
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
                 w[c * mve_depthwise::kTaps + mve_depthwise::tap_index(ky, kx)];
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
      if (m > 1) tiles(s, x, x_step, m & ~1, k, n, w, bias, mult, y, y_step);
      // The last pixel of an odd number is both pixels of a tile.
      if (m % 2 != 0) {
        const int32_t last = m - 1;
        tiles(s, x + last * x_step, 0, 2, k, n, w, bias, mult, y + last * y_step, 0);
      }
    } else {
      ScalarS8::gemm<Isa, Rq>(s, x, x_step, m, k, n, w, bias, mult, y, y_step);
    }
  }

 private:
  template <class S>
  static MOTE_INLINE void tiles(const S& s, const int8_t* x, int32_t x_step, int32_t m, int32_t k,
                                int32_t n, const int8_t* w, const int32_t* bias,
                                const int32_t* mult, int8_t* y, int32_t y_step) {
    using namespace mve_gemm;
    const int32_t blocks = (n + 3) / 4;
    const bool whole = k % 16 == 0 && n % 4 == 0 && s.shift == 0;
    const int32_t steps = whole ? k / 16 : (k - 1) / 16;
    const int32_t loops = (steps + kUnroll - 1) / kUnroll;
    const int32_t entry = steps == 0 ? kLoopBytes : (loops * kUnroll - steps) * kStepBytes;
    const int32_t advance = 2 * x_step - (k + 15) / 16 * 16;
    if (whole) {
      whole_tiles(x, x + x_step, w, y, bias, mult, blocks, loops, s.zp, 2 * y_step, advance,
                  x + m * x_step, s.lo, s.hi, y_step << 16, entry);
    } else {
      any_tiles(x, x + x_step, w, y, bias, mult, blocks, loops, s.zp, 2 * y_step, advance,
                x + m * x_step, s.lo, s.hi, y_step << 16, entry, s.shift, 2 * n, k - steps * 16);
    }
  }
#endif
};

}  // namespace mote::isa
