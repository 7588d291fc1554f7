#include "eval/variation.h"

#include <catch2/catch.hpp>

#include "eval/evaluator.h"
#include "ops/unary.h"

namespace motec {
namespace {

TEST_CASE("fingerprints tell tensors apart") {
  const auto of = [](const std::vector<int8_t>& values) {
    return fingerprint(Tensor::of<int8_t>(DType::S8, {std::ssize(values)}, values));
  };
  CHECK(of({1, 2, 3, 4, 5, 6, 7, 8, 9}) == of({1, 2, 3, 4, 5, 6, 7, 8, 9}));
  CHECK(of({1, 2, 3, 4, 5, 6, 7, 8, 9}) != of({1, 2, 3, 4, 5, 6, 7, 8, 8}));
  CHECK(of({0}) != of({0, 0}));
  CHECK(of({}) != 0);
  std::vector<int8_t> swapped(16);
  swapped[0] = 1;
  const uint64_t first = of(swapped);
  std::swap(swapped[0], swapped[8]);
  CHECK(of(swapped) != first);
}

// x -> relu -> neg, and x -> sqrt: with negative inputs, relu and neg stay at 0.
Graph network() {
  Graph g;
  const ValueId x = g.add_value("x", {.shape = {2}});
  g.inputs.push_back({"x", x});
  const auto unary = [&](UnaryFn fn, ValueId in, const std::string& node) {
    return append1(g, ops::unary, UnaryAttrs{.fn = fn}, {in}, {node, "Unary", 0});
  };
  const ValueId relu = unary(UnaryFn::Relu, x, "relu");
  g[relu].name = "positive";
  g.outputs.push_back({"y", unary(UnaryFn::Neg, relu, "neg")});
  g.outputs.push_back({"z", unary(UnaryFn::Abs, x, "abs")});
  return g;
}

Variation varied(const Graph& g, const std::vector<std::vector<float>>& samples) {
  const Evaluator evaluator(g);
  Variation variation(g);
  for (const std::vector<float>& sample : samples) {
    Variation::Prints prints = variation.prints();
    evaluator.run({f32_tensor({2}, sample)},
                  [&](ValueId id, const Tensor& t) { prints[id] = fingerprint(t); });
    variation.add(prints);
  }
  return variation;
}

TEST_CASE("values that never vary are found, and what is behind them is not repeated") {
  const Graph g = network();
  const std::string few = "2 samples are few: ranges become reliable with 32 or more";
  const Variation dead = varied(g, {{-1, -2}, {-3, -4}});
  CHECK(dead.unvarying() == std::vector<ValueId>{g.ops[0].out[0], g.ops[1].out[0]});
  CHECK(dead.warnings() ==
        std::vector<std::string>{few,
                                 "'positive' (node 'relu' (Unary, node 0)) is the same in all "
                                 "samples"});
  CHECK(varied(g, {{-1, -2}, {-3, 4}}).warnings() == std::vector<std::string>{few});
  CHECK(varied(g, {{1, 2}, {1, 2}}).warnings() ==
        std::vector<std::string>{few, "input 'x' is the same in all samples"});
  CHECK(varied(g, {{1, 2}}).warnings() ==
        std::vector<std::string>{"1 sample is few: ranges become reliable with 32 or more"});
  std::vector<std::vector<float>> enough;
  for (int i = 0; i < 32; ++i) enough.push_back({static_cast<float>(i), 1});
  CHECK(varied(g, enough).warnings().empty());
}

}  // namespace
}  // namespace motec
