// The gated recurrent unit in integers (recurrent_s8.h), gates in ONNX's order z, r, h, with
// sigmoid and tanh. The equations are those of gru_f32.h.
#pragma once
#include "recurrent_s8.h"

namespace mote {

template <class Isa, class S>
struct GruCellS8 {
  const S& s;
  GatesS8<Isa, 3, S> g;
  int16_t *state, *reset;  // `reset`: r * h

  MOTE_INLINE const int16_t* h() const { return state; }
  MOTE_INLINE const int16_t* second() const { return nullptr; }
  MOTE_INLINE void begin(int32_t direction) {
    g.begin(direction);
    for (int32_t j = 0; j < gate_vector(s.hidden); ++j) state[j] = reset[j] = 0;
  }
  // The argument of the candidate's tanh takes its gate's place.
  MOTE_INLINE void candidate() const {
    const int32_t n = s.hidden;
    const int16_t* table = g.all.tanh;
    const int32_t* r = g.gates + n;
    int32_t* c = g.gates + 2 * n;
    if (s.linear_before_reset) {
      g.recur(2, state);
      for (int32_t j = 0; j < n; ++j) {
        // Of up to 15 and 20 bits, so that the product has more than 32.
        const int64_t product = (int64_t)sigmoid_q15(table, r[j]) * g.of_h(2, j);
        c[j] = saturate_s16(g.of_x(2, j) + static_cast<int32_t>((product + (1 << 14)) >> 15));
      }
    } else {
      for (int32_t j = 0; j < n; ++j) {
        reset[j] = static_cast<int16_t>(round_shift<15>(sigmoid_q15(table, r[j]) * state[j]));
      }
      g.finish(2, reset);
    }
  }
  template <class X>
  MOTE_INLINE void step(const X* x) const {
    const int32_t n = s.hidden;
    const int16_t* table = g.all.tanh;
    g.project(x);
    g.finish(0, state);
    g.finish(1, state);
    candidate();
    for (int32_t j = 0; j < n; ++j) {
      const int32_t update = sigmoid_q15(table, g.gates[j]);
      const int32_t next = tanh_q15(table, g.gates[2 * n + j]);
      // A mean of the two with weights of sum 2^15, and so no larger than they are.
      const int32_t sum = (32768 - update) * next + update * state[j];
      state[j] = static_cast<int16_t>(round_shift<15>(sum));
    }
  }
};

// Results have the type Y: int8 or int16.
template <class Isa, class Y = int8_t, class X, class S>
MOTE_KERNEL void gru_s8(const S& s, const X* x, const int8_t* w, const int8_t* r,
                        const int32_t* w_bias, const int32_t* r_bias, const int32_t* w_mult,
                        const int32_t* r_mult, const int16_t* tanh, Type<Y>* y, Type<Y>* y_h,
                        int32_t* scratch) {
  const RecurrentS8Weights all{w, r, w_bias, r_bias, w_mult, r_mult, tanh};
  int16_t* states = reinterpret_cast<int16_t*>(scratch + 4 * s.hidden);
  const int32_t vector = gate_vector(s.hidden);
  GruCellS8<Isa, S> cell{s, {s, all, scratch, states + 2 * vector}, states, states + vector};
  run_sequences_s8(s, x, y, y_h, static_cast<Y*>(nullptr), cell);
}

}  // namespace mote
