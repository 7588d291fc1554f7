// Sweeps LSTM, GRU and RNN over kinds, directions, activations and options against a plain
// transcription of ONNX's equations in double precision.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "mote/gru_f32.h"
#include "mote/isa/vec.h"
#include "mote/lstm_f32.h"
#include "mote/rnn_f32.h"
#include "ops/recurrent.h"

namespace motec {
namespace {

using In = RecurrentIn;
constexpr size_t kFns = static_cast<size_t>(CellFn::ThresholdedRelu) + 1;

struct Random {
  std::mt19937 engine{11};
  int64_t operator()(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine() % static_cast<uint32_t>(high - low + 1));
  }
  Tensor tensor(const Shape& shape) {
    Tensor t = Tensor::zeros(DType::F32, shape);
    for (int64_t i = 0; i < t.elements(); ++i)
      t.data<float>()[i] = static_cast<float>((*this)(-100, 100)) / 128;
    return t;
  }
};

struct Case {
  RecurrentAttrs attrs;
  std::vector<Tensor> operands{In::Count};
  std::vector<bool> present;
  int64_t steps, batch, inputs, hidden, directions;
  std::vector<double> y, y_h, y_c;  // wanted

  const float* floats(size_t i) const { return operands[i].data<float>(); }
};

Case random_case(Random& random, bool any_activation) {
  Case c;
  RecurrentAttrs& a = c.attrs;
  a.kind = static_cast<CellKind>(random(0, 2));
  const bool lstm = a.kind == CellKind::Lstm;
  c.steps = random(1, 4), c.batch = random(1, 3), c.inputs = random(1, 9);
  c.hidden = random(0, 3) ? random(1, 9) : random(10, 40);
  c.directions = random(1, 2);
  a.backward = c.directions == 1 && random(0, 1);
  a.clip = random(0, 3) ? 0.0f : 0.5f;
  a.linear_before_reset = a.kind == CellKind::Gru && random(0, 1);
  a.input_forget = lstm && random(0, 2) == 0;
  a.y = random(0, 1), a.y_c = lstm && random(0, 1);
  a.y_h = random(0, 1) || !(a.y || a.y_c);
  for (int64_t d = 0; d < c.directions; ++d) {
    for (size_t i = 0; i < activation_count(a.kind); ++i) {
      const CellFn fn = any_activation
                            ? static_cast<CellFn>(random(0, kFns - 1))
                            : (i == 0 && a.kind != CellKind::Rnn ? CellFn::Sigmoid : CellFn::Tanh);
      a.activations.push_back(cell_activation(fn));
      if (takes_alpha(fn) && random(0, 1))
        a.activations.back().alpha = static_cast<float>(random(1, 6)) / 8;
      if (takes_beta(fn) && random(0, 1))
        a.activations.back().beta = static_cast<float>(random(-4, 4)) / 8;
    }
  }
  const int64_t gates = gate_count(a.kind), rows = gates * c.hidden;
  c.operands[In::X] = random.tensor({c.steps, c.batch, c.inputs});
  c.operands[In::W] = random.tensor({c.directions, rows, c.inputs});
  c.operands[In::R] = random.tensor({c.directions, rows, c.hidden});
  // Unbounded activations amplify rounding from step to step: the recurrence must not.
  for (int64_t i = 0; i < c.operands[In::R].elements(); ++i)
    c.operands[In::R].data<float>()[i] /= static_cast<float>(c.hidden);
  c.operands[In::B] = random.tensor({c.directions, 2 * rows});
  c.operands[In::Lengths] = Tensor::zeros(DType::S32, {c.batch});
  for (int64_t b = 0; b < c.batch; ++b)
    c.operands[In::Lengths].data<int32_t>()[b] = static_cast<int32_t>(random(0, c.steps));
  c.operands[In::H0] = random.tensor({c.directions, c.batch, c.hidden});
  c.operands[In::C0] = random.tensor({c.directions, c.batch, c.hidden});
  c.operands[In::P] = random.tensor({c.directions, 3 * c.hidden});
  for (size_t i = 0; i < In::Count; ++i)
    c.present.push_back(i <= In::R || (random(0, 1) && (lstm || i < In::C0)));
  return c;
}

double apply(const CellActivation& act, double x) {
  const double alpha = act.alpha, beta = act.beta;
  switch (act.fn) {
    case CellFn::Affine:
      return alpha * x + beta;
    case CellFn::Elu:
      return x >= 0 ? x : alpha * (std::exp(x) - 1);
    case CellFn::HardSigmoid:
      return std::min(std::max(alpha * x + beta, 0.0), 1.0);
    case CellFn::LeakyRelu:
      return x >= 0 ? x : alpha * x;
    case CellFn::Relu:
      return std::max(x, 0.0);
    case CellFn::ScaledTanh:
      return alpha * std::tanh(beta * x);
    case CellFn::Sigmoid:
      return 1 / (1 + std::exp(-x));
    case CellFn::Softplus:
      return std::log(1 + std::exp(x));
    case CellFn::Softsign:
      return x / (1 + std::abs(x));
    case CellFn::Tanh:
      return std::tanh(x);
    case CellFn::ThresholdedRelu:
      return x > alpha ? x : 0;
  }
  return 0;
}

// One direction of one sequence.
struct NaiveCell {
  const Case& c;
  int64_t d, b;
  std::vector<double> h, cell;

