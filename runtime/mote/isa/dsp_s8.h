// Cortex-M with the DSP extension (M4, M7, M33, M35P).
#pragma once
#include "dsp_depthwise_s8.h"
#include "dsp_elementwise_s8.h"
#include "dsp_int4.h"
#include "scalar_s8.h"

namespace mote::isa {

struct DspS8 : ScalarS8 {
  static constexpr const char* kName = "dsp";

  static constexpr int32_t kNrS8 = 4, kNrTailS8 = 4, kKrS8 = 4;
  static constexpr bool kPairsS8 = true;
  static constexpr int32_t kWideStep = 4;
  static constexpr pack::GemmLayout kGateLayout = {1, 1, 4, true};

  // Two widened pixels; and two as int8 where they do not come in words.
  using Patch = int16_t;
  static constexpr int32_t kPatchRows = 2;
  static constexpr int64_t staging_bytes(int64_t k, int64_t piece) {
    return piece % 4 == 0 ? 0 : 2 * pack::round_up(k, 4);
  }
  static constexpr bool kDirect = false;

  static constexpr int64_t dense_scratch(int64_t k) {
    return k % 4 == 0 ? 0 : pack::round_up(k, 4);
  }

  // ---- Depthwise convolution (dsp_depthwise_s8.h)
  static constexpr int64_t depthwise_bytes(int64_t channels, int32_t kernel_h, int32_t kernel_w) {
    return dsp_is_3x3(kernel_h, kernel_w) ? channels * 12
                                          : pack::round_up(channels, 4) * kernel_h * kernel_w;
  }
  template <class Isa>
  static void pack_depthwise(const int8_t* hwc, int64_t channels, int32_t kernel_h,
                             int32_t kernel_w, int8_t* packed) {
    const int64_t bytes = depthwise_bytes(channels, kernel_h, kernel_w);
    for (int64_t i = 0; i < bytes; ++i) packed[i] = 0;
    for (int64_t t = 0; t < int64_t{kernel_h} * kernel_w; ++t) {
      for (int64_t c = 0; c < channels; ++c) {
        packed[dsp_depthwise_index(kernel_h, kernel_w, c, t)] = *hwc;
        if (dsp_is_3x3(kernel_h, kernel_w) && t == 7) packed[c * 12 + 8] = *hwc;
        ++hwc;
      }
    }
  }
  template <class S>
  static constexpr int64_t depthwise_scratch(const S& s) {
    if (!dsp_slides(s)) return 0;
    const int32_t most = dsp_most_outputs(s.stride_w);
    const int32_t count = s.out_w < most ? s.out_w : most;
    const DspRows rows(-s.pad_left, count, s.in_w, s.stride_w, dsp_rows_together(s));
    return 48 * rows.all_pairs() + 4 * rows.all_outputs(count);
  }
  // Kernels that do not slide make one pixel after the other.
  template <class S>
  static constexpr int32_t depthwise_pixels(const S& s) {
    return dsp_slides(s) ? dsp_rows_together(s) * s.out_w : 1;
  }
  static constexpr int32_t kPointwisePixels = 2;
  // Output rows that are made together when a whole image is there.
  template <class S>
  static constexpr int32_t dsp_rows_together(const S& s) {
    if (s.out_w > dsp_most_outputs(s.stride_w)) return 1;
    const int32_t most = s.out_h < kDspMostRows ? s.out_h : kDspMostRows;
    return DspRows(-s.pad_left, s.out_w, s.in_w, s.stride_w, most).rows;
  }
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool depthwise_image(const S& s, const X* x, const W* w, const int32_t* bias,
                                          const int32_t* mult, typename Rq::Out* y,
                                          int8_t* scratch) {
#if defined(__ARM_FEATURE_DSP)
    if constexpr (kFast<Rq, X, W>) {
      if (!dsp_slides(s)) return false;
      const int32_t together = dsp_rows_together(s);
      if (together < 2) return false;
      const auto& d = description<S>(s);
      const X* rows[3 * kDspMostRows];
      for (int32_t b = 0; b < s.batch; ++b, x += s.in_h * s.in_w * s.in_c) {
        for (int32_t oy = 0, n; oy < s.out_h; oy += n, y += n * s.out_w * s.in_c) {
          n = s.out_h - oy < together ? s.out_h - oy : together;
          for (int32_t i = 0; i < 3 * n; ++i) {
            const int32_t iy = (oy + i / 3) * s.stride_h - s.pad_top + i % 3 * s.dilation_h;
            rows[i] = iy < 0 || iy >= s.in_h ? nullptr : x + iy * s.in_w * s.in_c;
          }
          dsp::depthwise_3x3(d, rows, n, w, bias, mult, y, scratch);
        }
      }
      return true;
    }
#endif
    return ScalarS8::depthwise_image<Isa, Rq>(s, x, w, bias, mult, y, scratch);
  }
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool depthwise_rows(const S& s, const X* const* rows, int32_t count,
                                         const W* w, const int32_t* bias, const int32_t* mult,
                                         typename Rq::Out* y, int8_t* scratch) {
#if defined(__ARM_FEATURE_DSP)
    if constexpr (kFast<Rq, X, W>) {
      if (!dsp_slides(s) || count > dsp_rows_together(s)) return false;
      dsp::depthwise_3x3(description<S>(s), rows, count, w, bias, mult, y, scratch);
      return true;
    }
#endif
    return ScalarS8::depthwise_rows<Isa, Rq>(s, rows, count, w, bias, mult, y, scratch);
  }
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void depthwise_row(const S& s, const X* const* rows, const W* w,
                                        const int32_t* bias, const int32_t* mult,
                                        typename Rq::Out* y, int8_t* scratch) {
#if defined(__ARM_FEATURE_DSP)
    if constexpr (kFast<Rq, X, W>) {
      const auto& d = description<S>(s);
      if (dsp_slides(s)) return dsp::depthwise_3x3(d, rows, 1, w, bias, mult, y, scratch);
      if (s.multiplier == 1 && !dsp_is_3x3(s.kernel_h, s.kernel_w) && 3 * s.kernel_h <= kDspRuns)
        return dsp::depthwise_any(d, rows, w, bias, mult, y);
    }
#endif
    (void)scratch;
    const int32_t channels = s.in_c * s.multiplier;
    for (int32_t ox = 0; ox < s.out_w; ++ox, y += channels) {
      for (int32_t c = 0; c < channels; ++c) {
        int32_t acc = bias[c];
        for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
          for (int32_t kx = 0; kx < s.kernel_w; ++kx) {
            const int32_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
            const bool inside = rows[ky] != nullptr && ix >= 0 && ix < s.in_w;
            const int32_t x = inside ? rows[ky][ix * s.in_c + c / s.multiplier] : s.pad_value;
            acc += x * w[dsp_depthwise_index(s.kernel_h, s.kernel_w, c, ky * s.kernel_w + kx)];
          }
        }
        y[c] = Rq::apply(s, acc, mult, c);
      }
    }
  }
  template <class S>
  static constexpr DspDepthwise depthwise_of(const S& s) {
    return {s.in_w,     s.in_c,       s.out_w,    s.kernel_h,  s.kernel_w,
            s.stride_w, s.dilation_w, s.pad_left, s.pad_value, {s.zp, s.lo, s.hi, s.shift}};
  }
  template <class S>
  struct ConstantDepthwise {
    static constexpr DspDepthwise depthwise = depthwise_of(S{});
  };
  // Of a constant shape it is a table in flash.
  template <class S>
  static MOTE_INLINE decltype(auto) description(const S& s) {
    if constexpr (is_constant_shape<S>()) {
      return (ConstantDepthwise<S>::depthwise);
    } else {
      return depthwise_of(s);
    }
  }

