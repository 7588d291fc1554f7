// Layers whose weights have four bits. Two weights share a byte of flash; a block of output
// channels at a time is spread to int8 in scratch and multiplied by the int8 kernels of the ISA, so
// that every instruction set has them. Spreading costs about one instruction per weight and is
// shared by all pixels.
#pragma once
#include "conv2d_s8.h"

namespace mote {

// Output channels per block: bounds the scratch at kInt4Block * k bytes.
constexpr int32_t kInt4Block = 16;

// Bytes of one block of int8 weights, of `channels` <= kInt4Block channels.
template <class Isa>
constexpr int64_t int4_block_bytes(int64_t channels, int64_t k) {
  return pack::gemm_bytes(pack::gemm_layout<Isa>(), channels, k);
}
// Bytes of flash of a whole layer.
template <class Isa>
constexpr int64_t int4_bytes(int64_t channels, int64_t k) {
  const int64_t whole = channels / kInt4Block, rest = channels % kInt4Block;
  const int64_t block = (int4_block_bytes<Isa>(kInt4Block, k) + 1) / 2;
  return whole * block + (rest != 0 ? (int4_block_bytes<Isa>(rest, k) + 1) / 2 : 0);
}

// A layout of pairs (pack_s8.h) keeps 256 * high + low: where the low one is negative, the high
// byte is one less than the weight, and that might not fit four bits.
template <class Isa>
MOTE_INLINE int32_t borrow(int8_t low) {
  return Isa::kPairsS8 && low < 0 ? 1 : 0;
}

// From [channels][k], each in -8 .. 7. Element i of a block's int8 layout is the low (i even) or
// high half of byte i / 2. `block` has int4_block_bytes(kInt4Block, k) bytes.
template <class Isa>
inline void pack_int4(const int8_t* src, int64_t channels, int64_t k, int8_t* block, int8_t* dst) {
  for (int64_t n0 = 0; n0 < channels; n0 += kInt4Block, src += kInt4Block * k) {
    const int64_t n = channels - n0 < kInt4Block ? channels - n0 : kInt4Block;
    const int64_t bytes = int4_block_bytes<Isa>(n, k);
    pack::pack_gemm(pack::gemm_layout<Isa>(), src, 1, n, k, block);
    for (int64_t i = 0; i < bytes; i += 2) {
      const int8_t high =
          static_cast<int8_t>((i + 1 < bytes ? block[i + 1] : 0) + borrow<Isa>(block[i]));
      *dst++ = static_cast<int8_t>((block[i] & 15) | (high << 4));
    }
  }
}

template <class Isa>
MOTE_INLINE void spread_int4(const int8_t* from, int32_t n, int8_t* to) {
  for (int32_t i = 0; i < n; i += 2, ++from) {
    const int8_t low = static_cast<int8_t>(static_cast<int8_t>(*from << 4) >> 4);
    to[i] = low;
    if (i + 1 < n) to[i + 1] = static_cast<int8_t>((*from >> 4) - borrow<Isa>(low));
  }
}

// Scratch: the patches (if any), then a block of weights, 16-byte aligned.
template <class Isa>
constexpr int64_t int4_scratch(int64_t channels, int64_t k, int64_t patch_bytes) {
  const int64_t widest = channels < kInt4Block ? channels : kInt4Block;
  return pack::round_up(patch_bytes, 16) + int4_block_bytes<Isa>(widest, k);
}

// Calls body(n0, n, weights) for each block of output channels.
template <class Isa, class Body>
MOTE_INLINE void for_int4_blocks(int32_t channels, int32_t k, const int8_t* w, int8_t* weights,
                                 const Body& body) {
  for (int32_t n0 = 0; n0 < channels; n0 += kInt4Block) {
    const int32_t n = channels - n0 < kInt4Block ? channels - n0 : kInt4Block;
    const int32_t bytes = static_cast<int32_t>(int4_block_bytes<Isa>(n, k));
    spread_int4<Isa>(w, bytes, weights);
    w += (bytes + 1) / 2;
    body(n0, n, weights);
  }
}

// A convolution of one group. Scratch: int4_scratch<Isa>(out_c, k, conv2d_scratch<Isa, int8_t>(s)).
template <class Isa, class Rq, class S>
MOTE_KERNEL void conv2d_s4(const S s, const int8_t* x, const int8_t* w, const int32_t* bias,
                           const int32_t* mult, typename Rq::Out* y, int8_t* scratch) {
  using Patch = typename PatchOf<Isa, int8_t>::Type;
  const int32_t k = s.kernel_h * s.kernel_w * s.in_c;
  const int32_t step = static_cast<int32_t>(patch_step<Isa>(k));
  Patch* patches = reinterpret_cast<Patch*>(scratch);
  int8_t* weights = scratch + pack::round_up(patch_scratch<Isa, int8_t>(k), 16);
  for_int4_blocks<Isa>(s.out_c, k, w, weights, [&](int32_t n0, int32_t n, const int8_t* block) {
    const int8_t* rows[kMaxKernelRows];
    const int8_t* image = x;
    typename Rq::Out* to = y + n0;
    for (int32_t b = 0; b < s.batch; ++b, image += s.in_h * s.in_w * s.in_c) {
      for (int32_t oy = 0; oy < s.out_h; ++oy, to += s.out_w * s.out_c) {
        rows_of(s, image, oy, rows);
        for (int32_t ox = 0; ox < s.out_w; ox += Isa::kPatchRows) {
          const int32_t count = s.out_w - ox < Isa::kPatchRows ? s.out_w - ox : Isa::kPatchRows;
          for (int32_t i = 0; i < count; ++i) {
            gather_patch<Isa>(s, rows, ox + i, 0, patches + i * step);
            Isa::fill(patches + i * step + k, 0, step - k);
          }
          Isa::template gemm<Isa, Rq>(s, patches, step, count, k, n, block, bias + n0,
                                      mult + n0 * Rq::kParams, to + ox * s.out_c, s.out_c);
        }
      }
    }
  });
}

// A matrix of pixels times weights. Scratch: int4_scratch<Isa>(n, k, pointwise_scratch<Isa,
// int8_t>(s)).
template <class Isa, class Rq, class S>
MOTE_KERNEL void pointwise_s4(const S s, const int8_t* x, const int8_t* w, const int32_t* bias,
                              const int32_t* mult, typename Rq::Out* y, int8_t* scratch) {
  using Patch = typename PatchOf<Isa, int8_t>::Type;
  const int32_t step = static_cast<int32_t>(patch_step<Isa>(s.k));
  Patch* patches = reinterpret_cast<Patch*>(scratch);
  int8_t* weights = scratch + pack::round_up(pointwise_scratch<Isa, int8_t>(s), 16);
  for_int4_blocks<Isa>(s.n, s.k, w, weights, [&](int32_t n0, int32_t n, const int8_t* block) {
    const int32_t* q = mult + n0 * Rq::kParams;
    if constexpr (reads_directly<Isa, int8_t>()) {
      Isa::template gemm<Isa, Rq>(s, x, s.k, s.m, s.k, n, block, bias + n0, q, y + n0, s.n);
    } else {
      for (int32_t m = 0; m < s.m; m += Isa::kPatchRows) {
        const int32_t rows = s.m - m < Isa::kPatchRows ? s.m - m : Isa::kPatchRows;
        for (int32_t i = 0; i < rows; ++i) {
          Isa::gather(patches + i * step, x + (m + i) * s.k, s.k);
          Isa::fill(patches + i * step + s.k, 0, step - s.k);
        }
        Isa::template gemm<Isa, Rq>(s, patches, step, rows, s.k, n, block, bias + n0, q,
                                    y + m * s.n + n0, s.n);
      }
    }
  });
}

}  // namespace mote
