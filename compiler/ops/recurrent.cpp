#include "ops/recurrent.h"

#include <algorithm>

#include "mote/gru_f32.h"
#include "mote/lstm_f32.h"
#include "mote/pack_recurrent.h"
#include "mote/rnn_f32.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

using In = RecurrentIn;

struct FnRow {
  std::string_view name;
  std::optional<float> alpha, beta;
};
constexpr auto none = std::nullopt;
constexpr FnRow kFns[] = {
#define MOTEC_CELL_FN(name, alpha, beta) {#name, alpha, beta},
#include "ops/recurrent_fn.inc"
#undef MOTEC_CELL_FN
};
const FnRow& row_of(CellFn fn) { return kFns[static_cast<size_t>(fn)]; }

void require_shape(const InferCtx& c, size_t i, std::string_view what, const Shape& want) {
  if (i >= c.in.size() || !c.in[i]) return;
  require(c.in[i]->shape == want, "E3171",
          fmt::format("recurrent operator: {} is {}, not {}", what, to_string(c.in[i]->shape),
                      to_string(want)));
}

std::vector<Type> infer(const RecurrentAttrs& a, const InferCtx& c) {
  for (size_t i = 0; i < c.in.size(); ++i) {
    if (!c.in[i]) continue;
    require(
        c.in[i]->dtype == (i == In::Lengths ? DType::S32 : DType::F32), "E3101",
        fmt::format("recurrent operator: operand {} may not be {}", i, name_of(c.in[i]->dtype)));
  }
  const Shape &x = c.in[In::X]->shape, &w = c.in[In::W]->shape, &r = c.in[In::R]->shape;
  require(x.size() == 3 && w.size() == 3 && r.size() == 3, "E3170",
          fmt::format("recurrent operator: operands {}, {} and {} are not of rank 3", to_string(x),
                      to_string(w), to_string(r)));
  const int64_t directions = r[0], batch = x[1], hidden = r[2], gates = gate_count(a.kind);
  require((directions == 1 || (directions == 2 && !a.backward)) && hidden > 0 && batch > 0, "E3170",
          fmt::format("recurrent operator: weights {} or operand {} make no sense", to_string(r),
                      to_string(x)));
  require(std::ssize(a.activations) == directions * static_cast<int64_t>(activation_count(a.kind)),
          "E3172",
          fmt::format("recurrent operator: {} activations for {} directions", a.activations.size(),
                      directions));
  require_shape(c, In::W, "W", {directions, gates * hidden, x[2]});
  require_shape(c, In::R, "R", {directions, gates * hidden, hidden});
  require_shape(c, In::B, "B", {directions, 2 * gates * hidden});
  require_shape(c, In::Lengths, "sequence_lens", {batch});
  require_shape(c, In::H0, "initial_h", {directions, batch, hidden});
  require_shape(c, In::C0, "initial_c", {directions, batch, hidden});
  require_shape(c, In::P, "P", {directions, 3 * hidden});
  std::vector<Type> types;
  if (a.y) types.push_back({.dtype = DType::F32, .shape = {x[0], directions, batch, hidden}});
  for (const bool state : {a.y_h, a.y_c})
    if (state) types.push_back({.dtype = DType::F32, .shape = {directions, batch, hidden}});
  return types;
}

// A shape that also says which activations to take: the host decides at run time.
struct HostShape : mote::RecurrentShape {
  CellFn fns[2 * mote::kMaxCellActivations];
};
struct HostActivations {
  template <int32_t I>
  static float apply(const HostShape& s, int32_t direction, float x) {
    const int32_t slot = direction * mote::kMaxCellActivations + I;
    const mote::ActivationParameters p{s.alpha[slot], s.beta[slot]};
    switch (s.fns[slot]) {
#define MOTEC_CELL_FN(name, alpha, beta) \
  case CellFn::name:                     \
    return mote::fn::name::apply(p, x);
#include "ops/recurrent_fn.inc"
#undef MOTEC_CELL_FN
    }
    return x;
  }
};

void eval(const RecurrentAttrs& a, const EvalCtx& c) {
  using Isa = mote::isa::Scalar;
  using Acts = HostActivations;
  std::vector<bool> present;
  for (const Tensor* tensor : c.in) present.push_back(tensor != nullptr);
  HostShape s{recurrent_shape(a, c.in[In::X]->shape, c.in[In::R]->shape, present), {}};
  const size_t per_direction = activation_count(a.kind);
  for (size_t i = 0; i < a.activations.size(); ++i)
    s.fns[i / per_direction * mote::kMaxCellActivations + i % per_direction] = a.activations[i].fn;

  const auto tensor = [&](size_t i) { return i < c.in.size() ? c.in[i] : nullptr; };
  const auto floats = [&](size_t i) { return tensor(i) ? tensor(i)->data<float>() : nullptr; };
  const int32_t* lengths = tensor(In::Lengths) ? tensor(In::Lengths)->data<int32_t>() : nullptr;
  size_t next = 0;
  const auto result = [&](bool wanted) { return wanted ? c.out[next++]->data<float>() : nullptr; };
  float* y = result(a.y);
  float* y_h = result(a.y_h);
  float* y_c = result(a.y_c);
  std::vector<float> scratch(static_cast<size_t>(recurrent_scratch_floats(a, s)));
  const PackedRecurrent p =
      pack_recurrent(a, *tensor(In::W), *tensor(In::R), tensor(In::B), mote::gemm_nr<Isa>());
  const float *x = floats(In::X), *w = p.w.data(), *r = p.r.data(), *b = p.bias.data();
  switch (a.kind) {
    case CellKind::Rnn:
      return mote::rnn_f32<Isa, Acts>(s, x, w, r, b, lengths, floats(In::H0), y, y_h,
                                      scratch.data());
    case CellKind::Gru:
      return mote::gru_f32<Isa, Acts>(s, x, w, r, b, lengths, floats(In::H0), y, y_h,
                                      scratch.data());
    case CellKind::Lstm:
      return mote::lstm_f32<Isa, Acts>(s, x, w, r, b, floats(In::P), lengths, floats(In::H0),
                                       floats(In::C0), y, y_h, y_c, scratch.data());
  }
}

