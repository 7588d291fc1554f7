// Packs the weights of recurrent kernels, on the host: for each direction the blocks of pack.h for
// its matrices, one after the other.
#pragma once
#include "pack.h"

namespace mote::pack {

// Floats of `directions` times a matrix [rows][k].
inline int64_t recurrent_floats(int64_t directions, int64_t rows, int64_t k, int64_t nr) {
  // A last block narrower than nr is read as a whole one.
  return directions * rows * k + nr - 1;
}

// From [directions][rows][k]. The first `split` rows and the rest are two matrices, of which no
// block spans both; split == rows is one.
inline void pack_recurrent(const float* src, int64_t directions, int64_t rows, int64_t split,
                           int64_t k, int64_t nr, float* dst) {
  float* const end = dst + recurrent_floats(directions, rows, k, nr);
  for (int64_t d = 0; d < directions; ++d) {
    // Each call ends in zeros that the next one overwrites.
    pack_blocks(src, k, 1, 1, split, k, nr, dst);
    dst += split * k;
    if (split != rows) pack_blocks(src + split * k, k, 1, 1, rows - split, k, nr, dst);
    dst += (rows - split) * k;
    src += rows * k;
  }
  while (dst != end) *dst++ = 0.0f;
}

}  // namespace mote::pack
