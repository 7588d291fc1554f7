// Winograd's form F(4x4, 3x3) of 3x3 convolutions with stride 1, exact in integers: what its
// kernels and the packing of their weights share.
//
// Of 6x6 inputs d and weights g, 36 products make 4x4 results where 144 make them directly
// (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016):
//
//   Y = A^T [(G g G^T) * (B^T d B)] A,   sums over input channels inside the brackets
//
// The columns of G have denominators of up to 24. Here its rows are 24 times theirs, but for the
// last, 3 times with the missing 8 in A, so that weights of at most 127 become at most 12 * 12 *
// 127 = 18288 and Y is 576 times the result. Inputs are taken as x + 128, 0 .. 255; their
// transforms lie in -12750 .. 17340. Both are int16. All else is modulo 2^32: 576 = 64 * 9, and 9
// has an inverse, so 64 times the result is known modulo 2^32, and the result itself, shifted as
// its store shifts it, if that is less than 2^25. The host refuses weights for which it might not
// be.
#pragma once
#include "config.h"

// A body that all layers share. GCC would make copies for the constants of some callers.
#if defined(__clang__)
#define MOTE_WINOGRAD_SHARED __attribute__((noinline)) inline
#else
#define MOTE_WINOGRAD_SHARED __attribute__((noinline, noclone)) inline
#endif

namespace mote {

constexpr int32_t kWinogradTile = 4;      // rows and columns of results
constexpr int32_t kWinogradWindow = 6;    // of inputs
constexpr int32_t kWinogradPoints = 36;   // products of a tile
constexpr int32_t kWinogradChannels = 4;  // output channels of a block of weights
constexpr int64_t kWinogradLimit = int64_t{1} << 25;
constexpr uint32_t kInverseOf9 = 954437177;  // modulo 2^32

// v = B^T d. Adding up halves of words as if they were one number is right modulo 2^16 for the
// lower one, and for the upper one once what the lower one borrowed is given back.
MOTE_INLINE void winograd_input(const uint32_t* d, uint32_t* v) {
  const uint32_t a = d[4] - 4 * d[2], b = d[3] - 4 * d[1], c = d[4] - d[2], e = d[3] - d[1];
  v[0] = c + 4 * (d[0] - d[2]);
  v[1] = a + b;
  v[2] = a - b;
  v[3] = c + 2 * e;
  v[4] = c - 2 * e;
  v[5] = (d[5] - d[3]) - 4 * e;
}

// y = A^T m.
MOTE_INLINE void winograd_output(const uint32_t* m, uint32_t* y) {
  const uint32_t a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
  y[0] = m[0] + a + c;
  y[1] = b + 2 * d;
  y[2] = a + 4 * c;
  y[3] = b + 8 * (d + m[5]);
}

// Input channels are taken in fours; a word holds two of one four, 0 and 2 or 1 and 3.
MOTE_INLINE constexpr int32_t winograd_words(int32_t in_c) { return (in_c + 3) / 4 * 2; }

// Two tiles are taken at a time. Their transformed inputs go to scratch: 36 points of as many words
// as pairs of input channels, each of the first tile beside the second's, and behind each point
// room for the products with four output channels. Words from point to point:
constexpr int32_t winograd_step(int32_t in_c) { return 2 * winograd_words(in_c) + 8; }

// How results of a tile are made and where they go. Assembly reads it: members are 4 bytes each.
struct WinogradResults {
  int32_t m_step;                    // bytes from point to point of the products
  uint32_t factor;                   // inverse of 9, shifted as the store shifts
  int32_t zp, pixel_step, row_step;  // steps in bytes
  const int32_t *bias, *mult;
};

namespace pack {

constexpr int64_t winograd_elements(int64_t channels, int64_t depth) {
  return (channels + 3) / 4 * 4 * kWinogradPoints * ((depth + 3) / 4 * 4);
}

// Where the weight of output channel n and input channel c lies at a point, with `padded` input
// channels: blocks of four output channels, each [36][words][4][2].
constexpr int64_t winograd_index(int64_t padded, int64_t n, int64_t point, int64_t c) {
  const int64_t word = c / 4 * 2 + c % 2;
  return (((n / 4 * kWinogradPoints + point) * padded / 2 + word) * 4 + n % 4) * 2 + c / 2 % 2;
}

// From [channels][3][3][depth].
inline void pack_winograd(const int8_t* src, int64_t channels, int64_t depth, int16_t* dst) {
  constexpr int32_t rows[kWinogradWindow][3] = {{6, 0, 0}, {-4, -4, -4}, {-4, 4, -4},
                                                {1, 2, 4}, {1, -2, 4},   {0, 0, 3}};
  const int64_t padded = (depth + 3) / 4 * 4, elements = winograd_elements(channels, depth);
  for (int64_t i = 0; i < elements; ++i) dst[i] = 0;
  for (int64_t n = 0; n < channels; ++n, src += 9 * depth) {
    for (int64_t c = 0; c < depth; ++c) {
      for (int32_t p = 0; p < kWinogradPoints; ++p) {
        int32_t u = 0;
        for (int32_t t = 0; t < 9; ++t)
          u += rows[p / 6][t / 3] * rows[p % 6][t % 3] * src[t * depth + c];
        dst[winograd_index(padded, n, p, c)] = static_cast<int16_t>(u);
      }
    }
  }
}

// How much a result without bias can be, of inputs from 0 to 255; the weights of one channel.
inline int64_t winograd_greatest(const int8_t* src, int64_t n) {
  int64_t above = 0, below = 0;
  for (int64_t i = 0; i < n; ++i) (src[i] > 0 ? above : below) += src[i];
  return 255 * (above > -below ? above : -below);
}

}  // namespace pack

}  // namespace mote
