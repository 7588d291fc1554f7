// Checks of prune-channels and of the analysis behind it.
#pragma once
#include <string>
#include <vector>

#include "ir/graph.h"

namespace motec::test {

// The graph after prune-channels, verified; a second run must find nothing more.
Graph pruned(const Graph& graph);

// Output channels of each integer layer, in order.
std::vector<int64_t> layer_channels(const Graph& graph);
int64_t total_macs(const Graph& graph);

// What is wrong, or "": the two graphs give different bits for one of the inputs.
std::string difference(const Graph& before, const Graph& after,
                       const std::vector<std::vector<Tensor>>& inputs);
// What is wrong, or "": a value leaves the range that the analysis gives its channel.
std::string range_violation(const Graph& graph, const std::vector<std::vector<Tensor>>& inputs);

}  // namespace motec::test
