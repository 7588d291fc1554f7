// Packs float32 weights for the kernels, on the host, one function per layout. A layout depends on
// NR alone, the output channels per block: gemm_nr<Isa>() of the target for convolutions, pointwise
// and dense layers, depthwise_nr<Isa>() for depthwise ones.
//
// Every layout is, for each group, blocks of NR output channels as [K][NR] and a last one of the
// r = N % NR channels left as [K][r]. A kernel loads whole vectors, so the array ends in up to
// NR - 1 zeros that it may read but never uses.
#pragma once
#include "config.h"

namespace mote::pack {

// Floats of a packed array of `groups` groups, each of n output channels with k weights.
inline int64_t packed_floats(int64_t groups, int64_t n, int64_t k, int64_t nr) {
  const int64_t tail = n % nr;
  return groups * n * k + (tail != 0 ? nr - tail : 0);
}

// Weight (channel i, position j) of a group is src[i * channel_step + j * k_step].
inline void pack_blocks(const float* src, int64_t channel_step, int64_t k_step, int64_t groups,
                        int64_t n, int64_t k, int64_t nr, float* dst) {
  const float* const end = dst + packed_floats(groups, n, k, nr);
  for (int64_t g = 0; g < groups; ++g, src += n * channel_step) {
    for (int64_t n0 = 0; n0 < n; n0 += nr) {
      const int64_t width = n - n0 < nr ? n - n0 : nr;
      for (int64_t j = 0; j < k; ++j) {
        for (int64_t i = 0; i < width; ++i) *dst++ = src[(n0 + i) * channel_step + j * k_step];
      }
    }
  }
  while (dst != end) *dst++ = 0.0f;
}

// Convolution, from OHWI order: [out_c][kernel_h][kernel_w][in_c / groups]. `k` is
// kernel_h * kernel_w * in_c / groups.
inline int64_t conv2d_floats(int64_t out_c, int64_t k, int64_t groups, int64_t nr) {
  return packed_floats(groups, out_c / groups, k, nr);
}
inline void pack_conv2d(const float* ohwi, int64_t out_c, int64_t k, int64_t groups, int64_t nr,
                        float* dst) {
  pack_blocks(ohwi, k, 1, groups, out_c / groups, k, nr, dst);
}

// Fully connected and pointwise layers, from [out][in].
inline int64_t dense_floats(int64_t out, int64_t in, int64_t nr) {
  return packed_floats(1, out, in, nr);
}
inline void pack_dense(const float* out_in, int64_t out, int64_t in, int64_t nr, float* dst) {
  pack_blocks(out_in, in, 1, 1, out, in, nr, dst);
}

// Depthwise convolution, from [kernel_h][kernel_w][out_c]. `taps` is kernel_h * kernel_w.
inline int64_t depthwise_floats(int64_t out_c, int64_t taps, int64_t nr) {
  return packed_floats(1, out_c, taps, nr);
}
inline void pack_depthwise(const float* hwc, int64_t out_c, int64_t taps, int64_t nr, float* dst) {
  pack_blocks(hwc, 1, out_c, 1, out_c, taps, nr, dst);
}

// ONNX orders its weights OIHW, [out_c][in_c / groups][kernel_h * kernel_w]: to OHWI, and for
// depthwise convolutions (in_c / groups == 1) to [kernel_h][kernel_w][out_c].
inline void oihw_to_ohwi(const float* oihw, int64_t out_c, int64_t in_c, int64_t taps,
                         float* ohwi) {
  for (int64_t o = 0; o < out_c; ++o) {
    for (int64_t t = 0; t < taps; ++t) {
      for (int64_t i = 0; i < in_c; ++i) *ohwi++ = oihw[(o * in_c + i) * taps + t];
    }
  }
}
template <class T>
inline void oihw_to_hwc(const T* oihw, int64_t out_c, int64_t taps, T* hwc) {
  for (int64_t t = 0; t < taps; ++t) {
    for (int64_t o = 0; o < out_c; ++o) *hwc++ = oihw[o * taps + t];
  }
}

}  // namespace mote::pack