  NaiveCell(const Case& of, int64_t direction, int64_t sequence)
      : c(of), d(direction), b(sequence), h(initial(In::H0)), cell(initial(In::C0)) {}

  std::vector<double> initial(size_t operand) const {
    std::vector<double> v(static_cast<size_t>(c.hidden));
    for (int64_t j = 0; c.present[operand] && j < c.hidden; ++j)
      v[static_cast<size_t>(j)] = c.floats(operand)[(d * c.batch + b) * c.hidden + j];
    return v;
  }
  double act(size_t i, double x) const {
    const double clip = c.attrs.clip;
    if (clip > 0) x = std::min(std::max(x, -clip), clip);
    return apply(c.attrs.activations[static_cast<size_t>(d) * activation_count(c.attrs.kind) + i],
                 x);
  }
  int64_t rows() const { return gate_count(c.attrs.kind) * c.hidden; }
  double w(int64_t row, int64_t t) const {
    double sum = c.present[In::B] ? c.floats(In::B)[d * 2 * rows() + row] : 0;
    for (int64_t k = 0; k < c.inputs; ++k)
      sum += static_cast<double>(c.floats(In::W)[(d * rows() + row) * c.inputs + k]) *
             c.floats(In::X)[(t * c.batch + b) * c.inputs + k];
    return sum;
  }
  double r(int64_t row, const std::vector<double>& state, bool with_bias = true) const {
    double sum = with_bias && c.present[In::B] ? c.floats(In::B)[d * 2 * rows() + rows() + row] : 0;
    for (int64_t k = 0; k < c.hidden; ++k)
      sum += c.floats(In::R)[(d * rows() + row) * c.hidden + k] * state[static_cast<size_t>(k)];
    return sum;
  }
  double peephole(int64_t gate, int64_t j, double state) const {
    return c.present[In::P] ? c.floats(In::P)[(d * 3 + gate) * c.hidden + j] * state : 0;
  }

