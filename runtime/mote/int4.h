// Layers whose weights have four bits. Two weights share a byte of flash; a block of output
// channels at a time is spread to int8 in scratch and multiplied by the int8 kernels of the ISA, so
// that every instruction set has them. Spreading costs one or two instructions per weight and is
// shared by all pixels.
//
// With groups, the weights of `kGroup` successive input channels, at one position of the kernel,
// have a factor of 1 .. 16 in common, and spreading multiplies by it: a scale for each group, of
// which the integer sums remain those of an int8 layer. The last group of a position is shorter
// where the input channels are no multiple.
//
// Packed: rows of kKrS8 positions of each block of kNrS8 channels, as pack_s8.h orders them, each
// of whole bytes: the first half of its weights in the lower bits, the second in the higher ones,
// all of them plus 8. Then the factors less 1, [channels][groups], two to a byte.
#pragma once
#include "conv2d_s8.h"

namespace mote {

// Output channels per block: bounds the scratch at kInt4Block * k bytes.
constexpr int32_t kInt4Block = 16;

// Whether there can be groups of the input channels `in_c` at each of the k / in_c positions: they
// begin with rows, which are 1, 4 or 16 of all k.
constexpr bool takes_int4_groups(int64_t k, int64_t in_c) { return in_c == k || in_c % 16 == 0; }
// Groups of a channel; 0 without groups.
constexpr int64_t int4_groups(int64_t k, int64_t in_c, int64_t group) {
  return group == 0 ? 0 : k / in_c * ((in_c + group - 1) / group);
}

// Bytes of one block of int8 weights, of `channels` <= kInt4Block channels.
template <class Isa>
constexpr int64_t int4_block_bytes(int64_t channels, int64_t k) {
  return pack::gemm_bytes(pack::gemm_layout<Isa>(), channels, k);
}

// The rows of a block of at most kNrS8 channels.
struct Int4Rows {
  int32_t weights = 0;  // of a row
  int32_t count = 0;    // for all positions
  constexpr int32_t row_bytes() const { return (weights + 1) / 2; }
};
template <class Isa>
constexpr Int4Rows int4_rows(int64_t channels, int64_t k) {
  const int64_t width =
      channels < Isa::kNrS8 ? pack::round_up(channels, Isa::kNrTailS8) : Isa::kNrS8;
  return {static_cast<int32_t>(width * Isa::kKrS8),
          static_cast<int32_t>((k + Isa::kKrS8 - 1) / Isa::kKrS8)};
}

// Bytes of flash: of the weights, and of a whole layer with its factors.
template <class Isa>
constexpr int64_t int4_weight_bytes(int64_t channels, int64_t k) {
  const Int4Rows whole = int4_rows<Isa>(Isa::kNrS8, k),
                 rest = int4_rows<Isa>(channels % Isa::kNrS8, k);
  return channels / Isa::kNrS8 * whole.count * whole.row_bytes() +
         int64_t{rest.count} * rest.row_bytes();
}
template <class Isa>
constexpr int64_t int4_bytes(int64_t channels, int64_t k, int64_t groups) {
  return int4_weight_bytes<Isa>(channels, k) + (channels * groups + 1) / 2;
}

// From [channels][k], each in -8 .. 7, and [channels][groups] factors.
template <class Isa>
inline void pack_int4(const int8_t* src, const int8_t* factors, int64_t channels, int64_t k,
                      int64_t groups, int8_t* dst) {
  constexpr pack::GemmLayout l = pack::gemm_layout<Isa>();
  const auto put = [](int8_t& byte, bool high, int32_t value) {
    byte = static_cast<int8_t>(high ? (byte & 15) | value << 4 : (byte & 0xf0) | value);
  };
  const int64_t bytes = int4_weight_bytes<Isa>(channels, k);
  for (int64_t i = 0; i < bytes; ++i) dst[i] = static_cast<int8_t>(0x88);
  int8_t* block = dst;
  for (int64_t n0 = 0; n0 < channels; n0 += l.nr) {
    const int64_t n = channels - n0 < l.nr ? channels - n0 : l.nr;
    const Int4Rows rows = int4_rows<Isa>(n, k);
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t i = 0; i < k; ++i) {
        const int64_t at = pack::gemm_index(l, n, l.kr, j, i % l.kr), half = rows.row_bytes();
        put(block[i / l.kr * half + at % half], at >= half, *src++ + 8);
      }
    }
    block += int64_t{rows.count} * rows.row_bytes();
  }
  for (int64_t i = 0; i < channels * groups; ++i) put(block[i / 2], i % 2 != 0, factors[i] - 1);
}

