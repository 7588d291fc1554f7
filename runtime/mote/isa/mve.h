// Helium (MVE) of Armv8.1-M, as in the Cortex-M55 and M85: eight vectors of four floats, predicated
// loads and stores, and multiply-add by a value in a general register.
//
// On any other machine the same struct has the layouts alone, and scalar arithmetic.
#pragma once
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)
#include <arm_mve.h>
#endif

#include "scalar.h"

namespace mote::isa {

#if !defined(__ARM_FEATURE_MVE) || !(__ARM_FEATURE_MVE & 2)

struct Mve : Scalar {
  static constexpr const char* kName = "mve";
  static constexpr int32_t kNv = 8;  // blocks of as many channels as the vectors hold
  static constexpr int32_t kDwNv = 4;
};

#else

struct Mve : Scalar {
  static constexpr const char* kName = "mve";
  using VF = float32x4_t;
  static constexpr int32_t kLanes = 4;
  static constexpr int32_t kMr = 3;  // 6 sums and 2 weights; inputs stay in general registers
  static constexpr int32_t kNv = 2;
  static constexpr int32_t kDwPixels = 3;
  static constexpr int32_t kDwNv = 1;
  static constexpr int32_t kDenseSums = 1;

#if defined(__clang__)
  static MOTE_INLINE VF load(const float* p) { return vldrwq_f32(p); }
#else
  // GCC moves loads ahead, more than eight registers hold, and spills. Volatile ones stay in order:
  // a depthwise layer takes 0.85 instead of 0.95 instructions per multiply-add.
  typedef float InMemory __attribute__((vector_size(16), may_alias, aligned(4)));
  static MOTE_INLINE VF load(const float* p) {
    VF v;
    __asm__ volatile("vldrw.u32 %q0, %E1" : "=w"(v) : "Ux"(*reinterpret_cast<const InMemory*>(p)));
    return v;
  }
#endif
  static MOTE_INLINE void store(float* p, VF v) { vstrwq_f32(p, v); }
  static MOTE_INLINE VF splat(float x) { return vdupq_n_f32(x); }
  static MOTE_INLINE VF add(VF a, VF b) { return vaddq_f32(a, b); }
  static MOTE_INLINE VF mul(VF a, VF b) { return vmulq_f32(a, b); }
  static MOTE_INLINE VF fma(VF acc, VF a, VF b) { return vfmaq_f32(acc, a, b); }
  static MOTE_INLINE VF fma_scalar(VF acc, VF v, float x) { return vfmaq_n_f32(acc, v, x); }
  static MOTE_INLINE VF max(VF a, VF b) { return vmaxnmq_f32(a, b); }
  static MOTE_INLINE VF min(VF a, VF b) { return vminnmq_f32(a, b); }
  static MOTE_INLINE float reduce_add(VF v) {
    return (vgetq_lane_f32(v, 0) + vgetq_lane_f32(v, 1)) +
           (vgetq_lane_f32(v, 2) + vgetq_lane_f32(v, 3));
  }

  static MOTE_INLINE VF load_n(const float* p, int32_t n) {
    return vldrwq_z_f32(p, vctp32q(static_cast<uint32_t>(n)));
  }
  static MOTE_INLINE void store_n(float* p, VF v, int32_t n) {
    vstrwq_p_f32(p, v, vctp32q(static_cast<uint32_t>(n)));
  }

  template <int32_t J>
  static MOTE_INLINE VF fma_k(VF acc, VF v, XK x) {
    return vfmaq_n_f32(acc, v, x);
  }

  // The tile of three pixels by eight channels, two inputs at a time: 19 instructions and the end
  // of the loop for 48 multiply-adds. GCC runs out of the eight registers and needs 26.
  template <class Isa, int32_t MR, int32_t NV>
  static MOTE_INLINE int32_t gemm_main(VF (&acc)[MR][NV], const float* x, int32_t x_step,
                                       int32_t length, const float*& w, int32_t w_step) {
    if constexpr (MR == 3 && NV == 2) {
      if (w_step != 8) return 0;
      const float *x0 = x, *x1 = x + x_step, *x2 = x + 2 * x_step, *next = w;
      const int32_t whole = length & ~1;
      MOTE_NO_UNROLL for (int32_t k = 0; k < whole; k += 2) {
        VF w0, w1;
        float a, b, c, d, e, f;
        __asm__ volatile(
            "vldrw.u32 %q6, [%8], #16\n\t"
            "ldrd %12, %13, [%9], #8\n\t"
            "vldrw.u32 %q7, [%8], #16\n\t"
            "ldrd %14, %15, [%10], #8\n\t"
            "vfma.f32 %q0, %q6, %12\n\t"
            "ldrd %16, %17, [%11], #8\n\t"
            "vfma.f32 %q1, %q7, %12\n\t"
            "vfma.f32 %q2, %q6, %14\n\t"
            "vfma.f32 %q3, %q7, %14\n\t"
            "vfma.f32 %q4, %q6, %16\n\t"
            "vldrw.u32 %q6, [%8], #16\n\t"
            "vfma.f32 %q5, %q7, %16\n\t"
            "vldrw.u32 %q7, [%8], #16\n\t"
            "vfma.f32 %q0, %q6, %13\n\t"
            "vfma.f32 %q1, %q7, %13\n\t"
            "vfma.f32 %q2, %q6, %15\n\t"
            "vfma.f32 %q3, %q7, %15\n\t"
            "vfma.f32 %q4, %q6, %17\n\t"
            "vfma.f32 %q5, %q7, %17"
            : "+w"(acc[0][0]), "+w"(acc[0][1]), "+w"(acc[1][0]), "+w"(acc[1][1]), "+w"(acc[2][0]),
              "+w"(acc[2][1]), "=&w"(w0), "=&w"(w1), "+r"(next), "+r"(x0), "+r"(x1), "+r"(x2),
              "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d), "=&r"(e), "=&r"(f)
            :
            : "memory");
      }
      w = next;
      return whole;
    }
    return 0;
  }

  // GCC does not step one pointer through consecutive vectors, but copies it and adds to it.
  template <class Isa, int32_t N>
  static MOTE_INLINE void load_weights(const float*& p, int32_t step, VF (&v)[N]) {
    const float* next = p;
    MOTE_UNROLL for (int32_t i = 0; i < N; ++i) {
      __asm__ volatile("vldrw.u32 %q0, [%1], #16"
                       : "=w"(v[i]), "+r"(next)
                       : "m"(*reinterpret_cast<const float(*)[4]>(next)));
    }
    p = step == 4 * N ? next : p + step;
  }
};

#endif

}  // namespace mote::isa