  template <class Rq, class X, class W>
  static constexpr bool kFast = Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1;

#if defined(__ARM_FEATURE_DSP)
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void dense(const S& s, const X* x, int32_t k, int32_t n, const W* w,
                                const int32_t* bias, const int32_t* mult, typename Rq::Out* y,
                                int8_t* scratch) {
    if constexpr (kFast<Rq, X, W>) {
      const DspStore store{s.zp, s.lo, s.hi, s.shift};
      const dsp::Matrix g(w, bias, mult, k, n, n, &store);
      if (k % 4 != 0) dsp::copy_padded(scratch, x, k), x = scratch;
      dsp::multiply_one(g, x, y);
    } else {
      ScalarS8::dense<Isa, Rq>(s, x, k, n, w, bias, mult, y, scratch);
    }
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool pointwise(const S& s, const X* x, const W* w, const int32_t* bias,
                                    const int32_t* mult, typename Rq::Out* y, int8_t* scratch) {
    if constexpr (kFast<Rq, X, W>) {
      const DspStore store{s.zp, s.lo, s.hi, s.shift};
      const dsp::Matrix g(w, bias, mult, s.k, s.n, s.n, &store);
      dsp::multiply_pixels(g, x, s.m, y, scratch);
      return true;
    } else {
      return false;
    }
  }

  template <class S>
  static constexpr DspConv conv_of(const S& s) {
    return {s.in_w,
            s.in_c,
            s.out_w,
            s.out_c,
            s.kernel_h,
            s.kernel_w,
            s.stride_w,
            s.dilation_w,
            s.pad_left,
            s.groups,
            s.pad_value,
            s.in_c / s.groups,
            {s.zp, s.lo, s.hi, s.shift}};
  }
  template <class S>
  struct ConstantConv {
    static constexpr DspConv conv = conv_of(S{});
  };

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool conv2d_row(const S& s, const X* const* rows, const W* w,
                                     const int32_t* bias, const int32_t* mult, typename Rq::Out* y,
                                     int8_t* scratch) {
    if constexpr (!kFast<Rq, X, W>) {
      return false;
    } else if constexpr (is_constant_shape<S>()) {
      convolve_groups<Isa>(ConstantConv<S>::conv, rows, w, bias, mult, y, scratch);
      return true;
    } else {
      const DspConv conv = conv_of(s);
      convolve_groups<Isa>(conv, rows, w, bias, mult, y, scratch);
      return true;
    }
  }

  template <class Isa>
  MOTE_DSP_SHARED static void convolve_groups(const DspConv& c, const int8_t* const* rows,
                                              const int8_t* w, const int32_t* bias,
                                              const int32_t* mult, int8_t* y, int8_t* scratch) {
    const int32_t group_c = c.group_c, group_n = c.out_c / c.groups;
    const int32_t k = c.kernel_h * c.kernel_w * group_c;
    const int32_t weights =
        static_cast<int32_t>(pack::gemm_bytes(pack::gemm_layout<Isa>(), group_n, k));
    for (int32_t i = 0; i < c.groups; ++i) {
      const dsp::Matrix g(w, bias, mult, k, group_n, c.out_c, &c.store);
      dsp::convolve_row(c, g, rows, i * group_c, y, scratch);
      w += weights, bias += group_n, mult += group_n, y += group_n;
    }
  }

  // ---- Weights of four bits (dsp_int4.h)
  template <class Isa>
  static MOTE_INLINE void spread_s4(const int8_t* from, int32_t rows, int32_t /*n*/,
                                    const int8_t* factors, int8_t* to) {
    dsp::spread_s4(from, rows, factors, to);
  }
  template <class Isa, class Rq, class S>
  static MOTE_INLINE bool conv2d_block(const S& s, const int8_t* const* rows, int32_t n,
                                       const int8_t* w, const int32_t* bias, const int32_t* mult,
                                       typename Rq::Out* y, int8_t* scratch) {
    if constexpr (kFast<Rq, int8_t, int8_t>) {
      const DspConv conv = conv_of(s);
      const dsp::Matrix g(w, bias, mult, s.kernel_h * s.kernel_w * s.in_c, n, s.out_c, &conv.store);
      dsp::convolve_row(conv, g, rows, 0, y, scratch);
      return true;
    }
    return false;
  }
  template <class Isa, class Rq, class S>
  static MOTE_INLINE bool pointwise_block(const S& s, const int8_t* x, int32_t n, const int8_t* w,
                                          const int32_t* bias, const int32_t* mult,
                                          typename Rq::Out* y, int8_t* scratch) {
    if constexpr (kFast<Rq, int8_t, int8_t>) {
      const DspStore store{s.zp, s.lo, s.hi, s.shift};
      const dsp::Matrix g(w, bias, mult, s.k, n, s.n, &store);
      dsp::multiply_pixels(g, x, s.m, y, scratch);
      return true;
    }
    return false;
  }

  // ---- Elementwise and pools (dsp_elementwise_s8.h)
  template <class Isa, class S>
  static MOTE_INLINE void add(const S& s, const int8_t* a, int32_t a_step, const int8_t* b,
                              int32_t b_step, int8_t* y, int32_t n) {
    if (a_step == 0 && b_step == 0) return ScalarS8::add<Isa>(s, a, 0, b, 0, y, n);
    DspAdd one{s.a_mult, s.b_mult, s.offset, s.right, s.lo, s.hi};
    // A repeated operand is part of the offset. The sum wraps around on the way.
    const auto plus = [](int32_t u, int32_t v) {
      return static_cast<int32_t>(static_cast<uint32_t>(u) + static_cast<uint32_t>(v));
    };
    if (a_step == 0) one.offset = plus(one.offset, *a * s.a_mult), one.a_mult = 0, a = b;
    if (b_step == 0) one.offset = plus(one.offset, *b * s.b_mult), one.b_mult = 0, b = a;
    dsp::add(one, a, b, y, n);
  }
  template <class Isa>
  static MOTE_INLINE void accumulate_pixels(int32_t* sums, const int8_t* x, int32_t step,
                                            int32_t count, int32_t n) {
    dsp::accumulate(sums, x, step, count, n);
  }
  static MOTE_INLINE void maximum(int8_t* y, const int8_t* x, int32_t n) { dsp::maximum(y, x, n); }
  template <class S>
  static MOTE_INLINE void requantize_row(const S& s, const int32_t* sums, int32_t mult, int8_t* y,
                                         int32_t n) {
    dsp::requantize_row({s.zp, s.lo, s.hi, s.shift}, sums, mult, y, n);
  }
  static MOTE_INLINE void multiply_wide(const int16_t* x, const int16_t* w, int32_t k,
                                        int32_t* sums) {
    dsp::multiply_wide(x, w, k, sums);
  }
  static MOTE_INLINE void multiply_long(const int16_t* x, const int16_t* w, int32_t k,
                                        int64_t* sums) {
    dsp::multiply_long(x, w, k, sums);
  }
  template <class Isa>
  static MOTE_INLINE void multiply_rows(const int16_t* x, const int8_t* w, int32_t k,
                                        int32_t* sums) {
    dsp::multiply_rows(x, w, k, sums);
  }
  static MOTE_INLINE int32_t scale_one(const StoreS8& s, int32_t acc, int32_t mult) {
    int32_t v;
    __asm__("smmlar %0, %1, %2, %3"
            : "=r"(v)
            : "r"(static_cast<uint32_t>(acc) << s.shift), "r"(mult), "r"(s.zp));
    return v;
  }
#endif
};

}  // namespace mote::isa
