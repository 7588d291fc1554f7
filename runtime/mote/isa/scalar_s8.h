// The portable integer instruction set, and the base of every other one: constants that say how
// weights are packed and inputs gathered, and primitives that work for any such constants. An ISA
// header derives from ScalarS8, sets the constants, and overrides what it does faster.
//
// The constants hold on every machine, the overrides only where the instructions exist: code
// emitted for any target builds on the host, where it runs the portable primitives on the target's
// own layouts, with the same results.
//
// Every primitive is a static template over the derived ISA, called as Isa::template gemm<Isa,
// ...>.
#pragma once
#include <string.h>

#include "../pack_s8.h"
#include "../quantize.h"
#include "../requant.h"
#include "../window.h"
#include "riscv_tile_s8.h"
#include "scalar_depthwise_s8.h"
#include "scalar_gemm_s8.h"
#include "scalar_int4.h"
#include "thumb1_blocks_s8.h"
#include "thumb1_tile_s8.h"
#include "thumb_blocks_s8.h"
#include "thumb_tile_s8.h"

namespace mote::isa {

// sums[j] = sum over l < k of x[l] * w(j, l), for n rows of weights of recurrent layers that lie
// row by row, of k elements each.
template <class Isa>
MOTE_INLINE void multiply_rows_any(const int16_t* x, const int8_t* w, int32_t k, int32_t n,
                                   int32_t* sums) {
  for (int32_t j = 0; j < n; ++j, w += k) {
    sums[j] = 0;
    for (int32_t l = 0; l < k; ++l) {
      sums[j] += x[l] * pack::gemm_weight(Isa::kGateLayout, w, 1, 0, l);
    }
  }
}

struct ScalarS8 {
  static constexpr const char* kName = "scalar";

  // ---- Layouts (pack_s8.h)
  static constexpr int32_t kNrS8 = 4, kNrTailS8 = 1, kKrS8 = 1;
  static constexpr bool kSwapS8 = false, kPairsS8 = false;

  // ---- Patches: the inputs under one output pixel, gathered in scratch.
  using Patch = int8_t;                     // element of a patch of int8 inputs
  static constexpr int32_t kPatchRows = 4;  // pixels gathered at a time
  // Elements between patches are a multiple of this; those behind the k inputs are zeros.
  static constexpr int32_t kPatchAlign = 4;
  // Bytes of scratch beyond the patches, for patches of k inputs that come in pieces of multiples
  // of `piece`.
  static constexpr int64_t staging_bytes(int64_t /*k*/, int64_t /*piece*/) { return 0; }
  // Whether gemm takes int8 images as patches. Where it does, it reads no element beyond k.
  static constexpr bool kDirect = true;

  // Biases and multipliers are arrays filled up with zeros to a multiple of this many entries (for
  // each group of a convolution that is not the last, the next group follows directly).
  static constexpr int32_t kParamsAlign = 4;

  // Copies n inputs into a patch; fills n elements of a patch.
  template <class To, class X>
  static MOTE_INLINE void gather(To* to, const X* from, int32_t n) {
    if constexpr (sizeof(To) == sizeof(X)) {
      copy_bytes(reinterpret_cast<int8_t*>(to), reinterpret_cast<const int8_t*>(from),
                 n * static_cast<int32_t>(sizeof(To)));
    } else {
      for (int32_t i = 0; i < n; ++i) to[i] = from[i];
    }
  }
  template <class To>
  static MOTE_INLINE void fill(To* to, int32_t value, int32_t n) {
    for (int32_t i = 0; i < n; ++i) to[i] = static_cast<To>(value);
  }

  // ---- Weights of four bits (int4.h)
  // `rows` rows of n int8 weights from bytes that hold two, times n factors; null: 1.
  template <class Isa>
  static MOTE_INLINE void spread_s4(const int8_t* from, int32_t rows, int32_t n,
                                    const int8_t* factors, int8_t* to) {
    constexpr int32_t kFull = Isa::kNrS8 * Isa::kKrS8;
    if (n == kFull) {  // the loops have constant ends
      spread_int4_rows<Isa::kPairsS8>(from, rows, kFull, factors, to);
    } else {
      spread_int4_rows<Isa::kPairsS8>(from, rows, n, factors, to);
    }
  }
  // As conv2d_row and pointwise, for n neighbouring ones of the output channels, which are not the
  // only ones of a pixel of y.
  template <class Isa, class Rq, class S>
  static MOTE_INLINE bool conv2d_block(const S&, const int8_t* const*, int32_t, const int8_t*,
                                       const int32_t*, const int32_t*, typename Rq::Out*, int8_t*) {
    return false;
  }
  template <class Isa, class Rq, class S>
  static MOTE_INLINE bool pointwise_block(const S&, const int8_t*, int32_t, const int8_t*,
                                          const int32_t*, const int32_t*, typename Rq::Out*,
                                          int8_t*) {
    return false;
  }

