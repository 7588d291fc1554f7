// Order of a transposed convolution's weights, on the host, before pack_conv2d of pack.h: within a
// row of the kernel, columns that serve the same output pixels stand side by side, in the order of
// the inputs that they meet. The layout depends on stride and dilation along x as well as on NR.
#pragma once
#include <string.h>

#include "conv_transpose_f32.h"

namespace mote::pack {

// From OHWI to OHWI with the columns in order of phase; `s` gives the kernel, stride, dilation,
// channels and groups.
inline void order_by_phase(const float* ohwi, const ConvTranspose2dShape& s, float* ordered) {
  const int64_t in_c = s.in_c / s.groups;
  const int64_t rows = static_cast<int64_t>(s.out_c) * s.kernel_h;
  for (int64_t row = 0; row < rows; ++row, ohwi += s.kernel_w * in_c) {
    for (int32_t phase = 0; phase < s.stride_w; ++phase) {
      const PhaseTaps taps = phase_taps(phase, s.kernel_w, s.stride_w, s.dilation_w, s.period_w);
      for (int32_t i = 0; i < taps.count; ++i, ordered += in_c) {
        const int32_t kx = taps.first + (taps.count - 1 - i) * s.period_w;
        memcpy(ordered, ohwi + kx * in_c, static_cast<size_t>(in_c) * sizeof(float));
      }
    }
  }
}

}  // namespace mote::pack
