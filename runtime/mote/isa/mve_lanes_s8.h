// Depthwise convolution with any kernel in Helium, for one output per input channel: lanes are
// sixteen channels. The products of two taps add up in sixteen bits (2 * 128 * 127 < 2^15), and
// then widen.
#pragma once
#include "mve_gemm_s8.h"

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#endif

namespace mote::isa::mve_lanes {

// Scratch: where each tap lies, and a pixel of padding.
template <class S>
constexpr int64_t scratch_bytes(const S& s) {
  return 4 * pack::round_up(int64_t{s.kernel_h} * s.kernel_w, 4) + pack::round_up(s.in_c, 16);
}

#if defined(__ARM_FEATURE_MVE)

struct Store {
  int32_t zp, lo, hi, shift;
};

// Up to sixteen channels of one pixel. `left` channels are left: weights of a tap are that far
// apart, or 16 bytes.
MOTE_MVE_SHARED inline void outputs(const Store& s, const int8_t* const* taps, int32_t count,
                                    int32_t c, int32_t left, const int8_t* w, const int32_t* bias,
                                    const int32_t* mult, int8_t* y) {
  const int32_t width = left < 16 ? left : 16;
  int32_t padded[2][16];
  if (left < 16) {
    for (int32_t i = 0; i < 16; i += 4) {
      const mve_pred16_t some = vctp32q(static_cast<uint32_t>(left > i ? left - i : 0));
      vstrwq_s32(padded[0] + i, vldrwq_z_s32(bias + i, some));
      vstrwq_s32(padded[1] + i, vldrwq_z_s32(mult + i, some));
    }
    bias = padded[0], mult = padded[1];
  }
  const mve_pred16_t some = vctp8q(static_cast<uint32_t>(left));
  int32x4x4_t acc = vld4q_s32(bias);  // channels 0, 4, 8, 12; 1, 5, ...
  int32_t t = 0;
  for (; t + 2 <= count; t += 2, w += 2 * width) {
    const int8x16_t x0 = vldrbq_z_s8(taps[t] + c, some), w0 = vldrbq_z_s8(w, some);
    int16x8_t even = vmullbq_int_s8(x0, w0), odd = vmulltq_int_s8(x0, w0);
    const int8x16_t x1 = vldrbq_z_s8(taps[t + 1] + c, some), w1 = vldrbq_z_s8(w + width, some);
    even = vaddq_s16(even, vmullbq_int_s8(x1, w1));
    odd = vaddq_s16(odd, vmulltq_int_s8(x1, w1));
    acc.val[0] = vaddq_s32(acc.val[0], vmovlbq_s16(even));
    acc.val[2] = vaddq_s32(acc.val[2], vmovltq_s16(even));
    acc.val[1] = vaddq_s32(acc.val[1], vmovlbq_s16(odd));
    acc.val[3] = vaddq_s32(acc.val[3], vmovltq_s16(odd));
  }
  if (t < count) {
    const int8x16_t x0 = vldrbq_z_s8(taps[t] + c, some), w0 = vldrbq_z_s8(w, some);
    const int16x8_t even = vmullbq_int_s8(x0, w0), odd = vmulltq_int_s8(x0, w0);
    acc.val[0] = vaddq_s32(acc.val[0], vmovlbq_s16(even));
    acc.val[2] = vaddq_s32(acc.val[2], vmovltq_s16(even));
    acc.val[1] = vaddq_s32(acc.val[1], vmovlbq_s16(odd));
    acc.val[3] = vaddq_s32(acc.val[3], vmovltq_s16(odd));
  }
  const int32x4x4_t m = vld4q_s32(mult);
  for (int32_t i = 0; i < 4; ++i) {
    acc.val[i] = vrmulhq_s32(vshlq_r_s32(acc.val[i], s.shift), m.val[i]);
  }
  int16x8_t even = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), acc.val[0]), acc.val[2]);
  int16x8_t odd = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), acc.val[1]), acc.val[3]);
  even = vqaddq_n_s16(even, static_cast<int16_t>(s.zp));
  odd = vqaddq_n_s16(odd, static_cast<int16_t>(s.zp));
  int8x16_t v = vqmovntq_s16(vqmovnbq_s16(vdupq_n_s8(0), even), odd);
  v = vmaxq_s8(v, vdupq_n_s8(static_cast<int8_t>(s.lo)));
  v = vminq_s8(v, vdupq_n_s8(static_cast<int8_t>(s.hi)));
  vstrbq_p_s8(y, v, some);
}

template <class S>
MOTE_INLINE void row(const S& s, const int8_t* const* rows, const int8_t* w, const int32_t* bias,
                     const int32_t* mult, int8_t* y, int8_t* scratch) {
  const int32_t taps = s.kernel_h * s.kernel_w;
  const int8_t** tap = reinterpret_cast<const int8_t**>(scratch);
  int8_t* padding = scratch + 4 * static_cast<int32_t>(pack::round_up(taps, 4));
  memset(padding, s.pad_value, static_cast<size_t>(s.in_c));
  const Store store{s.zp, s.lo, s.hi, s.shift};
  for (int32_t ox = 0; ox < s.out_w; ++ox, y += s.in_c) {
    const int32_t ix = ox * s.stride_w - s.pad_left;
    int32_t t = 0;
    for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
      for (int32_t kx = 0; kx < s.kernel_w; ++kx, ++t) {
        const int32_t at = ix + kx * s.dilation_w;
        const bool inside = rows[ky] != nullptr && at >= 0 && at < s.in_w;
        tap[t] = inside ? rows[ky] + at * s.in_c : padding;
      }
    }
    for (int32_t c = 0; c < s.in_c; c += 16) {
      outputs(store, tap, taps, c, s.in_c - c, w + c * taps, bias + c, mult + c, y + c);
    }
  }
}
#endif

}  // namespace mote::isa::mve_lanes
