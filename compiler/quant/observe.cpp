#include "quant/observe.h"

#include <cmath>

#include "eval/evaluator.h"
#include "support/diag.h"
#include "support/parallel.h"

namespace motec {
namespace {

void require_finite(const Graph& graph, ValueId id, size_t sample, const Tensor& tensor) {
  for (const float v : tensor.values<float>()) {
    if (std::isfinite(v)) continue;
    fail({.code = "E6002",
          .message = fmt::format("'{}' is not finite for sample {} of the calibration data",
                                 graph[id].name, sample),
          .why = {"a range cannot be found for values that are not finite"},
          .hint = "check the model and the data: motec run shows its outputs"});
  }
}

}  // namespace

void evaluate_samples(const Graph& graph, const std::vector<Sample>& samples,
                      const std::vector<ValueId>& wanted,
                      const std::function<void(size_t, std::vector<Tensor>)>& take) {
  Graph probe = graph;
  probe.outputs.clear();
  for (const ValueId id : wanted) probe.outputs.push_back({"", id});
  const Evaluator evaluator(probe);
  parallel_in_order(
      std::ssize(samples),
      [&](int64_t i) { return evaluator.run(samples[static_cast<size_t>(i)]); },
      [&](int64_t i, std::vector<Tensor> values) {
        take(static_cast<size_t>(i), std::move(values));
      });
}

std::vector<std::vector<Tensor>> values_of(const Graph& graph, const std::vector<Sample>& samples,
                                           const std::vector<ValueId>& wanted) {
  std::vector<std::vector<Tensor>> results;
  evaluate_samples(graph, samples, wanted, [&](size_t, std::vector<Tensor> values) {
    results.push_back(std::move(values));
  });
  return results;
}

std::vector<std::vector<Tensor>> outputs_of(const Graph& graph,
                                            const std::vector<Sample>& samples) {
  std::vector<ValueId> wanted;
  for (const Port& port : graph.outputs) wanted.push_back(port.value);
  return values_of(graph, samples, wanted);
}

std::vector<Histogram> observe(const Graph& graph, const Scheme& scheme,
                               const std::vector<Sample>& samples) {
  std::vector<Histogram> histograms(scheme.groups.size());
  std::vector<ValueId> wanted;
  std::vector<size_t> group;
  for (size_t g = 0; g < scheme.groups.size(); ++g)
    for (const ValueId id : scheme.groups[g].sources) {
      wanted.push_back(id);
      group.push_back(g);
    }
  evaluate_samples(graph, samples, wanted, [&](size_t sample, const std::vector<Tensor>& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      require_finite(graph, wanted[i], sample, values[i]);
      histograms[group[i]].see_limits(values[i].values<float>());
    }
    for (Histogram& histogram : histograms) histogram.end_sample();
  });
  evaluate_samples(graph, samples, wanted, [&](size_t, const std::vector<Tensor>& values) {
    for (size_t i = 0; i < values.size(); ++i)
      histograms[group[i]].count(values[i].values<float>());
  });
  return histograms;
}

}  // namespace motec
