// 3x3 convolutions with stride 1 in Winograd's form (winograd.h), a whole layer at a time: a
// quarter of the multiplications for eight times the bytes of weights.
#pragma once
#include "conv2d_s8.h"
#include "isa/dsp_winograd_s8.h"

namespace mote {

// Bytes of scratch. Of the layout of isa/dsp_winograd_s8.h, which takes more than the portable
// kernel.
constexpr int64_t winograd_scratch(const Conv2dS8Shape& s) {
  return isa::dsp_winograd_scratch(s.in_c);
}

#if !MOTE_ISA_DSP_WINOGRAD
// One tile of the image x: to v, int16 [36][channels, filled up to fours].
template <class S>
void winograd_tile_inputs(const S& s, const int8_t* x, int32_t oy, int32_t ox, int16_t* v) {
  const int32_t padded = 2 * winograd_words(s.in_c);
  for (int32_t c = 0; c < s.in_c; ++c) {
    uint32_t columns[kWinogradWindow][kWinogradWindow];  // [point][column]
    for (int32_t j = 0; j < kWinogradWindow; ++j) {
      const int32_t ix = ox - s.pad_left + j;
      uint32_t d[kWinogradWindow], t[kWinogradWindow];
      for (int32_t i = 0; i < kWinogradWindow; ++i) {
        const int32_t iy = oy - s.pad_top + i;
        const bool inside = iy >= 0 && iy < s.in_h && ix >= 0 && ix < s.in_w;
        d[i] = static_cast<uint32_t>((inside ? x[(iy * s.in_w + ix) * s.in_c + c] : s.pad_value) +
                                     128);
      }
      winograd_input(d, t);
      for (int32_t i = 0; i < kWinogradWindow; ++i) columns[i][j] = t[i];
    }
    for (int32_t i = 0; i < kWinogradWindow; ++i) {
      uint32_t t[kWinogradWindow];
      winograd_input(columns[i], t);
      for (int32_t j = 0; j < kWinogradWindow; ++j)
        v[(i * kWinogradWindow + j) * padded + c] = static_cast<int16_t>(t[j]);
    }
  }
}

// The results of output channel n of one tile, from v: 576 times them, [4][4].
template <class S>
void winograd_tile_sums(const S& s, const int16_t* v, const int16_t* w, int32_t n, uint32_t* sums) {
  const int32_t padded = 2 * winograd_words(s.in_c);
  uint32_t columns[kWinogradTile][kWinogradWindow] = {};
  uint32_t points[kWinogradWindow][kWinogradWindow] = {};  // [column][row]
  for (int32_t p = 0; p < kWinogradPoints; ++p) {
    uint32_t sum = 0;
    for (int32_t c = 0; c < s.in_c; ++c)
      sum += static_cast<uint32_t>(v[p * padded + c] * w[pack::winograd_index(padded, n, p, c)]);
    points[p % kWinogradWindow][p / kWinogradWindow] = sum;
  }
  for (int32_t j = 0; j < kWinogradWindow; ++j) {
    uint32_t t[kWinogradTile];
    winograd_output(points[j], t);
    for (int32_t i = 0; i < kWinogradTile; ++i) columns[i][j] = t[i];
  }
  for (int32_t i = 0; i < kWinogradTile; ++i) winograd_output(columns[i], sums + i * kWinogradTile);
}

template <class S>
void winograd_portable(const S& s, const int8_t* x, const int16_t* w, const int32_t* bias,
                       const int32_t* mult, int8_t* y, int8_t* scratch) {
  int16_t* const v = reinterpret_cast<int16_t*>(scratch);
  const isa::StoreS8 store{s.zp, s.lo, s.hi, 0};  // sums are shifted
  for (int32_t b = 0; b < s.batch; ++b) {
    for (int32_t oy = 0; oy < s.out_h; oy += kWinogradTile) {
      for (int32_t ox = 0; ox < s.out_w; ox += kWinogradTile) {
        winograd_tile_inputs(s, x, oy, ox, v);
        for (int32_t n = 0; n < s.out_c; ++n) {
          uint32_t sums[kWinogradTile * kWinogradTile];
          winograd_tile_sums(s, v, w, n, sums);
          for (int32_t i = 0; i < kWinogradTile && oy + i < s.out_h; ++i) {
            for (int32_t j = 0; j < kWinogradTile && ox + j < s.out_w; ++j) {
              const int32_t acc = bias[n] + winograd_sum(sums[i * kWinogradTile + j], s.shift);
              y[((oy + i) * s.out_w + ox + j) * s.out_c + n] =
                  static_cast<int8_t>(requantize(store, acc, mult[n]));
            }
          }
        }
      }
    }
    x += s.in_h * s.in_w * s.in_c, y += s.out_h * s.out_w * s.out_c;
  }
}
#endif

// Results are as those of High. Weights as pack_winograd() packs them; biases for inputs x + 128,
// of a zero point of pad_value + 128, shifted as the store shifts sums. Kernel, strides, dilations
// and groups of the shape are as above.
template <class S>
MOTE_KERNEL void conv2d_winograd_s8(const S s, const int8_t* x, const int16_t* w,
                                    const int32_t* bias, const int32_t* mult, int8_t* y,
                                    int8_t* scratch) {
#if MOTE_ISA_DSP_WINOGRAD
  const isa::DspWinograd d{s.batch,
                           s.in_h,
                           s.in_w,
                           s.in_c,
                           s.out_h,
                           s.out_w,
                           s.out_c,
                           s.pad_top,
                           s.pad_left,
                           s.pad_value,
                           {s.zp, s.lo, s.hi, s.shift}};
  isa::dsp::winograd(d, x, w, bias, mult, y, scratch);
#else
  winograd_portable(s, x, w, bias, mult, y, scratch);
#endif
}

}  // namespace mote
