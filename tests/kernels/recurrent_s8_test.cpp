// Integer LSTM and GRU: the table's functions against double precision, and the operators against a
// plain transcription of their formats, bit for bit.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "ops/qrecurrent.h"
#include "ops/quantize.h"

namespace motec {
namespace {

using In = QRecurrentIn;
using Words = std::vector<int64_t>;

TEST_CASE("sigmoid and tanh of the table err by a few units of 2^-15") {
  const Tensor table = tanh_table();
  const auto* entries = table.data<int16_t>();
  double tanh_error = 0, sigmoid_error = 0;
  for (int32_t x = -32768; x < 32768; ++x) {
    const double real = x / 4096.0;
    tanh_error =
        std::max(tanh_error, std::abs(mote::tanh_q15(entries, x) - 32768 * std::tanh(real)));
    sigmoid_error = std::max(
        sigmoid_error, std::abs(mote::sigmoid_q15(entries, x) - 32768 / (1 + std::exp(-real))));
  }
  CHECK(tanh_error < 4.2);
  CHECK(sigmoid_error < 2.7);
}

struct Random {
  std::mt19937 engine{5};
  int64_t operator()(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine() % static_cast<uint32_t>(high - low + 1));
  }
  template <class T>
  Tensor tensor(DType dtype, const Shape& shape, int64_t low, int64_t high) {
    Tensor t = Tensor::zeros(dtype, shape);
    for (int64_t i = 0; i < t.elements(); ++i) t.data<T>()[i] = static_cast<T>((*this)(low, high));
    return t;
  }
};

struct Case {
  QRecurrentAttrs attrs;
  std::vector<Tensor> operands{In::Count};
  int64_t steps, batch, inputs, hidden, directions;
  Words x;            // as in the operand
  Words y, y_h, y_c;  // wanted

  int64_t gates() const { return gate_count(attrs.kind); }
};

Case random_case(Random& random) {
  Case c;
  QRecurrentAttrs& a = c.attrs;
  a.kind = random(0, 1) ? CellKind::Lstm : CellKind::Gru;
  c.steps = random(1, 5), c.batch = random(1, 2), c.inputs = random(1, 20);
  c.hidden = random(0, 2) ? random(1, 9) : random(10, 24);
  c.directions = random(1, 2);
  a.backward = c.directions == 1 && random(0, 1);
  a.linear_before_reset = a.kind == CellKind::Gru && random(0, 1);
  a.y = random(0, 1), a.y_c = a.kind == CellKind::Lstm && random(0, 1);
  a.y_h = random(0, 1) || !(a.y || a.y_c);
  a.w_shift = static_cast<int32_t>(random(0, 2));
  // One in four has int16 inputs, one in four int16 results.
  const bool wide_x = random(0, 3) == 0;
  if (random(0, 3) == 0) a.out = DType::S16;
  const int bits = a.out == DType::S16 ? 6 : 0;
  for (StateScale* scale : {&a.y_scale, &a.y_h_scale, &a.y_c_scale})
    *scale = {static_cast<int32_t>(random(1 << (20 + bits), 1 << (25 + bits - bits / 6))),
              static_cast<int32_t>(random(0, 1)), static_cast<int32_t>(random(-128, 127))};
  const int64_t rows = c.gates() * c.hidden;
  const Shape per_row = {c.directions, rows};
  // Weights of one sign now and then, so that gates and the cell state saturate.
  const int64_t lowest = random(0, 3) ? -127 : 60;
  const Shape x = {c.steps, c.batch, c.inputs};
  c.operands[In::X] = wide_x ? random.tensor<int16_t>(DType::S16, x, -32768, 32767)
                             : random.tensor<int8_t>(DType::S8, x, -128, 127);
  c.x = to_int64s(c.operands[In::X]);
  c.operands[In::W] = random.tensor<int8_t>(DType::S8, {c.directions, rows, c.inputs}, lowest, 127);
  c.operands[In::R] = random.tensor<int8_t>(DType::S8, {c.directions, rows, c.hidden}, lowest, 127);
  c.operands[In::WBias] = random.tensor<int32_t>(DType::S32, per_row, -100000, 100000);
  c.operands[In::RBias] = random.tensor<int32_t>(DType::S32, per_row, -10000000, 10000000);
  c.operands[In::WMult] =
      random.tensor<int32_t>(DType::S32, per_row, 1 << (wide_x ? 17 : 25), 1 << (wide_x ? 20 : 28));
  c.operands[In::RMult] = random.tensor<int32_t>(DType::S32, per_row, 1 << 20, 1 << 23);
  c.operands[In::Tanh] = tanh_table();
  return c;
}

// v / 2^bits to the nearest integer, halves up.
int64_t rounded(int64_t v, int bits) {
  const int64_t unit = int64_t{1} << bits, sum = v + unit / 2;
  return sum / unit - (sum % unit < 0);
}
int64_t limited(int64_t v, int64_t low, int64_t high) { return std::min(std::max(v, low), high); }
int64_t s16(int64_t v) { return limited(v, -32768, 32767); }
int64_t state(int64_t v, const StateScale& scale, DType out) {
  return limited(rounded((v << scale.shift) * scale.mult, 32) + scale.zp, lowest_of(out),
                 highest_of(out));
}

struct NaiveCell {
  const Case& c;
  int64_t d, b;
  Words h, cell;

