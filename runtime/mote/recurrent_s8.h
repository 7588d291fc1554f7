// What the integer recurrent kernels share (gru_s8.h, lstm_s8.h): the shape, the fixed-point
// formats with their arithmetic, and the walk over directions, batch and steps.
//
// - x: int8 or int16 with a zero point, which the host has folded into the bias of W.
// - W, R: int8 without zero point, one scale per gate row; packed as Isa::kGateLayout says, R gate
//   by gate.
// - h: int16 with 15 fraction bits. Both cells keep it within (-1, 1).
// - Gates: W x and R h are exact in int32; requantize() brings each to 12 fraction bits, and their
//   sum saturates to int16, [-8, 8).
// - sigmoid, tanh: 15 fraction bits, from a table.
// - c of an LSTM: int16 with 11 fraction bits, saturating at -16 and 16.
//
// A product of two of these is rounded half up by a shift right. There are integers only, of at
// most 64 bits, so that every target gives the same bits.
#pragma once
#include "gemm_s8.h"
#include "widen.h"

namespace mote {

struct RecurrentS8Shape {
  int32_t steps, batch;
  int32_t inputs, hidden;               // elements of x and h in one step
  int32_t directions;                   // 1, or 2: forward, then backward
  int32_t backward;                     // nonzero: the only direction is backward
  int32_t linear_before_reset;          // GRU
  int32_t has_y, has_y_h, has_y_c;      // which results are wanted
  int32_t w_shift, r_shift;             // of the sums of W and of R, see requant.h
  int32_t y_mult, y_shift, y_zp;        // how h becomes Y,
  int32_t y_h_mult, y_h_shift, y_h_zp;  // Y_h,
  int32_t y_c_mult, y_c_shift, y_c_zp;  // and c becomes Y_c
  MOTE_FIELDS(steps, batch, inputs, hidden, directions, backward, linear_before_reset, has_y,
              has_y_h, has_y_c, w_shift, r_shift, y_mult, y_shift, y_zp, y_h_mult, y_h_shift,
              y_h_zp, y_c_mult, y_c_shift, y_c_zp)
};

// Constants of a layer; those with rows are [directions][gates * hidden]...
struct RecurrentS8Weights {
  const int8_t *w, *r;             // ...of inputs and of hidden
  const int32_t *w_bias, *r_bias;  // at the scale of the sums
  const int32_t *w_mult, *r_mult;  // to 12 fraction bits
  const int16_t* tanh;             // kTanhEntries, see interpolate_tanh()
};

// Elements of a vector of int16 with n of them, the last ones zeros.
constexpr int32_t gate_vector(int32_t n) { return (n + 7) & ~7; }

// Bytes of scratch: the gates of one step, the sums of one gate, two vectors of int16, of which one
// is h, and one of x, where weights lie row by row.
template <class S>
constexpr int32_t recurrent_s8_scratch(const S& s, int32_t gates, const pack::GemmLayout& layout) {
  return 4 * (gates + 1) * s.hidden + 2 * 2 * gate_vector(s.hidden) +
         (layout.nr == 1 ? 2 * gate_vector(s.inputs) : 0);
}

// round_half_up(v / 2^kBits).
template <int32_t kBits>
MOTE_INLINE int32_t round_shift(int32_t v) {
  return (v + (1 << (kBits - 1))) >> kBits;
}
MOTE_INLINE int32_t saturate_s16(int32_t v) { return clamp_i32(v, -32768, 32767); }

// ---- Activations
// One table serves both: round(2^15 * tanh(i / 32)), at most 32767, for i = 0 .. 256; between its
// entries a straight line. sigmoid(x) is (1 + tanh(x / 2)) / 2.

constexpr int32_t kTanhEntries = 257;

// 2^15 * tanh(x / 2^(5 + kBits)).
template <int32_t kBits>
MOTE_INLINE int32_t interpolate_tanh(const int16_t* table, int32_t x) {
  const int32_t magnitude = x < 0 ? -x : x;
  const int32_t a = magnitude > 32767 ? 32767 : magnitude;
  const int16_t* entry = table + (a >> kBits);
  const int32_t fraction = a & ((1 << kBits) - 1);
  const int32_t v = entry[0] + round_shift<kBits>((entry[1] - entry[0]) * fraction);
  return x < 0 ? -v : v;
}

// From 12 to 15 fraction bits, for x of int16. tanh errs by less than 4.2 units of 2^-15: the
// second derivative of at most 0.77 makes 3.1, table and line are rounded by 0.5 each. sigmoid errs
// by less than 2.7.
MOTE_INLINE int32_t tanh_q15(const int16_t* table, int32_t x) {
  return interpolate_tanh<7>(table, x);
}
MOTE_INLINE int32_t sigmoid_q15(const int16_t* table, int32_t x) {
  return round_shift<1>(32768 + interpolate_tanh<8>(table, x));
}

// ---- Gates

// A sum of products at 12 fraction bits. The limits are beyond what saturation leaves of two of
// them, unless they all but cancel.
constexpr int32_t kGateLimit = 1 << 20;

// sums[j] = bias[j] + sum over i < k of w[j][i] * x[i], for n rows. Where weights lie row by row, x
// is a gate_vector.
template <class Isa, class X>
MOTE_INLINE void gate_sums(int32_t n, int32_t k, const X* x, const int8_t* w, const int32_t* bias,
                           int32_t* sums) {
  constexpr pack::GemmLayout layout = Isa::kGateLayout;
  if constexpr (layout.nr > 1) {
    const GemmS8Shape s{1, k, n, 0, 0, 0, 0};
    dense_s8<isa::ScalarS8, Raw>(s, x, w, bias, nullptr, sums, nullptr);
  } else {
    const int32_t padded = static_cast<int32_t>(pack::round_up(k, layout.kr));
    for (int32_t j = 0; j < n; j += 4) {
      // The last four rows may overlap those before.
      if (j + 4 > n && n >= 4) j = n - 4;
      int32_t products[4];
      if (n >= 4) {
        Isa::template multiply_rows<Isa>(x, w + j * padded, padded, products);
      } else {
        isa::multiply_rows_any<Isa>(x, w, padded, n, products);
      }
      for (int32_t i = 0; i < 4 && i < n; ++i) sums[j + i] = bias[j + i] + products[i];
    }
  }
}

// What one direction of a cell works with.
template <class Isa, int32_t kGates, class S>
struct GatesS8 {
  const S& s;
  const RecurrentS8Weights& all;
  int32_t* gates;  // kGates * hidden, and the sums of one more
  int16_t* wide;   // x
  int32_t row = 0;

