// The long short-term memory in integers (recurrent_s8.h), gates in ONNX's order i, o, f, c, with
// sigmoid and tanh and without peepholes. The equations are those of lstm_f32.h.
#pragma once
#include "recurrent_s8.h"

namespace mote {

template <class Isa, class S>
struct LstmCellS8 {
  const S& s;
  GatesS8<Isa, 4, S> g;
  int16_t *state, *c;

  MOTE_INLINE const int16_t* h() const { return state; }
  MOTE_INLINE const int16_t* second() const { return c; }
  MOTE_INLINE void begin(int32_t direction) {
    g.begin(direction);
    for (int32_t j = 0; j < gate_vector(s.hidden); ++j) state[j] = c[j] = 0;
  }
  template <class X>
  MOTE_INLINE void step(const X* x) const {
    const int32_t n = s.hidden;
    const int16_t* table = g.all.tanh;
    g.project(x);
    for (int32_t gate = 0; gate < 4; ++gate) g.finish(gate, state);
    for (int32_t j = 0; j < n; ++j) {
      const int32_t in = sigmoid_q15(table, g.gates[j]);
      const int32_t out = sigmoid_q15(table, g.gates[n + j]);
      const int32_t forget = sigmoid_q15(table, g.gates[2 * n + j]);
      const int32_t candidate = tanh_q15(table, g.gates[3 * n + j]);
      // forget * c has 26 fraction bits, in * candidate 30.
      const int32_t sum = forget * c[j] + round_shift<4>(in * candidate);
      const int32_t cell = saturate_s16(round_shift<15>(sum));
      c[j] = static_cast<int16_t>(cell);
      const int32_t squashed = tanh_q15(table, saturate_s16(2 * cell));
      state[j] = static_cast<int16_t>(saturate_s16(round_shift<15>(out * squashed)));
    }
  }
};

// Results have the type Y: int8 or int16.
template <class Isa, class Y = int8_t, class X, class S>
MOTE_KERNEL void lstm_s8(const S& s, const X* x, const int8_t* w, const int8_t* r,
                         const int32_t* w_bias, const int32_t* r_bias, const int32_t* w_mult,
                         const int32_t* r_mult, const int16_t* tanh, Type<Y>* y, Type<Y>* y_h,
                         Type<Y>* y_c, int32_t* scratch) {
  const RecurrentS8Weights all{w, r, w_bias, r_bias, w_mult, r_mult, tanh};
  int16_t* states = reinterpret_cast<int16_t*>(scratch + 5 * s.hidden);
  const int32_t vector = gate_vector(s.hidden);
  LstmCellS8<Isa, S> cell{s, {s, all, scratch, states + 2 * vector}, states, states + vector};
  run_sequences_s8(s, x, y, y_h, y_c, cell);
}

}  // namespace mote