MOTE_INLINE int8_t int4_factor(const int8_t* factors, int32_t i) {
  return static_cast<int8_t>((static_cast<uint8_t>(factors[i / 2]) >> i % 2 * 4 & 15) + 1);
}

// The int8 layout of a block of n <= kInt4Block channels. `factors` are those of its channels, from
// number `first` on.
template <class Isa, int32_t kGroup>
MOTE_INLINE void spread_int4(const int8_t* from, const int8_t* factors, int32_t first, int32_t n,
                             int32_t k, int32_t in_c, int8_t* to) {
  static_assert(kGroup % 16 == 0 && 16 % Isa::kKrS8 == 0, "groups are whole rows");
  constexpr pack::GemmLayout l = pack::gemm_layout<Isa>();
  const int32_t groups = static_cast<int32_t>(int4_groups(k, in_c, kGroup));
  for (int32_t j0 = 0; j0 < n; j0 += l.nr, first += l.nr * groups) {
    const int32_t live = n - j0 < l.nr ? n - j0 : l.nr;
    const Int4Rows rows = int4_rows<Isa>(live, k);
    const auto spread = [&](int32_t count, const int8_t* row_factors) {
      Isa::template spread_s4<Isa>(from, count, rows.weights, row_factors, to);
      from += count * rows.row_bytes();
      to += count * rows.weights;
    };
    if constexpr (kGroup == 0) {
      spread(rows.count, nullptr);
    } else {
      int8_t row[l.nr * l.kr] = {};
      for (int32_t c0 = 0, g = first; c0 < k; c0 += in_c) {
        for (int32_t c = 0; c < in_c; c += kGroup, ++g) {
          for (int32_t j = 0; j < live; ++j) {
            const int8_t factor = int4_factor(factors, g + j * groups);
            for (int32_t lane = 0; lane < l.kr; ++lane)
              row[pack::gemm_index(l, live, l.kr, j, lane)] = factor;
          }
          spread(((in_c - c < kGroup ? in_c - c : kGroup) + l.kr - 1) / l.kr, row);
        }
      }
    }
  }
}

// Scratch: the patches (if any), then a block of weights, 16-byte aligned.
template <class Isa>
constexpr int64_t int4_scratch(int64_t channels, int64_t k, int64_t patch_bytes) {
  const int64_t widest = channels < kInt4Block ? channels : kInt4Block;
  return pack::round_up(patch_bytes, 16) + int4_block_bytes<Isa>(widest, k);
}

// Calls body(n0, n, weights) for each block of output channels.
template <class Isa, int32_t kGroup, class Body>
MOTE_INLINE void for_int4_blocks(int32_t channels, int32_t k, int32_t in_c, const int8_t* w,
                                 int8_t* weights, const Body& body) {
  const int8_t* factors = w + int4_weight_bytes<Isa>(channels, k);
  const int32_t groups = static_cast<int32_t>(int4_groups(k, in_c, kGroup));
  for (int32_t n0 = 0; n0 < channels; n0 += kInt4Block) {
    const int32_t n = channels - n0 < kInt4Block ? channels - n0 : kInt4Block;
    spread_int4<Isa, kGroup>(w, factors, n0 * groups, n, k, in_c, weights);
    w += int4_weight_bytes<Isa>(n, k);
    body(n0, n, weights);
  }
}