  // requantize() without the clamp, in the way that is fastest on the core.
  static MOTE_INLINE int32_t scale_one(const StoreS8& s, int32_t acc, int32_t mult) {
    const int32_t shifted = static_cast<int32_t>(static_cast<uint32_t>(acc) << s.shift);
#if MOTE_ISA_THUMB1_TILE
    return thumb1_multiply_high(shifted, mult) + s.zp;
#elif defined(__riscv) && __riscv_xlen == 32
    // One bit more than the high word (MULHSU), then rounding and zero point at once: 3
    // instructions where the expression below takes 5. It may be near 2^31, see requant.h.
    const uint32_t twice = static_cast<uint32_t>(mult) * 2;
    const int32_t product = static_cast<int32_t>((int64_t)shifted * twice >> 32);
    return (product + (2 * s.zp + 1)) >> 1;
#else
    // Half up: the high word, and one more if the low one is at least half of its range.
    const int64_t product = (int64_t)shifted * mult;
    return static_cast<int32_t>(product >> 32) +
           static_cast<int32_t>(static_cast<uint32_t>(product) >> 31) + s.zp;
#endif
  }

  // Tiles of the portable gemm: kMrS8 pixels by four channels, sums[j][i] = bias[j] + sum over
  // l < k of x[i * x_step + l] * w[4 * l + j]; and kRowS8 channels of one pixel.
#if MOTE_ISA_RISCV_TILE
  static constexpr int32_t kMrS8 = 4, kRowS8 = 16;
#elif MOTE_ISA_THUMB_TILE
  static constexpr int32_t kMrS8 = 2, kRowS8 = 8;
#elif MOTE_ISA_THUMB1_TILE
  static constexpr int32_t kMrS8 = 1, kRowS8 = 4;
#else
  static constexpr int32_t kMrS8 = 2, kRowS8 = 4;
#endif
  template <int32_t MR>
  static MOTE_INLINE void multiply_tile_s8(int32_t (&sums)[4][MR], const int32_t* bias,
                                           const int8_t* x, int32_t x_step, const int8_t* w,
                                           int32_t k) {
#if MOTE_ISA_RISCV_TILE
    if constexpr (MR == 4) return riscv_tile(sums, bias, x, x_step, w, k);
#elif MOTE_ISA_THUMB_TILE
    if constexpr (MR == 2) return thumb_tile(sums, bias, x, x_step, w, k);
#elif MOTE_ISA_THUMB1_TILE
    if constexpr (MR == 1) return thumb1_tile(sums[0], bias, x, w, k);
#endif
    multiply_tile(sums, bias, x, x_step, w, 4, k);
  }
  static MOTE_INLINE void multiply_row_s8(int32_t (&sums)[kRowS8][1], const int32_t* bias,
                                          const int8_t* x, const int8_t* w, int32_t k) {
#if MOTE_ISA_RISCV_TILE
    riscv_row(sums[0], bias, x, w, k);
#elif MOTE_ISA_THUMB_TILE
    thumb_row(sums[0], bias, x, w, k);
#else
    multiply_tile(sums, bias, x, 0, w, 4, k);
#endif
  }

  // The same with results and all: whole blocks of four channels of kBlockPixels pixels, if not 0.
#if MOTE_ISA_THUMB_TILE
  static constexpr int32_t kBlockPixels = 2;
#elif MOTE_ISA_THUMB1_TILE
  static constexpr int32_t kBlockPixels = 1;
#else
  static constexpr int32_t kBlockPixels = 0;
#endif
  static MOTE_INLINE void multiply_blocks_s8(const GemmCall<High, int8_t, int8_t>& call,
                                             const int8_t* x, int8_t* y) {
#if MOTE_ISA_THUMB_TILE || MOTE_ISA_THUMB1_TILE
    using Call = GemmCall<High, int8_t, int8_t>;
    static_assert(offsetof(Call, k) == 12 && offsetof(Call, w) == 20 && offsetof(Call, store) == 40,
                  "assembly has these offsets");
#endif
#if MOTE_ISA_THUMB_TILE
    thumb_blocks(&call, x, y);
#elif MOTE_ISA_THUMB1_TILE
    thumb1_blocks(&call, x, y);
#else
    (void)call, (void)x, (void)y;
#endif
  }

