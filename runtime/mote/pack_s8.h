// Packs int8 weights for the kernels, on the host. A layout is a few constants of the ISA, so one
// function packs for every target, and the portable kernel (isa/scalar_s8.h) reads every layout.
//
// Matrix kernels (convolution, pointwise, fully connected): blocks of `nr` output channels, the
// last one narrower, its width rounded up to `nr_tail`. A block is [K / kr][width][kr], K rounded
// up to kr; what is beyond K or beyond the last channel is zero. With `swap`, the two middle ones
// of every four weights change places: one SXTB16 then yields weights k and k + 1, and one after a
// rotation by 8 bits k + 2 and k + 3.
//
// With `pairs` (kr, nr and nr_tail multiples of 4), the weights k and k + 2 of channels n and n + 1
// are a word, of halves 256 * w[n + 1] + w[n]: one SXTB16 serves four multiply-adds
// (isa/dsp_gemm_s8.h). A block is [K / 4][2][width / 2] of them, K rounded up to kr.
#pragma once
#include "config.h"

namespace mote::pack {

struct GemmLayout {
  int32_t nr, nr_tail, kr;
  bool swap;
  bool pairs = false;
};

template <class Isa>
constexpr GemmLayout gemm_layout() {
  return {Isa::kNrS8, Isa::kNrTailS8, Isa::kKrS8, Isa::kSwapS8, Isa::kPairsS8};
}

constexpr int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

// Where weight (channel n, position k) of [channels][depth] lies.
constexpr int64_t gemm_index(const GemmLayout& l, int64_t channels, int64_t depth, int64_t n,
                             int64_t k) {
  const int64_t block = n / l.nr, padded = round_up(depth, l.kr);
  const int64_t left = channels - block * l.nr;
  const int64_t width = left < l.nr ? round_up(left, l.nr_tail) : l.nr;
  if (l.pairs) {
    return block * l.nr * padded + (k / 4 * 2 + k % 2) * 2 * width + n % l.nr / 2 * 4 +
           k / 2 % 2 * 2 + n % 2;
  }
  int64_t lane = k % l.kr;
  if (l.swap && (lane % 4 == 1 || lane % 4 == 2)) lane ^= 3;
  return block * l.nr * padded + (k / l.kr * width + n % l.nr) * l.kr + lane;
}

// Bytes of one packed group.
constexpr int64_t gemm_bytes(const GemmLayout& l, int64_t channels, int64_t depth) {
  const int64_t tail = channels % l.nr;
  return (channels - tail + round_up(tail, l.nr_tail)) * round_up(depth, l.kr);
}

// The weight of channel j of a block at position k.
template <class T>
inline T gemm_weight(const GemmLayout& l, const T* block, int32_t width, int32_t j, int32_t k) {
  if (l.pairs) {
    const T* w = block + (k / 4 * 2 + k % 2) * 2 * width + j / 2 * 4 + k / 2 % 2 * 2 + j % 2;
    const bool borrowed = sizeof(T) == 1 && j % 2 == 1 && w[-1] < 0;
    return static_cast<T>(*w + borrowed);
  }
  int32_t lane = k % l.kr;
  if (l.swap && (lane % 4 == 1 || lane % 4 == 2)) lane ^= 3;
  return block[(k / l.kr * width + j) * l.kr + lane];
}

// From [groups][channels][depth]; groups follow one another.
template <class T>
inline void pack_gemm(const GemmLayout& l, const T* src, int64_t groups, int64_t channels,
                      int64_t depth, T* dst) {
  const int64_t bytes = gemm_bytes(l, channels, depth);
  for (int64_t i = 0; i < groups * bytes; ++i) dst[i] = 0;
  for (int64_t g = 0; g < groups; ++g, dst += bytes) {
    for (int64_t n = 0; n < channels; ++n) {
      for (int64_t k = 0; k < depth; ++k) dst[gemm_index(l, channels, depth, n, k)] = *src++;
    }
    if (l.pairs && sizeof(T) == 1) {  // 256 * w[n + 1] + w[n] in bytes
      for (int64_t i = 0; i < bytes; i += 2) {
        if (dst[i] < 0) --dst[i + 1];
      }
    }
  }
}

// Depthwise convolution, from [taps][channels]: blocks of `nr` channels, each [taps][nr], and a
// last one as narrow as the channels left.
constexpr int64_t depthwise_index(int32_t nr, int64_t channels, int64_t taps, int64_t c,
                                  int64_t t) {
  const int64_t first = c / nr * nr, left = channels - first;
  return first * taps + t * (left < nr ? left : nr) + c % nr;
}
template <class T>
inline void pack_depthwise_lanes(int32_t nr, const T* src, int64_t channels, int64_t taps, T* dst) {
  for (int64_t t = 0; t < taps; ++t) {
    for (int64_t c = 0; c < channels; ++c) dst[depthwise_index(nr, channels, taps, c, t)] = *src++;
  }
}

}  // namespace mote::pack
