// Quantized networks taken apart: each layer alone, fed with integers from elsewhere.
#pragma once
#include <set>
#include <string>

#include "ir/graph.h"

namespace motec::test {

// The part of `graph` that makes the quantized value `result` from other quantized values, whose
// names are `known`.
Graph layer_of(const Graph& graph, ValueId result, const std::set<std::string>& known);

struct Differences {
  int64_t elements = 0, differing = 0, largest = 0;
  double share() const { return static_cast<double>(differing) / static_cast<double>(elements); }
  void add(const Differences& other);
};

// Of two int8 tensors, in units.
Differences compare(const Tensor& got, const Tensor& want);

}  // namespace motec::test
