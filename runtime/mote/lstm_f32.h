// The long short-term memory, gates in ONNX's order i, o, f, c; p are peepholes in the order i, o,
// f:
//   i = f(Wi x + Ri h + pi * C + bi),  f = f(Wf x + Rf h + pf * C + bf),  c = g(Wc x + Rc h + bc),
//   C' = f * C + i * c,  o = f(Wo x + Ro h + po * C' + bo),  H = o * h(C').
#pragma once
#include "recurrent_f32.h"

namespace mote {

// Floats of scratch: the gates of one step, and the states where they are no results.
template <class S>
constexpr int32_t lstm_scratch_floats(const S& s) {
  return s.hidden * (4 + (s.has_y_h ? 0 : 1) + (s.has_y_c ? 0 : 1));
}

template <class Isa, class Acts, class S>
struct LstmCell {
  const S& s;
  const float *w, *r, *bias, *peepholes, *h0, *c0;
  float *y_h, *y_c, *gates;
  int32_t d = 0;
  float *h = nullptr, *c = nullptr;

  MOTE_INLINE float* hidden() const { return h; }
  MOTE_INLINE void begin(int32_t direction, int32_t index) {
    d = direction;
    float* own = gates + 4 * s.hidden;
    h = s.has_y_h ? y_h + index * s.hidden : own;
    c = s.has_y_c ? y_c + index * s.hidden : (s.has_y_h ? own : own + s.hidden);
    begin_state(s, s.has_h0, h0, index, h);
    begin_state(s, s.has_c0, c0, index, c);
  }
  MOTE_INLINE void step(const float* x) const {
    const int32_t n = s.hidden;
    add_product<Isa>(4 * n, s.inputs, x, w + d * 4 * n * s.inputs, bias + d * 4 * n, gates);
    add_product<Isa>(4 * n, n, h, r + d * 4 * n * n, gates, gates);
    const float* p = s.has_peepholes ? peepholes + d * 3 * n : nullptr;
    for (int32_t j = 0; j < n; ++j) {
      float i = gates[j], o = gates[n + j], f = gates[2 * n + j];
      if (s.has_peepholes) {
        i += p[j] * c[j];
        f += p[2 * n + j] * c[j];
      }
      i = activate<Acts, 0>(s, d, i);
      f = s.input_forget ? 1.0f - i : activate<Acts, 0>(s, d, f);
      const float cell = f * c[j] + i * activate<Acts, 1>(s, d, gates[3 * n + j]);
      if (s.has_peepholes) o += p[n + j] * cell;
      c[j] = cell;
      h[j] = activate<Acts, 0>(s, d, o) * activate<Acts, 2>(s, d, cell);
    }
  }
};

// w and r by pack_recurrent of pack_recurrent.h, bias [directions][4 * hidden], peepholes
// [directions][3 * hidden]; the states h0, c0, y_h and y_c are [directions][batch][hidden].
template <class Isa, class Acts, class S>
MOTE_KERNEL void lstm_f32(const S& s, const float* x, const float* w, const float* r,
                          const float* bias, const float* peepholes, const int32_t* lengths,
                          const float* h0, const float* c0, float* y, float* y_h, float* y_c,
                          void* scratch) {
  LstmCell<Isa, Acts, S> cell{s,  w,  r,   bias, peepholes,
                              h0, c0, y_h, y_c,  static_cast<float*>(scratch)};
  run_sequences(s, x, lengths, y, cell);
}

}  // namespace mote
