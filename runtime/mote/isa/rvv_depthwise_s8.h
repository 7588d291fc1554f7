// Depthwise convolution of RvvS8: one channel per lane, weights [taps][channels].
#pragma once
#include "rvv_gemm_s8.h"

namespace mote::isa::rvv {

// A depthwise layer with one output channel per input channel, at run time.
struct Depthwise {
  Store store;
  int32_t in_w, channels, out_w, kernel_h, kernel_w, stride, dilation, pad_left, pad_value;
};

MOTE_INLINE vint16m2_t load_wide(const int8_t* p, size_t vl) {
  return __riscv_vsext_vf2_i16m2(__riscv_vle8_v_i8m1(p, vl), vl);
}

// Any kernel, `vl` channels: weights come from memory for every pixel.
MOTE_INLINE void depthwise_any(const Depthwise& d, const int8_t* const* rows, int32_t c0,
                               const int8_t* w, const int32_t* bias, vint32m4_t mult, int8_t* y,
                               size_t vl) {
  for (int32_t ox = 0; ox < d.out_w; ++ox, y += d.channels) {
    vint32m4_t acc = __riscv_vle32_v_i32m4(bias, vl);
    const int8_t* wt = w;
    for (int32_t ky = 0; ky < d.kernel_h; ++ky) {
      int32_t ix = ox * d.stride - d.pad_left;
      for (int32_t kx = 0; kx < d.kernel_w; ++kx, ix += d.dilation, wt += d.channels) {
        const vint16m2_t weights = load_wide(wt, vl);
        if (rows[ky] != nullptr && ix >= 0 && ix < d.in_w) {
          acc = __riscv_vwmacc_vv_i32m4(acc, load_wide(rows[ky] + ix * d.channels + c0, vl),
                                        weights, vl);
        } else {
          acc = __riscv_vwmacc_vx_i32m4(acc, static_cast<int16_t>(d.pad_value), weights, vl);
        }
      }
    }
    store_s8(d.store, acc, mult, y, vl);
  }
}

// Weights of three rows under one column.
MOTE_INLINE vint32m4_t column(vint32m4_t acc, const int8_t* r0, const int8_t* r1, const int8_t* r2,
                              vint16m2_t w0, vint16m2_t w1, vint16m2_t w2, size_t vl) {
  acc = __riscv_vwmacc_vv_i32m4(acc, load_wide(r0, vl), w0, vl);
  acc = __riscv_vwmacc_vv_i32m4(acc, load_wide(r1, vl), w1, vl);
  return __riscv_vwmacc_vv_i32m4(acc, load_wide(r2, vl), w2, vl);
}
MOTE_INLINE vint32m4_t pad_column(vint32m4_t acc, int32_t pad, vint16m2_t w0, vint16m2_t w1,
                                  vint16m2_t w2, size_t vl) {
  const int16_t x = static_cast<int16_t>(pad);
  acc = __riscv_vwmacc_vx_i32m4(acc, x, w0, vl);
  acc = __riscv_vwmacc_vx_i32m4(acc, x, w1, vl);
  return __riscv_vwmacc_vx_i32m4(acc, x, w2, vl);
}

// 3x3: the weights stay in registers, 18 of them, and two neighbouring pixels share a column's
// inputs where the stride is 1.
MOTE_INLINE void depthwise_3x3(const Depthwise& d, const int8_t* const* rows, const int8_t* pad,
                               int32_t c0, const int8_t* w, const int32_t* bias, vint32m4_t mult,
                               int8_t* y, size_t vl) {
  const int32_t c = d.channels;
  const vint16m2_t w0 = load_wide(w, vl), w1 = load_wide(w + c, vl), w2 = load_wide(w + 2 * c, vl),
                   w3 = load_wide(w + 3 * c, vl), w4 = load_wide(w + 4 * c, vl),
                   w5 = load_wide(w + 5 * c, vl), w6 = load_wide(w + 6 * c, vl),
                   w7 = load_wide(w + 7 * c, vl), w8 = load_wide(w + 8 * c, vl);
  // A row of padding is one vector that does not move.
  const int32_t s0 = rows[0] == nullptr ? 0 : c, s1 = rows[1] == nullptr ? 0 : c,
                s2 = rows[2] == nullptr ? 0 : c;
  int32_t ix = -d.pad_left;
  const int8_t* r0 = s0 ? rows[0] + c0 + ix * c : pad;
  const int8_t* r1 = s1 ? rows[1] + c0 + ix * c : pad;
  const int8_t* r2 = s2 ? rows[2] + c0 + ix * c : pad;
  for (int32_t ox = 0; ox < d.out_w;) {
    vint32m4_t acc = __riscv_vle32_v_i32m4(bias, vl);
    if (d.stride == 1 && ix >= 0 && ix + 3 < d.in_w && ox + 1 < d.out_w) {
      vint32m4_t next = __riscv_vle32_v_i32m4(bias, vl);
      acc = column(acc, r0, r1, r2, w0, w3, w6, vl);
#define MOTE_RVV_SHARED(r, s, kx, wa, wb)            \
  {                                                  \
    const vint16m2_t x = load_wide(r + kx * s, vl);  \
    acc = __riscv_vwmacc_vv_i32m4(acc, x, wa, vl);   \
    next = __riscv_vwmacc_vv_i32m4(next, x, wb, vl); \
  }
      MOTE_RVV_SHARED(r0, s0, 1, w1, w0)
      MOTE_RVV_SHARED(r1, s1, 1, w4, w3)
      MOTE_RVV_SHARED(r2, s2, 1, w7, w6)
      MOTE_RVV_SHARED(r0, s0, 2, w2, w1)
      MOTE_RVV_SHARED(r1, s1, 2, w5, w4)
      MOTE_RVV_SHARED(r2, s2, 2, w8, w7)
#undef MOTE_RVV_SHARED
      next = column(next, r0 + 3 * s0, r1 + 3 * s1, r2 + 3 * s2, w2, w5, w8, vl);
      store_s8(d.store, acc, mult, y, vl);
      store_s8(d.store, next, mult, y + c, vl);
      ox += 2, ix += 2, y += 2 * c;
      r0 += 2 * s0, r1 += 2 * s1, r2 += 2 * s2;
      continue;
    }
    const auto inside = [&](int32_t kx) { return ix + kx >= 0 && ix + kx < d.in_w; };
    acc = inside(0) ? column(acc, r0, r1, r2, w0, w3, w6, vl)
                    : pad_column(acc, d.pad_value, w0, w3, w6, vl);
    acc = inside(1) ? column(acc, r0 + s0, r1 + s1, r2 + s2, w1, w4, w7, vl)
                    : pad_column(acc, d.pad_value, w1, w4, w7, vl);
    acc = inside(2) ? column(acc, r0 + 2 * s0, r1 + 2 * s1, r2 + 2 * s2, w2, w5, w8, vl)
                    : pad_column(acc, d.pad_value, w2, w5, w8, vl);
    store_s8(d.store, acc, mult, y, vl);
    ++ox, ix += d.stride, y += c;
    r0 += d.stride * s0, r1 += d.stride * s1, r2 += d.stride * s2;
  }
}

constexpr size_t kMaxDepthwise = 64;  // channels at a time, whatever the vectors' length

inline __attribute__((noinline)) void depthwise_row(const Depthwise& d, const int8_t* const* rows,
                                                    const int8_t* w, const int32_t* bias,
                                                    const int32_t* mult, int8_t* y) {
  const bool usual = d.kernel_h == 3 && d.kernel_w == 3 && d.dilation == 1;
  int8_t pad[kMaxDepthwise];
  memset(pad, d.pad_value, sizeof pad);
  size_t vl;
  for (int32_t c0 = 0; c0 < d.channels; c0 += static_cast<int32_t>(vl)) {
    const size_t left = static_cast<size_t>(d.channels - c0);
    vl = __riscv_vsetvl_e16m2(left < kMaxDepthwise ? left : kMaxDepthwise);
    const vint32m4_t m = load_half_mult(mult + c0, vl);
    if (usual) {
      depthwise_3x3(d, rows, pad, c0, w + c0, bias + c0, m, y + c0, vl);
    } else {
      depthwise_any(d, rows, c0, w + c0, bias + c0, m, y + c0, vl);
    }
  }
}

}  // namespace mote::isa::rvv
