// NEON of AArch64 (32 vector registers, multiply-add by a lane) and of Armv7-A (16 registers).
//
// On any other machine the same struct has the layouts alone, and scalar arithmetic.
#pragma once
#if defined(__ARM_NEON)
#include <arm_neon.h>
#endif
#include "scalar.h"

namespace mote::isa {

#if !defined(__ARM_NEON)

struct Neon : Scalar {
  static constexpr const char* kName = "neon";
  static constexpr int32_t kNv = 16;  // blocks of as many channels as the vectors hold
  static constexpr int32_t kDwNv = 8;
};

#else

struct Neon : Scalar {
  static constexpr const char* kName = "neon";
  using VF = float32x4_t;
  static constexpr int32_t kLanes = 4;
#if defined(__aarch64__)
  static constexpr int32_t kMr = 4;  // 16 sums, 4 weights, 4 pixels by 4 inputs
#else
  static constexpr int32_t kMr = 2;  // 8 sums, 4 weights, 2 pixels by 4 inputs
#endif
  static constexpr int32_t kNv = 4;  // the same for both, so that they share packed weights
  static constexpr int32_t kDwPixels = 4;
  static constexpr int32_t kDwNv = 2;
  static constexpr int32_t kDenseSums = 2;

  static constexpr int32_t kKu = 4;
  using XK = float32x4_t;

  static MOTE_INLINE VF load(const float* p) { return vld1q_f32(p); }
  static MOTE_INLINE void store(float* p, VF v) { vst1q_f32(p, v); }
  static MOTE_INLINE VF splat(float x) { return vdupq_n_f32(x); }
  static MOTE_INLINE VF add(VF a, VF b) { return vaddq_f32(a, b); }
  static MOTE_INLINE VF mul(VF a, VF b) { return vmulq_f32(a, b); }
  static MOTE_INLINE VF max(VF a, VF b) { return vmaxq_f32(a, b); }
  static MOTE_INLINE VF min(VF a, VF b) { return vminq_f32(a, b); }

  static MOTE_INLINE VF load_n(const float* p, int32_t n) {
    float lanes[4] = {};
    for (int32_t i = 0; i < n; ++i) lanes[i] = p[i];
    return vld1q_f32(lanes);
  }
  static MOTE_INLINE void store_n(float* p, VF v, int32_t n) {
    float lanes[4];
    vst1q_f32(lanes, v);
    for (int32_t i = 0; i < n; ++i) p[i] = lanes[i];
  }

  static MOTE_INLINE XK load_k(const float* x) { return vld1q_f32(x); }

#if defined(__aarch64__)
  static MOTE_INLINE VF fma(VF acc, VF a, VF b) { return vfmaq_f32(acc, a, b); }
  static MOTE_INLINE VF fma_scalar(VF acc, VF v, float x) { return vfmaq_n_f32(acc, v, x); }
  static MOTE_INLINE float reduce_add(VF v) { return vaddvq_f32(v); }
  template <int32_t J>
  static MOTE_INLINE VF fma_k(VF acc, VF v, XK x) {
    return vfmaq_laneq_f32(acc, v, x, J);
  }
#else
  // Armv7 has no fused multiply-add by a lane; VMLA by a lane rounds twice and saves the VDUP.
  static MOTE_INLINE VF fma(VF acc, VF a, VF b) { return vmlaq_f32(acc, a, b); }
  static MOTE_INLINE VF fma_scalar(VF acc, VF v, float x) { return vmlaq_n_f32(acc, v, x); }
  static MOTE_INLINE float reduce_add(VF v) {
    const float32x2_t pairs = vadd_f32(vget_low_f32(v), vget_high_f32(v));
    return vget_lane_f32(vpadd_f32(pairs, pairs), 0);
  }
  template <int32_t J>
  static MOTE_INLINE VF fma_k(VF acc, VF v, XK x) {
    if constexpr (J < 2) {
      return vmlaq_lane_f32(acc, v, vget_low_f32(x), J);
    } else {
      return vmlaq_lane_f32(acc, v, vget_high_f32(x), J - 2);
    }
  }
#endif
};

#endif

}  // namespace mote::isa