  MOTE_INLINE int32_t* sums() const { return gates + kGates * s.hidden; }
  MOTE_INLINE void begin(int32_t direction) { row = direction * kGates * s.hidden; }
  static MOTE_INLINE int32_t padded(int32_t k) {
    return static_cast<int32_t>(pack::round_up(k, Isa::kGateLayout.kr));
  }

  // The sums of W x for all gates.
  template <class X>
  MOTE_INLINE void project(const X* x) const {
    const int32_t n = kGates * s.hidden;
    const int8_t* w = all.w + row * padded(s.inputs);
    if constexpr (Isa::kGateLayout.nr == 1) {
      widen(wide, x, 1, s.inputs, gate_vector(s.inputs), 0);
      gate_sums<Isa>(n, s.inputs, wide, w, all.w_bias + row, gates);
    } else {
      gate_sums<Isa>(n, s.inputs, x, w, all.w_bias + row, gates);
    }
  }
  // Leaves the sums of R h for one gate in sums().
  MOTE_INLINE void recur(int32_t gate, const int16_t* h) const {
    const int32_t first = row + gate * s.hidden;
    gate_sums<Isa>(s.hidden, s.hidden, h, all.r + first * padded(s.hidden), all.r_bias + first,
                   sums());
  }
  // Row j of a gate: the two parts at 12 fraction bits.
  static MOTE_INLINE int32_t scaled(int32_t shift, int32_t sum, int32_t mult) {
    const isa::StoreS8 store{0, -kGateLimit, kGateLimit, shift};
    return clamp_i32(Isa::scale_one(store, sum, mult), store.lo, store.hi);
  }
  MOTE_INLINE int32_t of_x(int32_t gate, int32_t j) const {
    const int32_t i = gate * s.hidden + j;
    return scaled(s.w_shift, gates[i], all.w_mult[row + i]);
  }
  MOTE_INLINE int32_t of_h(int32_t gate, int32_t j) const {
    return scaled(s.r_shift, sums()[j], all.r_mult[row + gate * s.hidden + j]);
  }
  // The arguments of a gate's activation, from the sums of W x and the state: int16.
  MOTE_INLINE void finish(int32_t gate, const int16_t* h) const {
    recur(gate, h);
    int32_t* g = gates + gate * s.hidden;
    for (int32_t j = 0; j < s.hidden; ++j) g[j] = saturate_s16(of_x(gate, j) + of_h(gate, j));
  }
};

// ---- Sequences

// T, not to be deduced.
template <class T>
struct TypeOf {
  using Type = T;
};
template <class T>
using Type = typename TypeOf<T>::Type;

template <class Y>
struct StateStore {
  int32_t zp, shift;
  static constexpr int32_t lo = sizeof(Y) == 1 ? -128 : -32768, hi = -1 - lo;
};
template <class Y>
MOTE_INLINE void store_state(int32_t n, const int16_t* state, int32_t mult,
                             const StateStore<Y>& store, Y* y) {
  for (int32_t j = 0; j < n; ++j) y[j] = static_cast<Y>(requantize(store, state[j], mult));
}

// Runs `cell` over every sequence, from states of zeros: cell.begin(direction), cell.step(x), and
// cell.h() is the state. x is [steps][batch][inputs], y [steps][directions][batch][hidden], y_h and
// y_c [directions][batch][hidden].
template <class S, class X, class Y, class Cell>
MOTE_INLINE void run_sequences_s8(const S& s, const X* x, Y* y, Y* y_h, Y* y_c, Cell& cell) {
  const int32_t n = s.hidden, y_step = s.directions * s.batch * n;
  for (int32_t d = 0; d < s.directions; ++d) {
    const bool backward = d == 1 || s.backward;
    for (int32_t b = 0; b < s.batch; ++b) {
      const int32_t at = (d * s.batch + b) * n;
      cell.begin(d);
      for (int32_t i = 0; i < s.steps; ++i) {
        const int32_t t = backward ? s.steps - 1 - i : i;
        cell.step(x + (t * s.batch + b) * s.inputs);
        if (s.has_y)
          store_state(n, cell.h(), s.y_mult, StateStore<Y>{s.y_zp, s.y_shift}, y + t * y_step + at);
      }
      if (s.has_y_h)
        store_state(n, cell.h(), s.y_h_mult, StateStore<Y>{s.y_h_zp, s.y_h_shift}, y_h + at);
      if (s.has_y_c)
        store_state(n, cell.second(), s.y_c_mult, StateStore<Y>{s.y_c_zp, s.y_c_shift}, y_c + at);
    }
  }
}

}  // namespace mote