  NaiveCell(const Case& of, int64_t direction, int64_t sequence)
      : c(of),
        d(direction),
        b(sequence),
        h(static_cast<size_t>(c.hidden)),
        cell(static_cast<size_t>(c.hidden)) {}

  int64_t word(size_t operand, int64_t row) const {
    return c.operands[operand].data<int32_t>()[d * c.gates() * c.hidden + row];
  }
  int64_t weight(size_t operand, int64_t row, int64_t k) const {
    const Shape& shape = c.operands[operand].shape;
    return c.operands[operand].data<int8_t>()[(d * shape[1] + row) * shape[2] + k];
  }
  int64_t gate(int64_t sum, size_t mult, int64_t row, int32_t shift) const {
    return limited(rounded((sum << shift) * word(mult, row), 32), -(1 << 20), 1 << 20);
  }
  int64_t of_x(int64_t row, int64_t t) const {
    int64_t sum = word(In::WBias, row);
    for (int64_t k = 0; k < c.inputs; ++k)
      sum += weight(In::W, row, k) * c.x[static_cast<size_t>((t * c.batch + b) * c.inputs + k)];
    return gate(sum, In::WMult, row, c.attrs.w_shift);
  }
  int64_t of_h(int64_t row, const Words& state) const {
    int64_t sum = word(In::RBias, row);
    for (int64_t k = 0; k < c.hidden; ++k)
      sum += weight(In::R, row, k) * state[static_cast<size_t>(k)];
    return gate(sum, In::RMult, row, c.attrs.r_shift);
  }
  int64_t table(int64_t position, int64_t unit) const {
    const auto* entries = c.operands[In::Tanh].data<int16_t>();
    const int64_t i = position / unit;
    // The table rises, so that this division rounds halves up.
    return entries[i] + (2 * (entries[i + 1] - entries[i]) * (position % unit) + unit) / (2 * unit);
  }
  int64_t tanh(int64_t x) const {
    const int64_t v = table(std::min<int64_t>(std::abs(x), 32767), 128);
    return x < 0 ? -v : v;
  }
  int64_t sigmoid(int64_t x) const {
    const int64_t v = table(std::min<int64_t>(std::abs(x), 32767), 256);
    return rounded(32768 + (x < 0 ? -v : v), 1);
  }

