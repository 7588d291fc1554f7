#include "quant/equalize.h"

#include <algorithm>
#include <cmath>

#include "ops/conv2d.h"
#include "ops/dense.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/unary.h"
#include "quant/forms.h"

namespace motec {
namespace {

constexpr float kMostScaling = 32;  // beyond, rounding of the float weights themselves shows

// Layers whose channels reach the second one with nothing between but what keeps factors.
struct Pair {
  int first = -1, second = -1;
  ValueId between;  // the second's operand
};

// f(s x) = s f(x) for s > 0, channel by channel.
bool keeps_factors(const Graph& graph, const Op& op) {
  const Shape &x = graph.type(op.in[0]).shape, &y = graph.type(op.out[0]).shape;
  if (op.def == &ops::unary) {
    const UnaryFn fn = op.as<UnaryAttrs>().fn;
    return fn == UnaryFn::Relu || fn == UnaryFn::LeakyRelu;
  }
  if (op.def == &ops::pool) return op.as<PoolAttrs>().kind != PoolKind::Lp;
  if (op.def == &ops::reduce) {
    const auto& a = op.as<ReduceAttrs>();
    return a.kind == ReduceKind::Mean && !a.axes.empty() &&
           a.axes.back() != static_cast<int>(x.size()) - 1;
  }
  return op.def == &ops::reshape && !x.empty() && !y.empty() && x.back() == y.back();
}

std::vector<Pair> find_pairs(const Graph& graph) {
  const auto users = users_of(graph);
  std::vector<Pair> pairs;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (form_of(graph, graph.ops[i]) != Form::Layer) continue;
    ValueId at = graph.ops[i].out[0];
    while (true) {
      const bool is_output = std::any_of(graph.outputs.begin(), graph.outputs.end(),
                                         [&](const Port& port) { return port.value == at; });
      const std::vector<int>& readers = users[static_cast<size_t>(at.index)];
      if (is_output || readers.size() != 1) break;
      const Op& next = graph.ops[static_cast<size_t>(readers[0])];
      if (form_of(graph, next) == Form::Layer) {
        pairs.push_back({static_cast<int>(i), readers[0], at});
        break;
      }
      if (!keeps_factors(graph, next)) break;
      at = next.out[0];
    }
  }
  return pairs;
}

// The largest magnitude of each channel of a tensor.
void see_channels(const Tensor& tensor, std::vector<float>& largest) {
  const size_t n = largest.size();
  for (size_t i = 0; i < static_cast<size_t>(tensor.elements()); ++i)
    largest[i % n] = std::max(largest[i % n], std::abs(tensor.data<float>()[i]));
}

int64_t groups_of(const Op& op) { return op.def == &ops::conv2d ? op.as<Conv2dAttrs>().groups : 1; }

// Calls body(weight, input channel) for each weight of the layer.
template <class Body>
void for_each_weight(const Op& op, Tensor& weights, Body body) {
  const int64_t inputs = weights.shape.back(), row = weights.elements() / weights.shape[0];
  const int64_t per_group = weights.shape[0] / groups_of(op);
  for (int64_t i = 0; i < weights.elements(); ++i)
    body(weights.data<float>()[i], static_cast<size_t>(i / row / per_group * inputs + i % inputs));
}

// Factors by which to divide the channels; the widest channel keeps its range.
std::vector<float> factors_of(const Op& second, Tensor weights, const std::vector<float>& ranges) {
  std::vector<float> w(ranges.size(), 0.0f), factors(ranges.size(), 1.0f);
  for_each_weight(second, weights, [&](float v, size_t c) { w[c] = std::max(w[c], std::abs(v)); });
  // A depthwise layer has a scale for each input channel: its weights have nothing to lose.
  const bool free = groups_of(second) > 1 && weights.shape.back() == 1;
  for (size_t c = 0; c < ranges.size(); ++c) {
    if (!(ranges[c] > 0) || !(w[c] > 0)) continue;
    factors[c] = free ? ranges[c] : std::sqrt(ranges[c] / w[c]);
  }
  float widest = 0, scaled = 0;
  for (size_t c = 0; c < ranges.size(); ++c) {
    widest = std::max(widest, ranges[c]);
    scaled = std::max(scaled, ranges[c] / factors[c]);
  }
  for (size_t c = 0; c < ranges.size(); ++c) {
    const float f = factors[c] * (scaled / widest);
    factors[c] = ranges[c] > 0 && w[c] > 0 ? std::clamp(f, 1 / kMostScaling, kMostScaling) : 1.0f;
  }
  return factors;
}

void scale_pair(Graph& graph, const Pair& pair, const std::vector<float>& factors) {
  Op& first = graph.ops[static_cast<size_t>(pair.first)];
  Op& second = graph.ops[static_cast<size_t>(pair.second)];
  Tensor w1 = *graph.constant(first.in[1]), w2 = *graph.constant(second.in[1]);
  const int64_t row = w1.elements() / w1.shape[0];
  for (int64_t i = 0; i < w1.elements(); ++i)
    w1.data<float>()[i] /= factors[static_cast<size_t>(i / row)];
  for_each_weight(second, w2, [&](float& v, size_t c) { v *= factors[c]; });
  first.in[1] = graph.add_constant(graph[first.in[1]].name, std::move(w1));
  second.in[1] = graph.add_constant(graph[second.in[1]].name, std::move(w2));
  if (first.in.size() > 2 && first.in[2]) {
    Tensor bias = Tensor::zeros(DType::F32, {std::ssize(factors)});
    const Tensor& old = *graph.constant(first.in[2]);
    for (size_t c = 0; c < factors.size(); ++c)
      bias.data<float>()[c] = old.data<float>()[old.elements() == 1 ? 0 : c] / factors[c];
    first.in[2] = graph.add_constant(graph[first.in[2]].name, std::move(bias));
  }
}

}  // namespace

int equalize(Graph& graph, const std::vector<Sample>& samples) {
  const std::vector<Pair> pairs = find_pairs(graph);
  std::vector<ValueId> wanted;
  std::vector<std::vector<float>> ranges;
  for (const Pair& pair : pairs) {
    wanted.push_back(pair.between);
    ranges.emplace_back(static_cast<size_t>(graph.type(pair.between).shape.back()));
  }
  if (pairs.empty()) return 0;
  evaluate_samples(graph, samples, wanted, [&](size_t, const std::vector<Tensor>& values) {
    for (size_t i = 0; i < values.size(); ++i) see_channels(values[i], ranges[i]);
  });
  int changed = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const Op& second = graph.ops[static_cast<size_t>(pairs[i].second)];
    const Tensor& w = *graph.constant(second.in[1]);
    if (ranges[i].size() != static_cast<size_t>(w.shape.back() * groups_of(second))) continue;
    scale_pair(graph, pairs[i], factors_of(second, w, ranges[i]));
    ++changed;
  }
  return changed;
}

}  // namespace motec
