// What the recurrent kernels share (rnn_f32.h, gru_f32.h, lstm_f32.h): the shape, activations
// chosen per gate, the walk over directions, batch and steps, and the gates' matrix-vector
// products.
//
// Inputs are projected step by step, not as one product over the whole sequence: that would read
// the input weights once instead of once per step, but needs memory for the gates of every step,
// where one step's are enough; and the recurrent weights are read once per step in any case.
#pragma once
#include <string.h>

#include "gemm_f32.h"

namespace mote {

constexpr int32_t kMaxCellActivations = 3;

struct RecurrentShape {
  int32_t steps, batch;
  int32_t inputs, hidden;       // elements of x and h in one step
  int32_t directions;           // 1, or 2: forward, then backward
  int32_t backward;             // nonzero: the only direction is backward
  int32_t has_lengths;          // nonzero: each sequence of the batch has its own number of steps
  int32_t has_h0, has_c0;       // an initial state is given; otherwise it is zeros
  int32_t has_y;                // the states of all steps are wanted
  int32_t has_y_h, has_y_c;     // the last states are wanted; otherwise they live in scratch
  int32_t has_peepholes;        // LSTM
  int32_t input_forget;         // LSTM: the forget gate is one minus the input gate
  int32_t linear_before_reset;  // GRU
  float clip;  // arguments of activations are limited to [-clip, clip]; 0: they are not
  // Parameters of activation i of direction d at d * kMaxCellActivations + i. Not listed below: the
  // compiler writes them itself.
  float alpha[2 * kMaxCellActivations], beta[2 * kMaxCellActivations];
  MOTE_FIELDS(steps, batch, inputs, hidden, directions, backward, has_lengths, has_h0, has_c0,
              has_y, has_y_h, has_y_c, has_peepholes, input_forget, linear_before_reset, clip)
};

namespace fn {
// Activations that ONNX has for recurrent operators only.
struct Affine {
  template <class S>
  static MOTE_INLINE float apply(const S& s, float x) {
    return s.alpha * x + s.beta;
  }
};
struct ScaledTanh {
  template <class S>
  static MOTE_INLINE float apply(const S& s, float x) {
    return s.alpha * math::tanh(s.beta * x);
  }
};
}  // namespace fn

struct ActivationParameters {
  float alpha, beta;
};

// The activations of a cell, in ONNX's order, alike in both directions: apply<I>(s, direction, x).
template <class... Fns>
struct CellActivations;
template <class F, class... Rest>
struct CellActivations<F, Rest...> {
  template <int32_t I, class S>
  static MOTE_INLINE float apply(const S& s, int32_t direction, float x) {
    return at<I, 0>(s, direction, x);
  }
  // Activation I, which is number J of all.
  template <int32_t I, int32_t J, class S>
  static MOTE_INLINE float at(const S& s, int32_t direction, float x) {
    if constexpr (I > 0) {
      return CellActivations<Rest...>::template at<I - 1, J + 1>(s, direction, x);
    } else {
      const int32_t slot = direction * kMaxCellActivations + J;
      return F::apply(ActivationParameters{s.alpha[slot], s.beta[slot]}, x);
    }
  }
};

// Different ones in each direction.
template <class Forward, class Backward>
struct DirectedActivations {
  template <int32_t I, class S>
  static MOTE_INLINE float apply(const S& s, int32_t direction, float x) {
    return direction == 0 ? Forward::template apply<I>(s, 0, x)
                          : Backward::template apply<I>(s, 1, x);
  }
};

template <class Acts, int32_t I, class S>
MOTE_INLINE float activate(const S& s, int32_t direction, float x) {
  if (s.clip > 0.0f) x = math::min(math::max(x, -s.clip), s.clip);
  return Acts::template apply<I>(s, direction, x);
}

// y = start + weights * x, for n sums of k products. `start` may be y.
template <class Isa>
MOTE_INLINE void add_product(int32_t n, int32_t k, const float* x, const float* w,
                             const float* start, float* y) {
  const GemmShape s{1, k, n, 0.0f, 0.0f};
  for_blocks<Isa, Isa::kNv>(n, DenseBlocks<Isa, fn::Identity, GemmShape>{s, x, w, start, y});
}

// A state vector before its first step: element `index` of [directions * batch][hidden].
template <class S>
MOTE_INLINE void begin_state(const S& s, int32_t has_initial, const float* initial, int32_t index,
                             float* state) {
  const size_t bytes = static_cast<size_t>(s.hidden) * sizeof(float);
  // The caller's state may be the very place of the result.
  if (has_initial) {
    memmove(state, initial + index * s.hidden, bytes);
  } else {
    memset(state, 0, bytes);
  }
}

template <class S>
MOTE_INLINE int32_t sequence_length(const S& s, const int32_t* lengths, int32_t b) {
  if (!s.has_lengths) return s.steps;
  // A run-time operand: whatever it says, no memory beyond the sequence is touched.
  const int32_t length = lengths[b];
  return length < 0 ? 0 : (length < s.steps ? length : s.steps);
}

// Runs `cell` over every sequence: cell.begin(direction, index) before the first step of the state
// `index`, cell.step(x) for each step, cell.hidden() being the state. x is [steps][batch][inputs];
// y is [steps][directions][batch][hidden], zeros beyond the end of a sequence.
template <class S, class Cell>
MOTE_INLINE void run_sequences(const S& s, const float* x, const int32_t* lengths, float* y,
                               Cell& cell) {
  const size_t bytes = static_cast<size_t>(s.hidden) * sizeof(float);
  const int32_t y_step = s.directions * s.batch * s.hidden;
  for (int32_t d = 0; d < s.directions; ++d) {
    const bool backward = d == 1 || s.backward;
    for (int32_t b = 0; b < s.batch; ++b) {
      const int32_t index = d * s.batch + b;
      const int32_t length = sequence_length(s, lengths, b);
      cell.begin(d, index);
      for (int32_t i = 0; i < length; ++i) {
        const int32_t t = backward ? length - 1 - i : i;
        cell.step(x + (t * s.batch + b) * s.inputs);
        if (s.has_y) memcpy(y + t * y_step + index * s.hidden, cell.hidden(), bytes);
      }
      if (s.has_y) {
        for (int32_t t = length; t < s.steps; ++t) {
          memset(y + t * y_step + index * s.hidden, 0, bytes);
        }
      }
    }
  }
}

}  // namespace mote