  void step(int64_t t) {
    const int64_t n = c.hidden;
    const Words old = h;
    const auto argument = [&](int64_t row, const Words& state) {
      return s16(of_x(row, t) + of_h(row, state));
    };
    Words reset = old;
    for (int64_t j = 0; c.attrs.kind == CellKind::Gru && j < n; ++j) {
      int64_t& r = reset[static_cast<size_t>(j)];
      r = rounded(sigmoid(argument(n + j, old)) * r, 15);
    }
    for (int64_t j = 0; j < n; ++j) {
      int64_t &hj = h[static_cast<size_t>(j)], &cj = cell[static_cast<size_t>(j)];
      if (c.attrs.kind == CellKind::Gru) {
        const int64_t z = sigmoid(argument(j, old)), r = sigmoid(argument(n + j, old));
        const int64_t row = 2 * n + j;
        const int64_t next =
            tanh(c.attrs.linear_before_reset ? s16(of_x(row, t) + rounded(r * of_h(row, old), 15))
                                             : argument(row, reset));
        hj = rounded((32768 - z) * next + z * hj, 15);
      } else {
        const int64_t i = sigmoid(argument(j, old)), f = sigmoid(argument(2 * n + j, old));
        cj = s16(rounded(f * cj + rounded(i * tanh(argument(3 * n + j, old)), 4), 15));
        hj = s16(rounded(sigmoid(argument(n + j, old)) * tanh(s16(2 * cj)), 15));
      }
    }
  }
};

void run_naive(Case& c) {
  const QRecurrentAttrs& a = c.attrs;
  const auto size = static_cast<size_t>(c.directions * c.batch * c.hidden);
  c.y.assign(size * static_cast<size_t>(c.steps), 0);
  c.y_h.assign(size, 0);
  c.y_c.assign(size, 0);
  for (int64_t d = 0; d < c.directions; ++d) {
    for (int64_t b = 0; b < c.batch; ++b) {
      NaiveCell cell(c, d, b);
      const auto at = static_cast<size_t>((d * c.batch + b) * c.hidden);
      for (int64_t i = 0; i < c.steps; ++i) {
        const int64_t t = d == 1 || a.backward ? c.steps - 1 - i : i;
        cell.step(t);
        for (size_t j = 0; j < cell.h.size(); ++j)
          c.y[static_cast<size_t>(t) * size + at + j] = state(cell.h[j], a.y_scale, a.out);
      }
      for (size_t j = 0; j < cell.h.size(); ++j) {
        c.y_h[at + j] = state(cell.h[j], a.y_h_scale, a.out);
        c.y_c[at + j] = state(cell.cell[j], a.y_c_scale, a.out);
      }
    }
  }
}

TEST_CASE("integer LSTM and GRU keep to their formats bit for bit") {
  Random random;
  int64_t saturated = 0;
  for (int i = 0; i < 1500; ++i) {
    Case c = random_case(random);
    run_naive(c);
    std::vector<Type> in_types;
    for (const Tensor& operand : c.operands) in_types.push_back(operand.type());
    InferCtx infer;
    EvalCtx eval;
    for (size_t k = 0; k < In::Count; ++k) {
      infer.in.push_back(&in_types[k]);
      eval.in.push_back(&c.operands[k]);
    }
    const Op op{&ops::qrecurrent, c.attrs, {}, {}, {}};
    std::vector<Tensor> out;
    for (const Type& type : ops::qrecurrent.infer(op, infer))
      out.push_back(Tensor::zeros(type.dtype, type.shape));
    for (Tensor& tensor : out) eval.out.push_back(&tensor);
    ops::qrecurrent.eval(op, eval);
    INFO(print_fields(c.attrs) << " steps " << c.steps << " batch " << c.batch << " inputs "
                               << c.inputs << " hidden " << c.hidden);
    size_t next = 0;
    const auto check = [&](bool wanted, const Words& want) {
      if (wanted) REQUIRE(to_int64s(out[next++]) == want);
    };
    check(c.attrs.y, c.y);
    check(c.attrs.y_h, c.y_h);
    check(c.attrs.y_c, c.y_c);
    for (const int64_t v : c.y_h) saturated += v == -128 || v == 127;
  }
  CHECK(saturated > 0);
}

}  // namespace
}  // namespace motec