// An output row of a block of n channels; `y` is the first of them.
template <class Isa, class Rq, class S>
MOTE_INLINE void conv2d_block_row(const S& s, const int8_t* const* rows, int32_t n,
                                  const int8_t* block, const int32_t* bias, const int32_t* mult,
                                  typename Rq::Out* y, int8_t* scratch) {
  if (Isa::template conv2d_block<Isa, Rq>(s, rows, n, block, bias, mult, y, scratch)) return;
  using Patch = typename PatchOf<Isa, int8_t>::Type;
  const int32_t k = s.kernel_h * s.kernel_w * s.in_c;
  const int32_t step = static_cast<int32_t>(patch_step<Isa>(k));
  Patch* patches = reinterpret_cast<Patch*>(scratch);
  for (int32_t ox = 0; ox < s.out_w; ox += Isa::kPatchRows) {
    const int32_t count = s.out_w - ox < Isa::kPatchRows ? s.out_w - ox : Isa::kPatchRows;
    for (int32_t i = 0; i < count; ++i) {
      gather_patch<Isa>(s, rows, ox + i, 0, patches + i * step);
      Isa::fill(patches + i * step + k, 0, step - k);
    }
    Isa::template gemm<Isa, Rq>(s, patches, step, count, k, n, block, bias, mult, y + ox * s.out_c,
                                s.out_c);
  }
}

// A convolution of one group, with weights in groups of kGroup input channels, or without (0).
// Scratch: int4_scratch<Isa>(out_c, k, conv2d_scratch<Isa, int8_t>(s)).
template <class Isa, class Rq, int32_t kGroup = 0, class S>
MOTE_KERNEL void conv2d_s4(const S& s, const int8_t* x, const int8_t* w, const int32_t* bias,
                           const int32_t* mult, typename Rq::Out* y, int8_t* scratch) {
  const int32_t k = s.kernel_h * s.kernel_w * s.in_c;
  int8_t* weights = scratch + pack::round_up(conv2d_scratch<Isa, int8_t>(s), 16);
  const auto multiply = [&](int32_t n0, int32_t n, const int8_t* block) {
    const int8_t* rows[kMaxKernelRows];
    const int8_t* image = x;
    typename Rq::Out* to = y + n0;
    for (int32_t b = 0; b < s.batch; ++b, image += s.in_h * s.in_w * s.in_c) {
      for (int32_t oy = 0; oy < s.out_h; ++oy, to += s.out_w * s.out_c) {
        rows_of(s, image, oy, rows);
        conv2d_block_row<Isa, Rq>(s, rows, n, block, bias + n0, mult + n0 * Rq::kParams, to,
                                  scratch);
      }
    }
  };
  for_int4_blocks<Isa, kGroup>(s.out_c, k, s.in_c, w, weights, multiply);
}

// A matrix of pixels times weights. Scratch: int4_scratch<Isa>(n, k, pointwise_scratch<Isa,
// int8_t>(s)).
template <class Isa, class Rq, int32_t kGroup = 0, class S>
MOTE_KERNEL void pointwise_s4(const S& s, const int8_t* x, const int8_t* w, const int32_t* bias,
                              const int32_t* mult, typename Rq::Out* y, int8_t* scratch) {
  int8_t* weights = scratch + pack::round_up(pointwise_scratch<Isa, int8_t>(s), 16);
  const auto multiply = [&](int32_t n0, int32_t n, const int8_t* block) {
    const int32_t* q = mult + n0 * Rq::kParams;
    if (Isa::template pointwise_block<Isa, Rq>(s, x, n, block, bias + n0, q, y + n0, scratch))
      return;
    if constexpr (reads_directly<Isa, int8_t>()) {
      Isa::template gemm<Isa, Rq>(s, x, s.k, s.m, s.k, n, block, bias + n0, q, y + n0, s.n);
    } else {
      using Patch = typename PatchOf<Isa, int8_t>::Type;
      const int32_t step = static_cast<int32_t>(patch_step<Isa>(s.k));
      Patch* patches = reinterpret_cast<Patch*>(scratch);
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
  };
  for_int4_blocks<Isa, kGroup>(s.n, s.k, s.k, w, weights, multiply);
}

}  // namespace mote
