// LSTM, GRU and RNN over a sequence, in one direction or both.
#pragma once
#include <optional>

#include "ir/op_def.h"
#include "mote/recurrent_f32.h"

namespace motec {

enum class CellKind : uint8_t { Rnn, Gru, Lstm };
std::string_view name_of(CellKind kind);

enum class CellFn : uint8_t {
#define MOTEC_CELL_FN(name, alpha, beta) name,
#include "ops/recurrent_fn.inc"
#undef MOTEC_CELL_FN
};
std::string_view name_of(CellFn fn);
std::optional<CellFn> find_cell_fn(std::string_view name);

struct CellActivation {
  CellFn fn = CellFn::Tanh;
  float alpha = 0, beta = 0;
  MOTE_FIELDS(fn, alpha, beta)
  bool operator==(const CellActivation&) const = default;
};
// The function with its parameters' defaults.
CellActivation cell_activation(CellFn fn);
bool takes_alpha(CellFn fn);
bool takes_beta(CellFn fn);

// Operands, in ONNX's order. Those from B on are optional; W, R, B and P must be constant for a
// kernel to serve the op.
struct RecurrentIn {
  enum : size_t {
    X,        // [steps, batch, inputs]
    W,        // [directions, gates * hidden, inputs]
    R,        // [directions, gates * hidden, hidden]
    B,        // [directions, 2 * gates * hidden], those of W and those of R
    Lengths,  // int32 [batch]
    H0,       // [directions, batch, hidden], as C0
    C0,       // LSTM
    P,        // [directions, 3 * hidden], LSTM
    Count
  };
};

struct RecurrentAttrs {
  CellKind kind = CellKind::Rnn;
  bool backward = false;                    // the only direction
  std::vector<CellActivation> activations;  // of the first direction, then of the second
  float clip = 0;                           // 0: none
  bool linear_before_reset = false, input_forget = false;
  // Which results there are, in this order: Y [steps, directions, batch, hidden], the last states
  // Y_h and Y_c [directions, batch, hidden].
  bool y = true, y_h = true, y_c = false;
  MOTE_FIELDS(kind, backward, activations, clip, linear_before_reset, input_forget, y, y_h, y_c)
  bool operator==(const RecurrentAttrs&) const = default;
};

int64_t gate_count(CellKind kind);
size_t activation_count(CellKind kind);

// `present[i]`: operand i is there.
mote::RecurrentShape recurrent_shape(const RecurrentAttrs& attrs, const Shape& x, const Shape& r,
                                     const std::vector<bool>& present);
int64_t recurrent_scratch_floats(const RecurrentAttrs& attrs, const mote::RecurrentShape& s);

// The weights as the runtime takes them, in blocks of `nr` outputs; `b` may be null.
struct PackedRecurrent {
  std::vector<float> w, r, bias;
};
PackedRecurrent pack_recurrent(const RecurrentAttrs& attrs, const Tensor& w, const Tensor& r,
                               const Tensor* b, int64_t nr);

namespace ops {
extern const OpDef recurrent;
}

}  // namespace motec
