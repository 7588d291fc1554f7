// Depthwise convolution of RvvS8: one channel per lane, weights [taps][channels].
//
// Lanes are 8 bits at LMUL 2. Two products of a lane fit 16 bits (LMUL 4), then both halves are
// added to 32-bit sums (LMUL 4 each): 14 instructions per two taps and 32 channels (VLEN 128),
// where widening inputs and weights first takes as many for half of the channels.
// Where two or more pixels fit a vector, lanes are pixels by channels, as they lie in memory.
#pragma once
#include "rvv_gemm_s8.h"

namespace mote::isa::rvv {

// A depthwise layer with one output channel per input channel, at run time.
struct Depthwise {
  Store store;
  int32_t in_w, channels, out_w, kernel_h, kernel_w, stride, dilation, pad_left, pad_value;
};

constexpr int32_t kMaxLanes = 64;  // what one pass computes, however long vectors are

// low and high += products, all lanes of the vectors: what is beyond vl never leaves them.
#define MOTE_RVV_ADD(products)                                                      \
  low = __riscv_vwadd_wv_i32m4(low, __riscv_vget_v_i16m4_i16m2(products, 0), half); \
  high = __riscv_vwadd_wv_i32m4(high, __riscv_vget_v_i16m4_i16m2(products, 1), half)

// One pass over `lanes` lanes of channels c0 and following. Weights `w_step` bytes apart.
struct Pass {
  int32_t c0, lanes, pixels;
  const int8_t* w;
  int32_t w_step;
};

// Nine taps, sums in `low` and `high`. Inline assembly, because compilers load inputs ahead and
// spill: 24 registers hold sums, biases and multipliers, and v0 .. v7 are left. x0 .. x8 are
// instructions that put the address of a tap's inputs in %[at].
// clang-format off
#define MOTE_RVV_LOAD_TAP(address, x, w) \
  address                                \
  "vle8.v " x ", (%[at])\n\t"            \
  "vle8.v " w ", (%[w])\n\t"             \
  "add %[w], %[w], %[w_step]\n\t"
#define MOTE_RVV_ADD_FROM(low, high)           \
  "vsetvli %[all], zero, e16, m2, ta, ma\n\t"  \
  "vwadd.wv %[low], %[" low "], v4\n\t"        \
  "vwadd.wv %[high], %[" high "], v6\n\t"      \
  "vsetvli zero, %[lanes], e8, m2, ta, ma\n\t"
#define MOTE_RVV_TAP_PAIR(a, b, low, high) \
  MOTE_RVV_LOAD_TAP(a, "v0", "v2")         \
  "vwmul.vv v4, v0, v2\n\t"                \
  MOTE_RVV_LOAD_TAP(b, "v0", "v2")        \
  "vwmacc.vv v4, v0, v2\n\t"               \
  MOTE_RVV_ADD_FROM(low, high)
#define MOTE_RVV_NINE_TAPS(x0, x1, x2, x3, x4, x5, x6, x7, x8) \
  "vsetvli zero, %[lanes], e8, m2, ta, ma\n\t"                 \
  MOTE_RVV_TAP_PAIR(x0, x1, "bias_low", "bias_high")           \
  MOTE_RVV_TAP_PAIR(x2, x3, "low", "high")                     \
  MOTE_RVV_TAP_PAIR(x4, x5, "low", "high")                     \
  MOTE_RVV_TAP_PAIR(x6, x7, "low", "high")                     \
  MOTE_RVV_LOAD_TAP(x8, "v0", "v2")                            \
  "vwmul.vv v4, v0, v2\n\t"                                    \
  "vsetvli %[all], zero, e16, m2, ta, ma\n\t"                  \
  "vwadd.wv %[low], %[low], v4\n\t"                            \
  "vwadd.wv %[high], %[high], v6"
// clang-format on
#define MOTE_RVV_FIRST(i) "mv %[at], %[r" i "]\n\t"
#define MOTE_RVV_NEXT(i) "add %[at], %[at], %[s" i "]\n\t"
#if __riscv_xlen == 64
#define MOTE_RVV_POINTER(i) "ld %[at], 8*" i "(%[x])\n\t"
#else
#define MOTE_RVV_POINTER(i) "lw %[at], 4*" i "(%[x])\n\t"
#endif

// 3x3, no dilation. Rows of padding and columns beyond the border read `pad`.
MOTE_INLINE void depthwise_3x3(const Depthwise& d, const Pass& pass, const int8_t* const* rows,
                               const int8_t* pad, vint32m4_t bias_low, vint32m4_t bias_high,
                               vint32m4_t mult_low, vint32m4_t mult_high, int8_t* y) {
  const Store store = d.store;
  const int32_t c = d.channels, in_w = d.in_w, stride = d.stride;
  const int32_t single = pass.pixels == 1 ? pass.lanes : c;
  int32_t ix = -d.pad_left;
  const int32_t s0 = rows[0] == nullptr ? 0 : c, s1 = rows[1] == nullptr ? 0 : c,
                s2 = rows[2] == nullptr ? 0 : c;
  const int8_t* r0 = s0 == 0 ? pad : rows[0] + pass.c0 + ix * c;
  const int8_t* r1 = s1 == 0 ? pad : rows[1] + pass.c0 + ix * c;
  const int8_t* r2 = s2 == 0 ? pad : rows[2] + pass.c0 + ix * c;
  // From one pixel to the next, and from one group of pixels to the next.
  const int32_t a0 = stride * s0, a1 = stride * s1, a2 = stride * s2;
  const int32_t n0 = pass.pixels * a0, n1 = pass.pixels * a1, n2 = pass.pixels * a2;
  const int32_t next_y = pass.pixels * c, next_ix = pass.pixels * stride;
  const int32_t last = in_w - 1 - pass.pixels;
  for (int32_t left = d.out_w; left > 0;) {
    const int8_t* w = pass.w;
    vint32m4_t low, high;
    const void* at;
    size_t all;
    int32_t lanes = pass.lanes;
    int8_t* out = y;
    if (ix >= 0 && ix < last && pass.pixels <= left) {
      __asm__ volatile(
          MOTE_RVV_NINE_TAPS(MOTE_RVV_FIRST("0"), MOTE_RVV_NEXT("0"), MOTE_RVV_NEXT("0"),
                             MOTE_RVV_FIRST("1"), MOTE_RVV_NEXT("1"), MOTE_RVV_NEXT("1"),
                             MOTE_RVV_FIRST("2"), MOTE_RVV_NEXT("2"), MOTE_RVV_NEXT("2"))
          : [low] "=&vr"(low), [high] "=&vr"(high), [at] "=&r"(at), [all] "=&r"(all), [w] "+&r"(w)
          : [r0] "r"(r0), [r1] "r"(r1), [r2] "r"(r2), [s0] "r"(s0), [s1] "r"(s1), [s2] "r"(s2),
            [lanes] "r"(lanes), [w_step] "r"(pass.w_step), [bias_low] "vr"(bias_low),
            [bias_high] "vr"(bias_high)
          : "memory", "vl", "vtype", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7");
      left -= pass.pixels, y += next_y, ix += next_ix, r0 += n0, r1 += n1, r2 += n2;
    } else {
      lanes = single;
      const int8_t* x[9];
      for (int32_t i = 0; i < 3; ++i) {
        const bool inside = ix + i >= 0 && ix + i < in_w;
        x[i] = inside ? r0 + i * s0 : pad;
        x[3 + i] = inside ? r1 + i * s1 : pad;
        x[6 + i] = inside ? r2 + i * s2 : pad;
      }
      __asm__ volatile(
          MOTE_RVV_NINE_TAPS(MOTE_RVV_POINTER("0"), MOTE_RVV_POINTER("1"), MOTE_RVV_POINTER("2"),
                             MOTE_RVV_POINTER("3"), MOTE_RVV_POINTER("4"), MOTE_RVV_POINTER("5"),
                             MOTE_RVV_POINTER("6"), MOTE_RVV_POINTER("7"), MOTE_RVV_POINTER("8"))
          : [low] "=&vr"(low), [high] "=&vr"(high), [at] "=&r"(at), [all] "=&r"(all), [w] "+&r"(w)
          : [x] "r"(x), [lanes] "r"(lanes), [w_step] "r"(pass.w_step), [bias_low] "vr"(bias_low),
            [bias_high] "vr"(bias_high)
          : "memory", "vl", "vtype", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7");
      left -= 1, y += c, ix += stride, r0 += a0, r1 += a1, r2 += a2;
    }
    const size_t vl = static_cast<size_t>(lanes);
    __riscv_vse8_v_i8m2(out, results(store, low, high, mult_low, mult_high, vl), vl);
  }
}
#undef MOTE_RVV_LOAD_TAP
#undef MOTE_RVV_ADD_FROM
#undef MOTE_RVV_TAP_PAIR
#undef MOTE_RVV_NINE_TAPS
#undef MOTE_RVV_FIRST
#undef MOTE_RVV_NEXT
#undef MOTE_RVV_POINTER

// Any kernel, one pixel at a time.
MOTE_INLINE void depthwise_any(const Depthwise& d, const Pass& pass, const int8_t* const* rows,
                               vint32m4_t bias_low, vint32m4_t bias_high, vint32m4_t mult_low,
                               vint32m4_t mult_high, int8_t* y) {
  const size_t half = __riscv_vsetvlmax_e32m4(), vl = static_cast<size_t>(pass.lanes);
  const int8_t pad = static_cast<int8_t>(d.pad_value);
  const int32_t x_step = d.dilation * d.channels;
  for (int32_t ox = 0; ox < d.out_w; ++ox, y += d.channels) {
    const int32_t ix = ox * d.stride - d.pad_left;
    const Range inside = taps_inside(ix, d.kernel_w, d.dilation, d.in_w);
    vint32m4_t low = bias_low, high = bias_high;
    const int8_t* w = pass.w;
    for (int32_t ky = 0; ky < d.kernel_h; ++ky) {
      const Range in = rows[ky] == nullptr ? Range{d.kernel_w, d.kernel_w} : inside;
      int32_t kx = 0;
      for (; kx < in.begin; ++kx, w += pass.w_step) {
        const vint16m4_t p = __riscv_vwmul_vx_i16m4(__riscv_vle8_v_i8m2(w, vl), pad, vl);
        MOTE_RVV_ADD(p);
      }
      const int8_t* x = rows[ky] + (ix + in.begin * d.dilation) * d.channels + pass.c0;
      for (; kx < in.end; kx += 2) {
        vint16m4_t p =
            __riscv_vwmul_vv_i16m4(__riscv_vle8_v_i8m2(x, vl), __riscv_vle8_v_i8m2(w, vl), vl);
        x += x_step, w += pass.w_step;
        if (kx + 1 < in.end) {
          p = __riscv_vwmacc_vv_i16m4(p, __riscv_vle8_v_i8m2(x, vl), __riscv_vle8_v_i8m2(w, vl),
                                      vl);
          x += x_step, w += pass.w_step;
        }
        MOTE_RVV_ADD(p);
      }
      for (kx = in.end; kx < d.kernel_w; ++kx, w += pass.w_step) {
        const vint16m4_t p = __riscv_vwmul_vx_i16m4(__riscv_vle8_v_i8m2(w, vl), pad, vl);
        MOTE_RVV_ADD(p);
      }
    }
    __riscv_vse8_v_i8m2(y, results(d.store, low, high, mult_low, mult_high, vl), vl);
  }
}
#undef MOTE_RVV_ADD

// The numbers of `lanes` lanes: of channel lane % channels, in two halves.
MOTE_INLINE vint32m4_t load_lanes(const int32_t* p, int32_t first, int32_t lanes,
                                  int32_t channels) {
  const size_t vl = lanes > first ? __riscv_vsetvl_e32m4(static_cast<size_t>(lanes - first)) : 0;
  if (lanes <= channels) return __riscv_vle32_v_i32m4(p + first, vl);
  vuint32m4_t at = __riscv_vadd_vx_u32m4(__riscv_vid_v_u32m4(vl), static_cast<uint32_t>(first), vl);
  at = __riscv_vremu_vx_u32m4(at, static_cast<uint32_t>(channels), vl);
  return __riscv_vluxei32_v_i32m4(p, __riscv_vsll_vx_u32m4(at, 2, vl), vl);
}

inline __attribute__((noinline)) void depthwise_row(const Depthwise& d, const int8_t* const* rows,
                                                    const int8_t* w, const int32_t* bias,
                                                    const int32_t* mult, int8_t* y) {
  const bool usual = d.kernel_h == 3 && d.kernel_w == 3 && d.dilation == 1;
  const int32_t half = static_cast<int32_t>(__riscv_vsetvlmax_e32m4());
  const int32_t most = 2 * half < kMaxLanes ? 2 * half : kMaxLanes;
  int8_t pad[kMaxLanes], repeated[9 * kMaxLanes];
  {
    const size_t vl = static_cast<size_t>(most);
    __riscv_vse8_v_i8m2(pad, __riscv_vmv_v_x_i8m2(static_cast<int8_t>(d.pad_value), vl), vl);
  }
  Pass pass;
  for (int32_t c0 = 0; c0 < d.channels; c0 += most) {
    const int32_t left = d.channels - c0;
    pass = {c0, left < most ? left : most, 1, w + c0, d.channels};
    if (usual && d.stride == 1 && d.channels * 2 <= most) {
      // Weights of a pixel stand once for each pixel.
      pass.pixels = most / d.channels, pass.lanes = pass.pixels * d.channels;
      pass.w = repeated, pass.w_step = pass.lanes;
      const size_t vl = static_cast<size_t>(pass.lanes);
      const vuint8m2_t from =
          __riscv_vremu_vx_u8m2(__riscv_vid_v_u8m2(vl), static_cast<uint8_t>(d.channels), vl);
      MOTE_NO_UNROLL for (int32_t t = 0; t < 9; ++t) {
        __riscv_vse8_v_i8m2(repeated + t * pass.lanes,
                            __riscv_vluxei8_v_i8m2(w + t * d.channels, from, vl), vl);
      }
    }
    const size_t all = static_cast<size_t>(half);
    const vint32m4_t b0 = load_lanes(bias + c0, 0, pass.lanes, left);
    const vint32m4_t b1 = load_lanes(bias + c0, half, pass.lanes, left);
    const vint32m4_t m0 = __riscv_vsra_vx_i32m4(load_lanes(mult + c0, 0, pass.lanes, left), 1, all);
    const vint32m4_t m1 =
        __riscv_vsra_vx_i32m4(load_lanes(mult + c0, half, pass.lanes, left), 1, all);
    if (usual) {
      depthwise_3x3(d, pass, rows, pad, b0, b1, m0, m1, y + c0);
    } else {
      depthwise_any(d, pass, rows, b0, b1, m0, m1, y + c0);
    }
  }
}

}  // namespace mote::isa::rvv
