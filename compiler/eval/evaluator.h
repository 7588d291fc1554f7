// Reference evaluation of a graph on the host.
#pragma once
#include <vector>

#include "ir/graph.h"

namespace motec {

// Results in the order of graph.outputs, for operands in the order of graph.inputs, whose types
// must fit (E5001).
std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs);

}  // namespace motec