// Of the matrix products; every step of every sequence counts.
int64_t macs(const RecurrentAttrs&, const InferCtx& c) {
  const Shape& x = c.in[In::X]->shape;
  return x[0] * x[1] * (c.in[In::W]->elements() + c.in[In::R]->elements());
}

}  // namespace

std::string_view name_of(CellKind kind) {
  constexpr std::string_view kNames[] = {"Rnn", "Gru", "Lstm"};
  return kNames[static_cast<size_t>(kind)];
}
std::string_view name_of(CellFn fn) { return row_of(fn).name; }

std::optional<CellFn> find_cell_fn(std::string_view name) {
  for (size_t i = 0; i < std::size(kFns); ++i)
    if (kFns[i].name == name) return static_cast<CellFn>(i);
  return {};
}
CellActivation cell_activation(CellFn fn) {
  return {fn, row_of(fn).alpha.value_or(0), row_of(fn).beta.value_or(0)};
}
bool takes_alpha(CellFn fn) { return row_of(fn).alpha.has_value(); }
bool takes_beta(CellFn fn) { return row_of(fn).beta.has_value(); }

int64_t gate_count(CellKind kind) {
  constexpr int64_t kGates[] = {1, 3, 4};
  return kGates[static_cast<size_t>(kind)];
}
size_t activation_count(CellKind kind) { return static_cast<size_t>(kind) + 1; }

mote::RecurrentShape recurrent_shape(const RecurrentAttrs& a, const Shape& x, const Shape& r,
                                     const std::vector<bool>& present) {
  const auto has = [&](size_t i) { return i < present.size() && present[i]; };
  mote::RecurrentShape s{};
  s.steps = to_i32(x[0]);
  s.batch = to_i32(x[1]);
  s.inputs = to_i32(x[2]);
  s.hidden = to_i32(r[2]);
  s.directions = to_i32(r[0]);
  s.backward = a.backward;
  s.has_lengths = has(In::Lengths);
  s.has_h0 = has(In::H0);
  s.has_c0 = has(In::C0);
  s.has_y = a.y;
  s.has_y_h = a.y_h;
  s.has_y_c = a.y_c;
  s.has_peepholes = has(In::P);
  s.input_forget = a.input_forget;
  s.linear_before_reset = a.linear_before_reset;
  s.clip = a.clip;
  const size_t per_direction = activation_count(a.kind);
  for (size_t i = 0; i < a.activations.size(); ++i) {
    const size_t slot = i / per_direction * mote::kMaxCellActivations + i % per_direction;
    s.alpha[slot] = a.activations[i].alpha;
    s.beta[slot] = a.activations[i].beta;
  }
  return s;
}

int64_t recurrent_scratch_floats(const RecurrentAttrs& a, const mote::RecurrentShape& s) {
  switch (a.kind) {
    case CellKind::Rnn:
      return mote::rnn_scratch_floats(s);
    case CellKind::Gru:
      return mote::gru_scratch_floats(s);
    case CellKind::Lstm:
      break;
  }
  return mote::lstm_scratch_floats(s);
}

PackedRecurrent pack_recurrent(const RecurrentAttrs& a, const Tensor& w, const Tensor& r,
                               const Tensor* b, int64_t nr) {
  const int64_t directions = w.shape[0], rows = w.shape[1], inputs = w.shape[2];
  const int64_t hidden = r.shape[2];
  // The candidate's rows of a GRU's R are multiplied apart from the gates'.
  const int64_t split = a.kind == CellKind::Gru ? 2 * hidden : rows;
  PackedRecurrent p;
  p.w.resize(static_cast<size_t>(mote::pack::recurrent_floats(directions, rows, inputs, nr)));
  mote::pack::pack_recurrent(w.data<float>(), directions, rows, rows, inputs, nr, p.w.data());
  p.r.resize(static_cast<size_t>(mote::pack::recurrent_floats(directions, rows, hidden, nr)));
  mote::pack::pack_recurrent(r.data<float>(), directions, rows, split, hidden, nr, p.r.data());

  // The biases of W and R are always added up, but for a candidate whose Rh h is reset with its
  // bias.
  const bool apart = a.kind == CellKind::Gru && a.linear_before_reset;
  for (int64_t d = 0; d < directions; ++d) {
    const auto bias = [&](int64_t i) { return b ? b->data<float>()[d * 2 * rows + i] : 0.0f; };
    for (int64_t i = 0; i < rows; ++i)
      p.bias.push_back(apart && i >= split ? bias(i) : bias(i) + bias(rows + i));
    for (int64_t i = split; apart && i < rows; ++i) p.bias.push_back(bias(rows + i));
  }
  return p;
}

namespace ops {
const OpDef recurrent{.name = "Recurrent",
                      .infer = typed<&infer>,
                      .eval = typed<&eval>,
                      .print = print_attrs<RecurrentAttrs>,
                      .macs = typed<&macs>};
}

}  // namespace motec
