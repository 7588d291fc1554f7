// Translation validation: two graphs that should compute the same.
#pragma once
#include <string_view>

#include "ir/graph.h"

namespace motec {

// Evaluates both on the same random inputs; a difference beyond rounding is a bug in the pass.
void expect_same_results(const Graph& before, const Graph& after, std::string_view pass);

// Deterministic inputs that fit a graph: small reals around 0, small non-negative integers.
std::vector<Tensor> random_inputs(const Graph& graph, uint32_t seed);

}  // namespace motec