  // y[i * y_step + j] = Rq(bias[j] + sum over l < k of x[i * x_step + l] * w(j, l)), for i < m and
  // j < n; w is one packed group. x is patches, or an image if Isa::kDirect.
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void gemm(const S& s, const X* x, int32_t x_step, int32_t m, int32_t k,
                               int32_t n, const W* w, const int32_t* bias, const int32_t* mult,
                               typename Rq::Out* y, int32_t y_step) {
    constexpr pack::GemmLayout l = pack::gemm_layout<Isa>();
    if constexpr (l.nr == 4 && l.nr_tail == 1 && l.kr == 1) {
      const GemmCall<Rq, X, W> call{x, x_step, m, k, n, w, bias, mult, y, y_step, store_of(s)};
      gemm_tiles<Isa, Rq>(call);
    } else {
      gemm_any_layout<Isa, Rq>(s, x, x_step, m, k, n, w, bias, mult, y, y_step);
    }
  }

  // The same for every layout.
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void gemm_any_layout(const S& s, const X* x, int32_t x_step, int32_t m,
                                          int32_t k, int32_t n, const W* w, const int32_t* bias,
                                          const int32_t* mult, typename Rq::Out* y,
                                          int32_t y_step) {
    constexpr pack::GemmLayout l = pack::gemm_layout<Isa>();
    const int32_t padded = static_cast<int32_t>(pack::round_up(k, l.kr));
    for (int32_t n0 = 0; n0 < n; n0 += l.nr) {
      const int32_t count = n - n0 < l.nr ? n - n0 : l.nr;
      const int32_t width =
          static_cast<int32_t>(pack::round_up(count, count < l.nr ? l.nr_tail : 1));
      const W* block = w + n0 * padded;
      for (int32_t i = 0; i < m; ++i) {
        const X* xi = x + i * x_step;
        for (int32_t j = 0; j < count; ++j) {
          int32_t acc = bias[n0 + j];
          for (int32_t p = 0; p < k; ++p) {
            acc += xi[p] * pack::gemm_weight(l, block, width, j, p);
          }
          y[i * y_step + n0 + j] = Rq::apply(s, acc, mult, n0 + j);
        }
      }
    }
  }

  // The matrix-vector product of a fully connected layer, x an int8 tensor of k elements. Scratch
  // has Isa::dense_scratch(k) bytes.
  static constexpr int64_t dense_scratch(int64_t) { return 0; }
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void dense(const S& s, const X* x, int32_t k, int32_t n, const W* w,
                                const int32_t* bias, const int32_t* mult, typename Rq::Out* y,
                                int8_t* /*scratch*/) {
    Isa::template gemm<Isa, Rq>(s, x, 0, 1, k, n, w, bias, mult, y, 0);
  }

  // A pointwise convolution, and an output row of another one, for an ISA that need not gather
  // every patch or does so in another way: false where it leaves the work to gathering and gemm.
  // Arguments and scratch are those of pointwise_s8 and conv2d_row_s8.
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool pointwise(const S&, const X*, const W*, const int32_t*, const int32_t*,
                                    typename Rq::Out*, int8_t*) {
    return false;
  }
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool conv2d_row(const S&, const X* const*, const W*, const int32_t*,
                                     const int32_t*, typename Rq::Out*, int8_t*) {
    return false;
  }

