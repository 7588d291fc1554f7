// Matrix-vector products for cores whose only multiplication is of 32 bits: one of them serves two
// weights, as halves of a word (isa/riscv_halves_s8.h).
//
// Weights are packed in blocks of 16 channels, [K][16] of w + 128; those of the channels left over
// follow as pack_gemm packs them for ScalarS8. Inputs go in groups of four. In halves, the sums
// of a group must fit 16 bits, which they do where its four weights are at most 255 together; where
// they are not, for any of the 16 channels, the group stands in a list and is multiplied one by
// one. It holds the offsets of such groups in the weights, ascending, and INT32_MAX.
#pragma once
#include "gemm_s8.h"
#include "isa/riscv_halves_s8.h"

namespace mote {

constexpr int32_t kHalvesChannels = 16;  // of a block
constexpr int32_t kHalvesInputs = 4;     // of a group

namespace pack {

// From [channels][depth], to as many bytes.
inline void pack_halves(const int8_t* src, int64_t channels, int64_t depth, int8_t* dst) {
  const int64_t blocks = channels / kHalvesChannels;
  for (int64_t n = 0; n < blocks * kHalvesChannels; ++n) {
    int8_t* to = dst + n / kHalvesChannels * kHalvesChannels * depth + n % kHalvesChannels;
    for (int64_t k = 0; k < depth; ++k, to += kHalvesChannels) {
      *to = static_cast<int8_t>(static_cast<uint8_t>(*src++) ^ 128);
    }
  }
  pack_gemm(gemm_layout<isa::ScalarS8>(), src, 1, channels % kHalvesChannels, depth,
            dst + blocks * kHalvesChannels * depth);
}

// The list of groups to be multiplied one by one, without its end, from [channels][depth]. Returns
// how many there are; `list` may be null.
inline int32_t list_wide_groups(const int8_t* src, int64_t channels, int64_t depth, int32_t* list) {
  int32_t count = 0;
  for (int64_t n = 0; n + kHalvesChannels <= channels; n += kHalvesChannels) {
    for (int64_t k = 0; k + kHalvesInputs <= depth; k += kHalvesInputs) {
      int32_t most = 0;
      for (int64_t j = n; j < n + kHalvesChannels; ++j) {
        int32_t sum = 0;
        for (int64_t l = k; l < k + kHalvesInputs; ++l) {
          const int32_t w = src[j * depth + l];
          sum += w < 0 ? -w : w;
        }
        if (sum > most) most = sum;
      }
      if (most <= 255) continue;
      if (list != nullptr) list[count] = static_cast<int32_t>(n * depth + k * kHalvesChannels);
      ++count;
    }
  }
  return count;
}

}  // namespace pack

namespace isa {

// sums[j] += sum over l < k of x[l] * (w[16 * l + j] - 128), for any weights.
MOTE_INLINE void multiply_bytes(int32_t* sums, const int8_t* x, const uint8_t* w, int32_t k) {
  MOTE_NO_UNROLL for (int32_t l = 0; l < k; ++l) {
    const int32_t xl = x[l];
    MOTE_NO_UNROLL for (int32_t j = 0; j < kHalvesChannels; ++j) sums[j] += xl * (*w++ - 128);
  }
}
#if !MOTE_ISA_RISCV_HALVES
MOTE_INLINE void multiply_halves(int32_t* sums, const int8_t* x, const uint8_t* w, int32_t k) {
  multiply_bytes(sums, x, w, k);
}
#endif

// Operands of a product, see dense_halves_s8.
struct HalvesCall {
  const int8_t *x, *w;
  const int32_t *wide_groups, *bias, *mult;
  int8_t* y;
  int32_t k, n;
  StoreS8 store;
};

// One body serves all layers of a program.
template <class Rq>
__attribute__((noinline)) void dense_halves(const HalvesCall& c) {
  const int8_t* w = c.w;
  const int32_t* wide_groups = c.wide_groups;
  int32_t n = 0;
  for (; n + kHalvesChannels <= c.n; n += kHalvesChannels) {
    int32_t sums[kHalvesChannels][1];
    for (int32_t j = 0; j < kHalvesChannels; ++j) sums[j][0] = c.bias[n + j];
    for (int32_t k = 0; k < c.k;) {
      const int32_t offset = static_cast<int32_t>(w - c.w);
      int32_t whole = (c.k - k) / kHalvesInputs * kHalvesInputs, few = c.k - k - whole;
      if (*wide_groups - offset < whole * kHalvesChannels) {
        whole = (*wide_groups++ - offset) / kHalvesChannels, few = kHalvesInputs;
      }
      const uint8_t* at = reinterpret_cast<const uint8_t*>(w);
      if (whole > 0) multiply_halves(sums[0], c.x + k, at, whole);
      multiply_bytes(sums[0], c.x + k + whole, at + whole * kHalvesChannels, few);
      k += whole + few, w += (whole + few) * kHalvesChannels;
    }
    store_tile<ScalarS8, Rq>(c.store, sums, c.mult, n, c.y + n, 0);
  }
  for (; n + 4 <= c.n; n += 4, w += 4 * c.k) {
    int32_t sums[4][1];
    multiply_tile(sums, c.bias + n, c.x, 0, w, 4, c.k);
    store_tile<ScalarS8, Rq>(c.store, sums, c.mult, n, c.y + n, 0);
  }
  for (const int32_t left = c.n - n; n < c.n; ++n, ++w) {
    int32_t sums[1][1];
    multiply_tile(sums, c.bias + n, c.x, 0, w, left, c.k);
    store_tile<ScalarS8, Rq>(c.store, sums, c.mult, n, c.y + n, 0);
  }
}

}  // namespace isa

// y[n] = High(bias[n] + sum over k of x[k] * weights[n][k]); s.m is 1. The weights are aligned to
// words, and wide_groups is the list.
template <class Rq, class S>
MOTE_KERNEL void dense_halves_s8(const S& s, const int8_t* x, const int8_t* w,
                                 const int32_t* wide_groups, const int32_t* bias,
                                 const int32_t* mult, int8_t* y) {
  static_assert(Rq::kHigh, "results are int8");
  isa::dense_halves<Rq>({x, w, wide_groups, bias, mult, y, s.k, s.n, isa::store_of(s)});
}

}  // namespace mote
