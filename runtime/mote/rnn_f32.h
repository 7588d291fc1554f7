// The plain recurrent network of ONNX's RNN: H = f(W x + R h + b).
#pragma once
#include "recurrent_f32.h"

namespace mote {

// Floats of scratch: the sums of one step, and the state where it is no result.
template <class S>
constexpr int32_t rnn_scratch_floats(const S& s) {
  return s.hidden * (s.has_y_h ? 1 : 2);
}

template <class Isa, class Acts, class S>
struct RnnCell {
  const S& s;
  const float *w, *r, *bias, *h0;
  float *y_h, *sums;
  int32_t d = 0;
  float* h = nullptr;

  MOTE_INLINE float* hidden() const { return h; }
  MOTE_INLINE void begin(int32_t direction, int32_t index) {
    d = direction;
    h = s.has_y_h ? y_h + index * s.hidden : sums + s.hidden;
    begin_state(s, s.has_h0, h0, index, h);
  }
  MOTE_INLINE void step(const float* x) const {
    const int32_t n = s.hidden;
    add_product<Isa>(n, s.inputs, x, w + d * n * s.inputs, bias + d * n, sums);
    add_product<Isa>(n, n, h, r + d * n * n, sums, sums);
    for (int32_t i = 0; i < n; ++i) h[i] = activate<Acts, 0>(s, d, sums[i]);
  }
};

// w and r by pack_recurrent of pack_recurrent.h, bias [directions][hidden]; h0 and y_h are
// [directions][batch][hidden].
template <class Isa, class Acts, class S>
MOTE_KERNEL void rnn_f32(const S& s, const float* x, const float* w, const float* r,
                         const float* bias, const int32_t* lengths, const float* h0, float* y,
                         float* y_h, void* scratch) {
  RnnCell<Isa, Acts, S> cell{s, w, r, bias, h0, y_h, static_cast<float*>(scratch)};
  run_sequences(s, x, lengths, y, cell);
}

}  // namespace mote
