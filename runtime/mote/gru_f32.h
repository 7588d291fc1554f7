// The gated recurrent unit, gates in ONNX's order z, r, h:
//   z = f(Wz x + Rz h + bz),  r = f(Wr x + Rr h + br),  H = (1 - z) * c + z * h, where
//   c = g(Wh x + Rh (r * h) + bh), or with linear_before_reset g(Wh x + r * (Rh h + Rbh) + Wbh).
#pragma once
#include "recurrent_f32.h"

namespace mote {

// Floats of scratch: the gates of one step, Rh h + Rbh where that is apart, and the state where it
// is no result.
template <class S>
constexpr int32_t gru_scratch_floats(const S& s) {
  return s.hidden * (3 + (s.linear_before_reset ? 1 : 0) + (s.has_y_h ? 0 : 1));
}

template <class Isa, class Acts, class S>
struct GruCell {
  const S& s;
  const float *w, *r, *bias, *h0;
  float *y_h, *gates;
  int32_t d = 0;
  float* h = nullptr;

  MOTE_INLINE float* hidden() const { return h; }
  MOTE_INLINE float* apart() const { return gates + 3 * s.hidden; }
  MOTE_INLINE void begin(int32_t direction, int32_t index) {
    d = direction;
    float* own = s.linear_before_reset ? apart() + s.hidden : apart();
    h = s.has_y_h ? y_h + index * s.hidden : own;
    begin_state(s, s.has_h0, h0, index, h);
  }
  MOTE_INLINE void step(const float* x) const {
    const int32_t n = s.hidden;
    float *z = gates, *reset = gates + n, *c = gates + 2 * n;
    const float* r_zr = r + d * 3 * n * n;
    const float* r_h = r_zr + 2 * n * n;
    const float* b = bias + d * (s.linear_before_reset ? 4 : 3) * n;
    add_product<Isa>(3 * n, s.inputs, x, w + d * 3 * n * s.inputs, b, gates);
    add_product<Isa>(2 * n, n, h, r_zr, gates, gates);
    if (s.linear_before_reset) {
      add_product<Isa>(n, n, h, r_h, b + 3 * n, apart());
      for (int32_t i = 0; i < n; ++i) c[i] += activate<Acts, 0>(s, d, reset[i]) * apart()[i];
    } else {
      for (int32_t i = 0; i < n; ++i) reset[i] = activate<Acts, 0>(s, d, reset[i]) * h[i];
      add_product<Isa>(n, n, reset, r_h, c, c);
    }
    for (int32_t i = 0; i < n; ++i) {
      const float update = activate<Acts, 0>(s, d, z[i]);
      h[i] = (1.0f - update) * activate<Acts, 1>(s, d, c[i]) + update * h[i];
    }
  }
};

// w and r by pack_recurrent of pack_recurrent.h, r with the rows of z and r apart from those of h;
// bias [directions][3 * hidden], with linear_before_reset [directions][4 * hidden], Rbh last.
template <class Isa, class Acts, class S>
MOTE_KERNEL void gru_f32(const S& s, const float* x, const float* w, const float* r,
                         const float* bias, const int32_t* lengths, const float* h0, float* y,
                         float* y_h, void* scratch) {
  GruCell<Isa, Acts, S> cell{s, w, r, bias, h0, y_h, static_cast<float*>(scratch)};
  run_sequences(s, x, lengths, y, cell);
}

}  // namespace mote
