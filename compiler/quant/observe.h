// Runs a network on samples and records its tensors.
#pragma once
#include <functional>
#include <vector>

#include "ir/graph.h"
#include "quant/histogram.h"

namespace motec {

// Tensors for all inputs of a graph, in order.
using Sample = std::vector<Tensor>;

// Calls take(sample, values) for each sample in order with the values of `wanted`; samples are
// evaluated on all processors.
void evaluate_samples(const Graph& graph, const std::vector<Sample>& samples,
                      const std::vector<ValueId>& wanted,
                      const std::function<void(size_t, std::vector<Tensor>)>& take);

// All of them, by sample.
std::vector<std::vector<Tensor>> values_of(const Graph& graph, const std::vector<Sample>& samples,
                                           const std::vector<ValueId>& wanted);
// The graph's outputs for each sample.
std::vector<std::vector<Tensor>> outputs_of(const Graph& graph, const std::vector<Sample>& samples);

// One histogram for each group. Fails with E6002 where a value is not finite.
std::vector<Histogram> observe(const Graph& graph, const Scheme& scheme,
                               const std::vector<Sample>& samples);

}  // namespace motec
