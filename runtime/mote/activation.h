// Activations fused into the stores of a float32 kernel. Act is any functor of unary_fn.h; those
// that consist of a few vector operations have a vector form here, all others are applied one
// element at a time after the store.
#pragma once
#include "isa/scalar.h"
#include "unary_fn.h"

namespace mote {

// VectorForm<Act>::kExists, and then apply<Isa>(s, v) for a vector of any ISA.
template <class Act>
struct VectorForm {
  static constexpr bool kExists = false;
};

template <>
struct VectorForm<fn::Identity> {
  static constexpr bool kExists = true;
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF apply(const S&, typename Isa::VF v) {
    return v;
  }
};

template <>
struct VectorForm<fn::Relu> {
  static constexpr bool kExists = true;
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF apply(const S&, typename Isa::VF v) {
    return Isa::max(v, Isa::splat(0.0f));
  }
};

template <>
struct VectorForm<fn::Clip> {
  static constexpr bool kExists = true;
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF apply(const S& s, typename Isa::VF v) {
    return Isa::min(Isa::max(v, Isa::splat(s.alpha)), Isa::splat(s.beta));
  }
};

template <>
struct VectorForm<fn::LeakyRelu> {
  static constexpr bool kExists = true;
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF apply(const S& s, typename Isa::VF v) {
    const auto zero = Isa::splat(0.0f);
    return Isa::fma_scalar(Isa::max(v, zero), Isa::min(v, zero), s.alpha);
  }
};

template <>
struct VectorForm<fn::HardSigmoid> {
  static constexpr bool kExists = true;
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF apply(const S& s, typename Isa::VF v) {
    const auto line = Isa::fma_scalar(Isa::splat(s.beta), v, s.alpha);
    return Isa::max(Isa::min(line, Isa::splat(1.0f)), Isa::splat(0.0f));
  }
};

template <>
struct VectorForm<fn::HardSwish> {
  static constexpr bool kExists = true;
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF apply(const S&, typename Isa::VF v) {
    const auto line = Isa::fma_scalar(Isa::splat(0.5f), v, 1.0f / 6.0f);
    return Isa::mul(v, Isa::max(Isa::min(line, Isa::splat(1.0f)), Isa::splat(0.0f)));
  }
};

// Stores the tile `v`, MR rows `y_step` floats apart of n floats each, through Act. All NV vectors
// but the last are full: (NV - 1) * kLanes < n <= NV * kLanes.
template <class Isa, class Act, int32_t MR, int32_t NV, class S>
MOTE_INLINE void store_tile(const S& s, const typename Isa::VF (&v)[MR][NV], float* y,
                            int32_t y_step, int32_t n) {
  MOTE_UNROLL for (int32_t m = 0; m < MR; ++m) {
    float* row = y + m * y_step;
    typename Isa::VF out[NV];
    MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) {
      out[i] = v[m][i];
      if constexpr (VectorForm<Act>::kExists)
        out[i] = VectorForm<Act>::template apply<Isa>(s, out[i]);
    }
    if (n == NV * Isa::kLanes) {
      Isa::template store_outputs<Isa>(row, out);
    } else {
      constexpr int32_t kBefore = (NV - 1) * Isa::kLanes;
      MOTE_UNROLL for (int32_t i = 0; i < NV - 1; ++i) Isa::store(row + i * Isa::kLanes, out[i]);
      Isa::store_n(row + kBefore, out[NV - 1], n - kBefore);
    }
  }
  if constexpr (!VectorForm<Act>::kExists) {
    for (int32_t m = 0; m < MR; ++m) {
      float* row = y + m * y_step;
      for (int32_t i = 0; i < n; ++i) row[i] = Act::apply(s, row[i]);
    }
  }
}

}  // namespace mote
