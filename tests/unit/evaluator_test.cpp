#include "eval/evaluator.h"

#include <catch2/catch.hpp>
#include <random>

#include "mote/conv2d_f32.h"
#include "mote/gemm_f32.h"
#include "mote/pack.h"
#include "ops/conv2d.h"
#include "ops/dense.h"
#include "support/parallel.h"

namespace motec {
namespace {

Tensor random_tensor(const Shape& shape, uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(static_cast<size_t>(element_count(shape)));
  for (float& value : values) value = uniform(generator);
  return f32_tensor(shape, values);
}

// One float at a time, in the order of the definition, with blocks of any width.
Tensor scalar_conv2d(const Conv2dAttrs& a, const Tensor& x, const Tensor& w, const Tensor& bias) {
  using Isa = mote::isa::Scalar;
  const mote::Conv2dShape s = conv2d_shape(a, x.shape, w.shape);
  const int64_t k = product(w.shape, 1, 4), nr = mote::gemm_nr<Isa>(), channels = w.shape[0];
  std::vector<float> packed(
      static_cast<size_t>(mote::pack::conv2d_floats(channels, k, a.groups, nr)));
  mote::pack::pack_conv2d(w.data<float>(), channels, k, a.groups, nr, packed.data());
  Tensor y = Tensor::zeros(DType::F32, {s.batch, s.out_h, s.out_w, s.out_c});
  const std::vector<float> filled = evaluated_bias(&bias, channels, nr);
  mote::conv2d_f32<Isa, mote::fn::Identity>(s, x.data<float>(), packed.data(), filled.data(),
                                            y.data<float>());
  return y;
}

struct ConvCase {
  Shape x, w;
  Conv2dAttrs attrs;
};

TEST_CASE("vectors give convolutions the same bits as one float at a time") {
  const auto [x_shape, w_shape, attrs] = GENERATE(values<ConvCase>({
      {{1, 7, 9, 3}, {40, 3, 3, 3}, {.stride = {2, 2}, .pad = {0, 0, 1, 1}}},
      {{2, 5, 6, 24}, {37, 1, 1, 24}, {}},
      {{1, 6, 5, 33}, {33, 3, 3, 1}, {.pad = {1, 1, 1, 1}, .groups = 33}},
      {{1, 8, 3, 5}, {15, 3, 2, 1}, {.dilation = {2, 1}, .pad = {1, 0, 2, 1}, .groups = 5}},
      {{1, 4, 6, 8}, {12, 3, 3, 4}, {.pad = {1, 1, 1, 1}, .groups = 2}},
      {{1, 9, 1, 4}, {6, 5, 1, 4}, {.stride = {2, 1}, .pad = {2, 0, 2, 0}}},
  }));
  const Tensor x = random_tensor(x_shape, 1), w = random_tensor(w_shape, 2);
  const Tensor bias = random_tensor({w_shape[0]}, 3);
  const Op op{&ops::conv2d, attrs, {}, {}, {}};
  const Tensor want = scalar_conv2d(attrs, x, w, bias);
  Tensor y = Tensor::zeros(DType::F32, want.shape);
  evaluate(op, {.in = {&x, &w, &bias}, .out = {&y}});
  CHECK(y == want);
  // And with weights that were packed before.
  const auto prepared = ops::conv2d.prepare(op, {nullptr, &w, &bias});
  y = Tensor::zeros(DType::F32, want.shape);
  evaluate(op, {.in = {&x, &w, &bias}, .out = {&y}, .prepared = prepared.get()});
  CHECK(y == want);
}

Graph small_network() {
  Graph g;
  const ValueId x = g.add_value("x", {.shape = {1, 4, 4, 2}});
  g.inputs.push_back({"x", x});
  const ValueId w = g.add_constant("w", random_tensor({3, 3, 3, 2}, 4));
  const ValueId y =
      append1(g, ops::conv2d, Conv2dAttrs{.pad = {1, 1, 1, 1}}, {x, w}, {"conv", "Conv", 0});
  const ValueId v = g.add_constant("v", random_tensor({5, 3}, 5));
  const ValueId b = g.add_constant("b", random_tensor({5}, 6));
  const ValueId z = append1(g, ops::dense, DenseAttrs{}, {y, v, b}, {"dense", "Gemm", 1});
  // Weights that are no constant cannot be packed before.
  const ValueId u = g.add_value("u", {.shape = {5, 3}});
  g.inputs.push_back({"u", u});
  const ValueId t = append1(g, ops::dense, DenseAttrs{}, {y, u}, {"dense2", "Gemm", 2});
  g.outputs = {{"z", z}, {"t", t}};
  return g;
}

std::vector<Tensor> operands(int64_t i) {
  const auto seed = static_cast<uint32_t>(2 * i);
  return {random_tensor({1, 4, 4, 2}, seed), random_tensor({5, 3}, seed + 1)};
}

TEST_CASE("an evaluator hands over each value once, in order, on any thread") {
  using Seen = std::vector<std::pair<ValueId, Tensor>>;
  const Graph g = small_network();
  const Evaluator evaluator(g);
  const auto observe = [&](int64_t i) {
    Seen seen;
    evaluator.run(operands(i), [&](ValueId id, const Tensor& t) { seen.emplace_back(id, t); });
    return seen;
  };
  std::vector<Seen> alone;
  for (int64_t i = 0; i < 20; ++i) alone.push_back(observe(i));
  REQUIRE(alone[0].size() == g.inputs.size() + g.ops.size());
  CHECK(alone[0][0].first == g.inputs[0].value);
  CHECK(alone[0][1].first == g.inputs[1].value);
  for (size_t i = 0; i < g.ops.size(); ++i) CHECK(alone[0][2 + i].first == g.ops[i].out[0]);
  CHECK(alone[0] != alone[1]);
  CHECK(evaluator.run(operands(3)) == evaluate(g, operands(3)));
  parallel_in_order(
      20, observe,
      [&](int64_t i, const Seen& seen) { CHECK(seen == alone[static_cast<size_t>(i)]); },
      {.threads = 4});
}

}  // namespace
}  // namespace motec
