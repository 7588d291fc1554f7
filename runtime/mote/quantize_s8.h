// The borders between float32 and int8 (quantize.h) by an instruction set, in runs of elements of
// one scale. The same results as there.
#pragma once
#include "isa/scalar_s8.h"

namespace mote {

template <class Isa, class S>
MOTE_KERNEL void quantize_s8(const S& s, const float* x, const float* reciprocal, const int32_t* zp,
                             int8_t* y) {
  for (int32_t o = 0; o < s.outer; ++o) {
    for (int32_t c = 0; c < s.channels; ++c, x += s.inner, y += s.inner) {
      Isa::quantize_run({1, 1, s.inner, s.lo, s.hi}, x, reciprocal[c], zp[c], y);
    }
  }
}

template <class Isa, class S>
MOTE_KERNEL void dequantize_s8(const S& s, const int8_t* x, const float* scale, const int32_t* zp,
                               float* y) {
  for (int32_t o = 0; o < s.outer; ++o) {
    for (int32_t c = 0; c < s.channels; ++c, x += s.inner, y += s.inner) {
      Isa::dequantize_run(x, scale[c], zp[c], y, s.inner);
    }
  }
}

}  // namespace mote