  // ---- Depthwise convolution
  // Packing: from [kernel_h * kernel_w][channels] of the results. An ISA with a layout of its own
  // overrides all of these, and keeps a portable depthwise_row for it.
  static constexpr int32_t kDwNrS8 = 4;
  static constexpr int64_t depthwise_bytes(int64_t channels, int32_t kernel_h, int32_t kernel_w) {
    return channels * kernel_h * kernel_w;
  }
  template <class Isa>
  static void pack_depthwise(const int8_t* hwc, int64_t channels, int32_t kernel_h,
                             int32_t kernel_w, int8_t* packed) {
    pack::pack_depthwise_lanes(Isa::kDwNrS8, hwc, channels, int64_t{kernel_h} * kernel_w, packed);
  }
  // Bytes of scratch that one layer needs. depthwise_begin is called once per layer, before the
  // first row; what it leaves in scratch stays there.
  template <class S>
  static constexpr int64_t depthwise_scratch(const S&) {
    return 0;
  }
  template <class Isa, class S, class W>
  static MOTE_INLINE void depthwise_begin(const S&, const W*, int8_t*) {}

  // How many output pixels of a whole image may be in flight: all inputs that pixels behind those
  // read are still there when one of them is written.
  template <class S>
  static constexpr int32_t depthwise_pixels(const S& s) {
    return s.out_w;
  }
  // Pixels that a pointwise convolution gathers before it writes them; 0 where pixels are not made
  // in their order.
  static constexpr int32_t kPointwisePixels = 0;

  // A whole image, for an ISA that makes several rows together: false where it leaves the image to
  // depthwise_begin and depthwise_row. Arguments and scratch are those of depthwise_s8.
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool depthwise_image(const S&, const X*, const W*, const int32_t*,
                                          const int32_t*, typename Rq::Out*, int8_t*) {
    return false;
  }

  // Some rows, for an ISA that makes them together. Arguments are those of depthwise_rows_s8.
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool depthwise_rows(const S&, const X* const*, int32_t, const W*,
                                         const int32_t*, const int32_t*, typename Rq::Out*,
                                         int8_t*) {
    return false;
  }

  // One output row from kernel_h input rows. A null row is padding, as is what lies beyond the
  // left and right border: it has the value s.pad_value.
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void depthwise_row(const S& s, const X* const* rows, const W* w,
                                        const int32_t* bias, const int32_t* mult,
                                        typename Rq::Out* y, int8_t* /*scratch*/) {
    if constexpr (Isa::kDwNrS8 == 4 && sizeof(W) == 1) {
      const int32_t chunk = depthwise_chunk(s.kernel_h, s.kernel_w, s.stride_w, s.dilation_w);
      if (s.multiplier == 1 && chunk > 0) {
        const DepthwiseCall<Rq, X, W> call{rows,       w,           bias,       mult,
                                           y,          s.in_w,      s.in_c,     s.out_w,
                                           s.kernel_h, s.kernel_w,  s.stride_w, s.dilation_w,
                                           s.pad_left, s.pad_value, store_of(s)};
        return depthwise_tiles<Isa>(call, chunk);
      }
    }
    depthwise_row_any_layout<Isa, Rq>(s, rows, w, bias, mult, y);
  }

  // The same for every kDwNrS8 and multiplier.
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void depthwise_row_any_layout(const S& s, const X* const* rows, const W* w,
                                                   const int32_t* bias, const int32_t* mult,
                                                   typename Rq::Out* y) {
    const int32_t channels = s.in_c * s.multiplier, taps = s.kernel_h * s.kernel_w;
    for (int32_t ox = 0; ox < s.out_w; ++ox, y += channels) {
      for (int32_t c = 0; c < channels; ++c) {
        const int32_t first = c / Isa::kDwNrS8 * Isa::kDwNrS8, left = channels - first;
        const int32_t width = left < Isa::kDwNrS8 ? left : Isa::kDwNrS8;
        const W* wc = w + first * taps + c % Isa::kDwNrS8;
        int32_t acc = bias[c];
        for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
          for (int32_t kx = 0; kx < s.kernel_w; ++kx, wc += width) {
            const int32_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
            const bool inside = rows[ky] != nullptr && ix >= 0 && ix < s.in_w;
            acc += (inside ? rows[ky][ix * s.in_c + c / s.multiplier] : s.pad_value) * *wc;
          }
        }
        y[c] = Rq::apply(s, acc, mult, c);
      }
    }
  }

