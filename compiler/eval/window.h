// Evaluation of a graph that slides along a stream (Graph::time).
#pragma once
#include <vector>

#include "ir/graph.h"

namespace motec {

// The outputs after a whole window, which is handed over from its first frame on, to states that
// are zeros, after zeros for what is missing in the first call. `inputs` are those of the graph
// without its states; the results have the states' values at the end.
std::vector<Tensor> evaluate_window(const Graph& graph, const std::vector<Tensor>& inputs);

// The same for any number of frames of a stream, with the results of each call.
std::vector<std::vector<Tensor>> evaluate_stream(const Graph& graph,
                                                 const std::vector<Tensor>& inputs);

}  // namespace motec
