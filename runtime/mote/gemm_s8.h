// Pointwise convolution (1x1, stride 1, no padding) and fully connected layers in integers.
//
// Weights are packed by pack::pack_gemm for the ISA. The host has folded the zero point of the
// inputs into the bias: bias[n] - zp_x * sum over k of w[n][k].
#pragma once
#include "isa/scalar_s8.h"

namespace mote {

struct GemmS8Shape {
  int32_t m;                  // pixels, or rows of a batch
  int32_t k;                  // inputs of each
  int32_t n;                  // outputs of each
  int32_t zp, lo, hi, shift;  // of the result, see requant.h
  MOTE_FIELDS(m, k, n, zp, lo, hi, shift)
};

// The element of a patch of inputs X.
template <class Isa, class X>
struct PatchOf {
  using Type = X;
};
template <class Isa>
struct PatchOf<Isa, int8_t> {
  using Type = typename Isa::Patch;
};

template <class Isa>
constexpr int64_t patch_step(int64_t k) {
  return pack::round_up(k, Isa::kPatchAlign);
}
// Bytes of scratch for patches of k inputs X.
template <class Isa, class X>
constexpr int64_t patch_scratch(int64_t k) {
  return Isa::kPatchRows * patch_step<Isa>(k) *
         static_cast<int64_t>(sizeof(typename PatchOf<Isa, X>::Type));
}

// Whether gemm can read inputs X where they are.
template <class Isa, class X>
constexpr bool reads_directly() {
  return Isa::kDirect && sizeof(X) == sizeof(typename PatchOf<Isa, X>::Type);
}

template <class Isa, class X, class S>
constexpr int64_t pointwise_scratch(const S& s) {
  return reads_directly<Isa, X>() ? 0 : patch_scratch<Isa, X>(s.k) + Isa::staging_bytes(s.k, s.k);
}

// y[m][n] = Rq(bias[n] + sum over k of x[m][k] * weights[n][k]).
template <class Isa, class Rq, class S, class X, class W>
MOTE_KERNEL void pointwise_s8(const S& s, const X* x, const W* w, const int32_t* bias,
                              const int32_t* mult, typename Rq::Out* y, int8_t* scratch) {
  if (Isa::template pointwise<Isa, Rq>(s, x, w, bias, mult, y, scratch)) return;
  if constexpr (reads_directly<Isa, X>()) {
    Isa::template gemm<Isa, Rq>(s, x, s.k, s.m, s.k, s.n, w, bias, mult, y, s.n);
  } else {
    using Patch = typename PatchOf<Isa, X>::Type;
    const int32_t step = static_cast<int32_t>(patch_step<Isa>(s.k));
    Patch* patches = reinterpret_cast<Patch*>(scratch);
    for (int32_t m = 0; m < s.m; m += Isa::kPatchRows) {
      const int32_t rows = s.m - m < Isa::kPatchRows ? s.m - m : Isa::kPatchRows;
      for (int32_t i = 0; i < rows; ++i) {
        Isa::gather(patches + i * step, x + (m + i) * s.k, s.k);
        Isa::fill(patches + i * step + s.k, 0, step - s.k);
      }
      Isa::template gemm<Isa, Rq>(s, patches, step, rows, s.k, s.n, w, bias, mult, y + m * s.n,
                                  s.n);
    }
  }
}

// The matrix-vector product, s.m == 1. Scratch: Isa::dense_scratch(s.k) bytes.
template <class Isa, class Rq, class S, class X, class W>
MOTE_KERNEL void dense_s8(const S& s, const X* x, const W* w, const int32_t* bias,
                          const int32_t* mult, typename Rq::Out* y, int8_t* scratch) {
  Isa::template dense<Isa, Rq>(s, x, s.k, s.n, w, bias, mult, y, scratch);
}

}  // namespace mote