  // ---- Elementwise: y[i] = clamp((a[i * a_step] * s.a_mult + b[i * b_step] * s.b_mult + s.offset)
  // >> s.right); a step is 0 or 1. `y` may be `a` or `b` where their step is 1.
  template <class Isa, class S>
  static MOTE_INLINE void add(const S& s, const int8_t* a, int32_t a_step, const int8_t* b,
                              int32_t b_step, int8_t* y, int32_t n) {
    for (int32_t i = 0; i < n; ++i) {
      const int32_t sum = a[i * a_step] * s.a_mult + b[i * b_step] * s.b_mult + s.offset;
      y[i] = static_cast<int8_t>(clamp_i32(sum >> s.right, s.lo, s.hi));
    }
  }

  // sums[c] += x[c] over n channels, for averages.
  template <class X>
  static MOTE_INLINE void accumulate(int32_t* sums, const X* x, int32_t n) {
    for (int32_t c = 0; c < n; ++c) sums[c] += x[c];
  }
  // The same for `count` pixels, `step` elements apart.
  template <class Isa, class X>
  static MOTE_INLINE void accumulate_pixels(int32_t* sums, const X* x, int32_t step, int32_t count,
                                            int32_t n) {
    for (int32_t i = 0; i < count; ++i) Isa::accumulate(sums, x + i * step, n);
  }
  // y[c] = max(y[c], x[c]).
  template <class X>
  static MOTE_INLINE void maximum(X* y, const X* x, int32_t n) {
    for (int32_t c = 0; c < n; ++c) y[c] = x[c] > y[c] ? x[c] : y[c];
  }
  // y[c] = requantize(sums[c]) with one multiplier.
  template <class S>
  static MOTE_INLINE void requantize_row(const S& s, const int32_t* sums, int32_t mult, int8_t* y,
                                         int32_t n) {
    store_pixels<ScalarS8, High>(store_of(s), sums, n, &mult, 0, y, 1);
  }
  template <class S>
  static MOTE_INLINE void requantize_row(const S& s, const int32_t* sums, int32_t mult, int16_t* y,
                                         int32_t n) {
    for (int32_t i = 0; i < n; ++i) y[i] = High16::apply(s, sums[i], &mult, 0);
  }

  // sums[j] = sum over l < k of x[l] * w[j * k + l], for j < 4 and k a multiple of kWideStep.
  static constexpr int32_t kWideStep = 1;
  static MOTE_INLINE void multiply_wide(const int16_t* x, const int16_t* w, int32_t k,
                                        int32_t* sums) {
    int32_t acc[4] = {};
    for (int32_t l = 0; l < k; ++l, ++w) {
      const int32_t xl = x[l];
      MOTE_UNROLL for (int32_t j = 0; j < 4; ++j) acc[j] += xl * w[j * k];
    }
    MOTE_UNROLL for (int32_t j = 0; j < 4; ++j) sums[j] = acc[j];
  }

  // The same in 64 bits, for j < 2 (matmul_s16.h).
  static MOTE_INLINE void multiply_long(const int16_t* x, const int16_t* w, int32_t k,
                                        int64_t* sums) {
    int64_t acc[2] = {};
    for (int32_t l = 0; l < k; ++l) {
      const int32_t xl = x[l];
      MOTE_UNROLL for (int32_t j = 0; j < 2; ++j) acc[j] += xl * w[j * k + l];
    }
    sums[0] = acc[0], sums[1] = acc[1];
  }

  // Weights of recurrent layers (recurrent_s8.h): as above, or row by row with nr of 1. Then
  // multiply_rows makes four sums, see multiply_rows_any.
  static constexpr pack::GemmLayout kGateLayout = {4, 1, 1, false};
  template <class Isa>
  static MOTE_INLINE void multiply_rows(const int16_t* x, const int8_t* w, int32_t k,
                                        int32_t* sums) {
    multiply_rows_any<Isa>(x, w, k, 4, sums);
  }

  // ---- Runs of s.inner, or n, elements of one scale (quantize_s8.h)
  static MOTE_INLINE void quantize_run(const QuantizeShape& s, const float* x, float reciprocal,
                                       int32_t zp, int8_t* y) {
    for (int32_t i = 0; i < s.inner; ++i) {
      y[i] = static_cast<int8_t>(quantize_one(s, x[i], reciprocal, zp));
    }
  }
  static MOTE_INLINE void dequantize_run(const int8_t* x, float scale, int32_t zp, float* y,
                                         int32_t n) {
    for (int32_t i = 0; i < n; ++i) y[i] = static_cast<float>(x[i] - zp) * scale;
  }
};

}  // namespace mote::isa