  void step(int64_t t) {
    const int64_t n = c.hidden;
    const std::vector<double> old = h;
    std::vector<double> reset = old;
    for (int64_t j = 0; c.attrs.kind == CellKind::Gru && j < n; ++j)
      reset[static_cast<size_t>(j)] *= act(0, w(n + j, t) + r(n + j, old));
    for (int64_t j = 0; j < n; ++j) {
      double &hj = h[static_cast<size_t>(j)], &cj = cell[static_cast<size_t>(j)];
      if (c.attrs.kind == CellKind::Rnn) {
        hj = act(0, w(j, t) + r(j, old));
      } else if (c.attrs.kind == CellKind::Gru) {
        const double z = act(0, w(j, t) + r(j, old));
        const double gate = act(0, w(n + j, t) + r(n + j, old));
        const double candidate = c.attrs.linear_before_reset
                                     ? w(2 * n + j, t) + gate * r(2 * n + j, old)
                                     : w(2 * n + j, t) + r(2 * n + j, reset);
        hj = (1 - z) * act(1, candidate) + z * hj;
      } else {
        const double i = act(0, w(j, t) + r(j, old) + peephole(0, j, cj));
        const double f = c.attrs.input_forget
                             ? 1 - i
                             : act(0, w(2 * n + j, t) + r(2 * n + j, old) + peephole(2, j, cj));
        cj = f * cj + i * act(1, w(3 * n + j, t) + r(3 * n + j, old));
        hj = act(0, w(n + j, t) + r(n + j, old) + peephole(1, j, cj)) * act(2, cj);
      }
    }
  }
};

void run_naive(Case& c) {
  const auto size = static_cast<size_t>(c.directions * c.batch * c.hidden);
  c.y.assign(size * static_cast<size_t>(c.steps), 0);
  c.y_h.assign(size, 0);
  c.y_c.assign(size, 0);
  for (int64_t d = 0; d < c.directions; ++d) {
    for (int64_t b = 0; b < c.batch; ++b) {
      NaiveCell cell(c, d, b);
      const int64_t at = (d * c.batch + b) * c.hidden;
      const int64_t length =
          c.present[In::Lengths] ? c.operands[In::Lengths].data<int32_t>()[b] : c.steps;
      for (int64_t i = 0; i < length; ++i) {
        const int64_t t = d == 1 || c.attrs.backward ? length - 1 - i : i;
        cell.step(t);
        std::copy(cell.h.begin(), cell.h.end(), c.y.begin() + t * static_cast<int64_t>(size) + at);
      }
      std::copy(cell.h.begin(), cell.h.end(), c.y_h.begin() + at);
      std::copy(cell.cell.begin(), cell.cell.end(), c.y_c.begin() + at);
    }
  }
}

double worst_difference(const std::vector<double>& want, const float* got) {
  double worst = 0;
  for (size_t i = 0; i < want.size(); ++i)
    worst =
        std::max(worst, std::abs(want[i] - static_cast<double>(got[i])) / (1 + std::abs(want[i])));
  return worst;
}

constexpr double kTolerance = 2e-5;

TEST_CASE("the core op of LSTM, GRU and RNN agrees with ONNX's equations") {
  Random random;
  for (int i = 0; i < 3000; ++i) {
    Case c = random_case(random, i % 3 != 0);
    run_naive(c);
    std::vector<Type> in_types(In::Count);
    InferCtx infer;
    EvalCtx eval;
    for (size_t k = 0; k < In::Count; ++k) {
      in_types[k] = c.operands[k].type();
      infer.in.push_back(c.present[k] ? &in_types[k] : nullptr);
      eval.in.push_back(c.present[k] ? &c.operands[k] : nullptr);
    }
    const Op op{&ops::recurrent, c.attrs, {}, {}, {}};
    std::vector<Tensor> out;
    for (const Type& type : ops::recurrent.infer(op, infer))
      out.push_back(Tensor::zeros(type.dtype, type.shape));
    for (Tensor& tensor : out) eval.out.push_back(&tensor);
    ops::recurrent.eval(op, eval);
    INFO(print_fields(c.attrs) << " steps " << c.steps << " batch " << c.batch << " inputs "
                               << c.inputs << " hidden " << c.hidden);
    size_t next = 0;
    const auto check = [&](bool wanted, const std::vector<double>& want) {
      if (!wanted) return;
      REQUIRE(out[next].elements() == std::ssize(want));
      CHECK(worst_difference(want, out[next++].data<float>()) < kTolerance);
    };
    check(c.attrs.y, c.y);
    check(c.attrs.y_h, c.y_h);
    check(c.attrs.y_c, c.y_c);
  }
}

template <class Isa>
void check_isa(const Case& c) {
  const RecurrentAttrs& a = c.attrs;
  const mote::RecurrentShape s =
      recurrent_shape(a, c.operands[In::X].shape, c.operands[In::R].shape, c.present);
  const PackedRecurrent p =
      pack_recurrent(a, c.operands[In::W], c.operands[In::R],
                     c.present[In::B] ? &c.operands[In::B] : nullptr, mote::gemm_nr<Isa>());
  const auto floats = [&](size_t i) { return c.present[i] ? c.floats(i) : nullptr; };
  const int32_t* lengths =
      c.present[In::Lengths] ? c.operands[In::Lengths].data<int32_t>() : nullptr;
  constexpr float kGuard = 12345.0f;
  std::vector<float> y(c.y.size()), y_h(c.y_h.size()), y_c(c.y_c.size());
  std::vector<float> scratch(static_cast<size_t>(recurrent_scratch_floats(a, s)) + 1, kGuard);
  using mote::fn::Sigmoid, mote::fn::Tanh, mote::CellActivations;
  const float *x = floats(In::X), *w = p.w.data(), *r = p.r.data(), *b = p.bias.data();
  switch (a.kind) {
    case CellKind::Rnn:
      mote::rnn_f32<Isa, CellActivations<Tanh>>(s, x, w, r, b, lengths, floats(In::H0), y.data(),
                                                y_h.data(), scratch.data());
      break;
    case CellKind::Gru:
      mote::gru_f32<Isa, CellActivations<Sigmoid, Tanh>>(s, x, w, r, b, lengths, floats(In::H0),
                                                         y.data(), y_h.data(), scratch.data());
      break;
    case CellKind::Lstm:
      // Functors by direction, here the same ones.
      using Acts = CellActivations<Sigmoid, Tanh, Tanh>;
      mote::lstm_f32<Isa, mote::DirectedActivations<Acts, Acts>>(
          s, x, w, r, b, floats(In::P), lengths, floats(In::H0), floats(In::C0), y.data(),
          y_h.data(), y_c.data(), scratch.data());
      break;
  }
  INFO(Isa::kName << ' ' << print_fields(a) << " hidden " << c.hidden);
  CHECK(scratch.back() == kGuard);
  if (a.y) CHECK(worst_difference(c.y, y.data()) < kTolerance);
  if (a.y_h) CHECK(worst_difference(c.y_h, y_h.data()) < kTolerance);
  if (a.y_c) CHECK(worst_difference(c.y_c, y_c.data()) < kTolerance);
}

TEST_CASE("recurrent kernels agree with ONNX's equations in every ISA") {
  Random random;
  for (int i = 0; i < 800; ++i) {
    Case c = random_case(random, false);
    run_naive(c);
    check_isa<mote::isa::Scalar>(c);
    check_isa<mote::isa::ScalarTile<2, 3>>(c);
    check_isa<mote::isa::Vec>(c);
  }
}

}  // namespace
}  // namespace motec
