// Vectors by the compiler's own extension (GCC and clang), as wide as the host's registers: 16, 8
// or 4 floats. For host builds, and for any core without an ISA header of its own but with SIMD.
#pragma once
#if defined(__AVX__)
#include <immintrin.h>
#endif
#include "scalar.h"

namespace mote::isa {

struct Vec : Scalar {
  static constexpr const char* kName = "vec";
  // Weights are packed before the width of the vectors is known: blocks are 32 channels (16 for
  // depthwise) whatever it is.
#if defined(__AVX512F__)
  static constexpr int32_t kLanes = 16;
  static constexpr int32_t kMr = 8;  // 16 sums, 2 weights and an input of 32 registers
#elif defined(__AVX__)
  static constexpr int32_t kLanes = 8;
  static constexpr int32_t kMr = 2;  // 8 sums, 4 weights and an input of 16 registers
#else
  static constexpr int32_t kLanes = 4;
  static constexpr int32_t kMr = 1;  // 8 sums, and an input; weights come from memory
#endif
  static constexpr int32_t kNv = 32 / kLanes;
  static constexpr int32_t kDwNv = 16 / kLanes;
  static constexpr int32_t kDwPixels = 4 / kDwNv;
  static constexpr int32_t kDenseSums = 4;

  typedef float VF __attribute__((vector_size(kLanes * sizeof(float)), may_alias));
  typedef float UnalignedVF
      __attribute__((vector_size(kLanes * sizeof(float)), may_alias, aligned(4)));

  static MOTE_INLINE VF load(const float* p) { return *reinterpret_cast<const UnalignedVF*>(p); }
  static MOTE_INLINE void store(float* p, VF v) { *reinterpret_cast<UnalignedVF*>(p) = v; }
  static MOTE_INLINE VF splat(float x) { return VF{} + x; }
  static MOTE_INLINE VF add(VF a, VF b) { return a + b; }
  static MOTE_INLINE VF mul(VF a, VF b) { return a * b; }
  static MOTE_INLINE VF fma(VF acc, VF a, VF b) { return acc + a * b; }
  static MOTE_INLINE VF fma_scalar(VF acc, VF v, float x) { return acc + v * x; }
  static MOTE_INLINE VF max(VF a, VF b) { return a > b ? a : b; }
  static MOTE_INLINE VF min(VF a, VF b) { return a < b ? a : b; }
  static MOTE_INLINE float reduce_add(VF v) {
    float sum = v[0];
    for (int32_t i = 1; i < kLanes; ++i) sum += v[i];
    return sum;
  }

#if defined(__AVX512F__)
  static MOTE_INLINE __mmask16 first(int32_t n) { return static_cast<__mmask16>((1u << n) - 1); }
  static MOTE_INLINE VF load_n(const float* p, int32_t n) {
    return (VF)_mm512_maskz_loadu_ps(first(n), p);
  }
  static MOTE_INLINE void store_n(float* p, VF v, int32_t n) {
    _mm512_mask_storeu_ps(p, first(n), (__m512)v);
  }
#elif defined(__AVX__)
  static MOTE_INLINE __m256i first(int32_t n) {
    static constexpr int32_t kOnes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kOnes + 8 - n));
  }
  static MOTE_INLINE VF load_n(const float* p, int32_t n) {
    return (VF)_mm256_maskload_ps(p, first(n));
  }
  static MOTE_INLINE void store_n(float* p, VF v, int32_t n) {
    _mm256_maskstore_ps(p, first(n), (__m256)v);
  }
#else
  static MOTE_INLINE VF load_n(const float* p, int32_t n) {
    VF v{};
    for (int32_t i = 0; i < n; ++i) v[i] = p[i];
    return v;
  }
  static MOTE_INLINE void store_n(float* p, VF v, int32_t n) {
    for (int32_t i = 0; i < n; ++i) p[i] = v[i];
  }
#endif

  template <int32_t J>
  static MOTE_INLINE VF fma_k(VF acc, VF v, XK x) {
    return acc + v * x;
  }
};

}  // namespace mote::isa
