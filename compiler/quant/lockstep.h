// Evaluates a float graph and the quantized graph made of it side by side, operator by operator for
// all samples. Before a layer is evaluated its integers may still be changed, knowing what the
// layers before it make of the samples: so one pass tunes all layers, each to what its operand
// really is.
#pragma once
#include <functional>
#include <map>
#include <vector>

#include "quant/insert.h"
#include "quant/observe.h"

namespace motec {

// One operator of the quantized graph with what it reads and should make, for each sample.
struct LayerRun {
  int op = 0;                         // position in the float graph
  const Op* quantized = nullptr;      // in the quantized graph
  std::vector<const Tensor*> x;       // operand 0 in the quantized graph, per sample
  std::vector<const Tensor*> target;  // result 0 in the float graph, per sample
};

// `graph` is insert_quantization() of `source`. Calls tune() for each op of `source` for which
// `wanted` is set.
void run_lockstep(const Graph& source, Graph& graph, const std::vector<bool>& wanted,
                  const std::vector<Sample>& samples,
                  const std::function<void(const LayerRun&, Graph& graph)>& tune);

}  // namespace motec
