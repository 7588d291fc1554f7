// LSTM and GRU in integers, with ONNX's default activations, from states of zeros.
#pragma once
#include "mote/recurrent_s8.h"
#include "ops/recurrent.h"

namespace motec {

// Operands, of which all but X are constant.
struct QRecurrentIn {
  enum : size_t {
    X,      // int8 or int16 [steps, batch, inputs]
    W,      // int8 [directions, gates * hidden, inputs]
    R,      // int8 [directions, gates * hidden, hidden]
    WBias,  // int32 [directions, gates * hidden], as the next ones; has the zero point of X
    RBias,
    WMult,
    RMult,
    Tanh,  // int16 [257]
    Count
  };
};

// How a state becomes a result.
struct StateScale {
  int32_t mult = 0, shift = 0, zp = 0;
  MOTE_FIELDS(mult, shift, zp)
  bool operator==(const StateScale&) const = default;
};

struct QRecurrentAttrs {
  CellKind kind = CellKind::Lstm;  // or Gru
  bool backward = false;           // the only direction
  bool linear_before_reset = false;
  // Which results there are, in this order, as of the float operator.
  bool y = true, y_h = false, y_c = false;
  StateScale y_scale = {}, y_h_scale = {}, y_c_scale = {};
  int32_t w_shift = 0, r_shift = 0;
  DType out = DType::S8;  // or int16, of all results
  MOTE_FIELDS(kind, backward, linear_before_reset, y, y_h, y_c, y_scale, y_h_scale, y_c_scale,
              w_shift, r_shift, out)
  bool operator==(const QRecurrentAttrs&) const = default;
};

mote::RecurrentS8Shape qrecurrent_shape(const QRecurrentAttrs& attrs, const Shape& x,
                                        const Shape& r);

// W or R as the runtime takes them: for each direction and `parts` of its rows a matrix apart.
Tensor pack_qrecurrent(const Tensor& weights, int64_t parts, const mote::pack::GemmLayout& layout);
// The parts of R: one for each gate. W has one.
int64_t recurrence_parts(const QRecurrentAttrs& attrs);

Tensor tanh_table();

namespace ops {
extern const OpDef qrecurrent;
}

}  // namespace motec
