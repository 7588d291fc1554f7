#include "plan/values.h"

namespace motec {

Values::Values(const Program& program)
    : root_(program.graph.values.size()),
      last_(root_.size(), -1),
      maker_(root_.size(), -1),
      state_(root_.size(), false) {
  const Graph& graph = program.graph;
  for (size_t i = 0; i < root_.size(); ++i) root_[i] = i;
  for (const Op& op : graph.ops)
    if (op.def->is_view) root_[static_cast<size_t>(op.out[0].index)] = root(op.in[0]);
  const auto steps = static_cast<int32_t>(program.steps.size());
  for (int32_t t = 0; t < steps; ++t) {
    const Op& op = program.steps[static_cast<size_t>(t)].op;
    for (const ValueId id : op.in)
      if (id) last_[root(id)] = t;
    for (const ValueId id : op.out) maker_[root(id)] = t;
  }
  for (const Port& port : graph.outputs) last_[root(port.value)] = steps;
  for (const StatePair& pair : graph.states) {
    state_[root(graph.inputs[static_cast<size_t>(pair.input)].value)] = true;
    state_[root(graph.outputs[static_cast<size_t>(pair.output)].value)] = true;
  }
}

}  // namespace motec
