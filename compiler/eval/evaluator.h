// Reference evaluation of a graph on the host.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "ir/graph.h"

namespace motec {

// Gets each value as it is made: the graph's inputs, then the results of its ops, in order. No
// constants.
using ValueHook = std::function<void(ValueId, const Tensor&)>;

// A graph made ready for many evaluations: what ops make of their constants is made once. Threads
// may share one. The graph must stay as it is for as long.
//
//   const Evaluator evaluator(graph);
//   evaluator.run(inputs, [&](ValueId id, const Tensor& t) { ranges.widen(id, t); });
class Evaluator {
 public:
  explicit Evaluator(const Graph& graph);

  // Results in the order of graph.outputs, for operands in the order of graph.inputs, whose types
  // must fit (E5001).
  std::vector<Tensor> run(const std::vector<Tensor>& inputs, const ValueHook& hook = {}) const;

 private:
  const Graph& graph_;
  std::vector<int> uses_;                              // of each value
  std::vector<std::shared_ptr<const void>> prepared_;  // of each op
};

// One evaluation.
std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs);

}  // namespace motec
