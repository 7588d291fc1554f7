// LSTM and GRU between Dequantize and Quantize: integers against the float operators on random
// networks, and what stays float, with the reason.
#include <catch2/catch.hpp>
#include <cmath>

#include "eval/evaluator.h"
#include "ir/verify.h"
#include "ops/quantize.h"
#include "ops/recurrent.h"
#include "passes/passes.h"
#include "support/graph_builder.h"

namespace motec::test {
namespace {

using In = RecurrentIn;

struct Network {
  RecurrentAttrs attrs = {.kind = CellKind::Lstm, .activations = {}};
  int64_t steps = 3, batch = 1, inputs = 4, hidden = 5, directions = 1;
  int axis = -1;  // along which the weights have scales; 1: one for each gate row
  bool quantized_weights = true, quantized_input = true, quantized_results = true;
  int32_t weight_zp = 0;
  DType in = DType::S8, out = DType::S8;
  std::vector<size_t> extra = {};  // further operands
};

ValueId weights(GraphBuilder& b, const Network& n, const Shape& shape) {
  Tensor q = Tensor::zeros(DType::S8, shape);
  for (int64_t i = 0; i < q.elements(); ++i)
    q.data<int8_t>()[i] = static_cast<int8_t>(b.random_in(-127, 128));
  QuantizedConstant constant{q, {{}, {}, n.axis}};
  const int64_t count = n.axis < 0 ? 1 : shape[static_cast<size_t>(n.axis)];
  const auto depth = static_cast<double>(shape[2]);
  for (int64_t i = 0; i < count; ++i) {
    const auto largest = static_cast<double>(b.random_in(100, 400)) / 200;
    constant.quant.scale.push_back(static_cast<float>(largest / std::sqrt(depth) / 127));
    constant.quant.zero_point.push_back(n.weight_zp);
  }
  const ValueId id = b.constant(dequantized(constant));
  if (n.quantized_weights)
    b.graph()[id].quantized = std::make_shared<const QuantizedConstant>(constant);
  return id;
}

Graph build(const Network& n, uint32_t seed) {
  GraphBuilder b(seed);
  const Shape x_shape = {n.steps, n.batch, n.inputs};
  ValueId x = b.input("x", x_shape, n.quantized_input ? n.in : DType::F32);
  const float finer = 1 / 256.0f;
  const DequantizeAttrs dequantize{{n.in == DType::S8 ? 0.02f : 0.02f * finer}, {-9}, -1};
  if (n.quantized_input) x = b.op(ops::dequantize, dequantize, {x});
  RecurrentAttrs a = n.attrs;
  if (a.activations.empty()) {
    for (int64_t d = 0; d < n.directions; ++d)
      for (size_t i = 0; i < activation_count(a.kind); ++i)
        a.activations.push_back(
            cell_activation(i == 0 && a.kind != CellKind::Rnn ? CellFn::Sigmoid : CellFn::Tanh));
  }
  const int64_t rows = gate_count(a.kind) * n.hidden;
  std::vector<ValueId> in = {x, weights(b, n, {n.directions, rows, n.inputs}),
                             weights(b, n, {n.directions, rows, n.hidden}),
                             b.random({n.directions, 2 * rows})};
  for (const size_t i : n.extra) {
    in.resize(std::max(in.size(), i + 1));
    in[i] = i == In::Lengths ? b.input("lengths", {n.batch}, DType::S32)
            : i == In::P     ? b.random({n.directions, 3 * n.hidden})
                             : b.input("state", {n.directions, n.batch, n.hidden});
  }
  const std::vector<ValueId> out = append(b.graph(), ops::recurrent, a, in, {"cell", "LSTM", 0});
  size_t next = 0;
  const auto output = [&](bool exists, const char* name, float scale, int32_t zp) {
    if (!exists) return;
    const ValueId y = out[next++];
    const QuantizeAttrs attrs{{n.out == DType::S16 ? scale * finer : scale}, {zp}, -1, n.out};
    b.output(name, n.quantized_results ? b.op(ops::quantize, attrs, {y}) : y);
  };
  output(a.y, "y", 1.0f / 128, 0);
  output(a.y_h, "y_h", 1.7f / 255, 20);
  output(a.y_c, "y_c", 6.0f / 255, 5);
  return b.graph();
}

int64_t count(const Graph& graph, std::string_view name) {
  return std::count_if(graph.ops.begin(), graph.ops.end(),
                       [&](const Op& op) { return op.def->name == name; });
}

struct Distances {
  double sum = 0, worst = 0;
  int64_t elements = 0;
};

// Of random networks from the float ones, in units of results.
Distances distances(uint32_t networks, DType in, DType out) {
  GraphBuilder random(7);
  Distances result;
  for (uint32_t seed = 1; seed <= networks; ++seed) {
    Network n;
    n.in = in, n.out = out;
    RecurrentAttrs& a = n.attrs;
    a.kind = random.random_in(0, 2) ? CellKind::Lstm : CellKind::Gru;
    n.steps = random.random_in(1, 20), n.batch = random.random_in(1, 3);
    n.inputs = random.random_in(1, 20), n.hidden = random.random_in(1, 30);
    n.directions = random.random_in(1, 3);
    a.backward = n.directions == 1 && random.random_in(0, 2);
    a.linear_before_reset = a.kind == CellKind::Gru && random.random_in(0, 2);
    a.y = random.random_in(0, 2), a.y_c = a.kind == CellKind::Lstm && random.random_in(0, 2);
    a.y_h = random.random_in(0, 2) || !(a.y || a.y_c);
    n.axis = static_cast<int>(random.random_in(-1, 2));
    INFO("network " << seed << ": " << print_fields(a));
    const Graph before = build(n, seed);
    Graph after = before;
    PassCtx ctx{1000};
    REQUIRE(quantize_islands(after, ctx));
    verify(after, "quantize-islands");
    REQUIRE(after.ops.size() == 1);
    REQUIRE(count(after, "QRecurrent") == 1);
    Tensor x = Tensor::zeros(in, {n.steps, n.batch, n.inputs});
    dispatch(in, [&]<class T>() {
      for (int64_t i = 0; i < x.elements(); ++i)
        x.data<T>()[i] = static_cast<T>(random.random_in(lowest_of(in), highest_of(in) + 1));
    });
    const std::vector<Tensor> want = evaluate(before, {x}), got = evaluate(after, {x});
    for (size_t i = 0; i < want.size(); ++i) {
      const std::vector<double> a = to_doubles(want[i]), b = to_doubles(got[i]);
      for (size_t j = 0; j < a.size(); ++j) {
        const double d = std::abs(a[j] - b[j]);
        result.sum += d;
        result.worst = std::max(result.worst, d);
        ++result.elements;
      }
    }
  }
  return result;
}

TEST_CASE("LSTM and GRU in integers are within one unit of float ones") {
  const Distances d = distances(300, DType::S8, DType::S8);
  CAPTURE(d.worst, d.sum / static_cast<double>(d.elements), d.elements);
  CHECK(d.elements > 50000);
  CHECK(d.worst <= 1);
  CHECK(d.sum / static_cast<double>(d.elements) < 0.02);
}

// Units are 256 times smaller: what the formats of states and gates leave is seen.
TEST_CASE("LSTM and GRU with int16 inputs and results are near float ones") {
  const Distances d = distances(60, DType::S16, DType::S16);
  CAPTURE(d.worst, d.sum / static_cast<double>(d.elements), d.elements);
  CHECK(d.elements > 8000);
  CHECK(d.worst <= 20);
  CHECK(d.sum / static_cast<double>(d.elements) < 2.5);
}

TEST_CASE("recurrent operators that stay float say why") {
  struct Refusal {
    const char* why;
    Network network;
  };
  const auto with = [](auto change) {
    Network n;
    change(n);
    return n;
  };
  const Refusal refusals[] = {
      {"there is no integer form of RNN", with([](Network& n) { n.attrs.kind = CellKind::Rnn; })},
      {"its activations are not the default ones", with([](Network& n) {
         n.attrs.activations = {cell_activation(CellFn::HardSigmoid), cell_activation(CellFn::Tanh),
                                cell_activation(CellFn::Tanh)};
       })},
      {"it has clip or input_forget", with([](Network& n) { n.attrs.clip = 3; })},
      {"it has sequence_lens", with([](Network& n) { n.extra = {In::Lengths}; })},
      {"it has initial states", with([](Network& n) { n.extra = {In::H0}; })},
      {"it has peepholes", with([](Network& n) { n.extra = {In::P}; })},
      {"its operand is not quantized", with([](Network& n) { n.quantized_input = false; })},
      {"its weights are not quantized", with([](Network& n) { n.quantized_weights = false; })},
      {"its weights have scales along another dimension than the gates",
       with([](Network& n) { n.axis = 2; })},
      {"its weights without their zero point are no int8",
       with([](Network& n) { n.weight_zp = 9; })},
      {"its sums may exceed 32 bits",
       with([](Network& n) { n.attrs.kind = CellKind::Gru, n.hidden = 1100; })},
      {"a result of it is not quantized", with([](Network& n) { n.quantized_results = false; })},
      {"a result of it is not quantized", with([](Network& n) { n.out = DType::U16; })},
  };
  for (const Refusal& refusal : refusals) {
    Graph graph = build(refusal.network, 1);
    PassCtx ctx{1000};
    quantize_islands(graph, ctx);
    note_float(graph, ctx);
    INFO(refusal.why);
    CHECK(count(graph, "QRecurrent") == 0);
    REQUIRE(!graph.notes.empty());
    CHECK(graph.notes[0].text == fmt::format("computed in float: {}", refusal.why));
  }
}

}  // namespace
}  // namespace motec::test
