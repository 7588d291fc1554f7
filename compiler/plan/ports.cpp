#include "plan/ports.h"

#include <algorithm>

#include "ops/unary.h"

namespace motec {
namespace {

// Not by append(), which would fold the copy of a constant.
void copy(Graph& graph, Port& port) {
  const Value value = graph[port.value];
  const ValueId out = graph.add_value(value.name, value.type);
  graph.ops.push_back(
      {&ops::unary, UnaryAttrs{}, {port.value}, {out}, {port.name, "Identity", -1}});
  port.value = out;
}

// The value whose memory a chain of views shows.
ValueId viewed(const Graph& graph, ValueId id) {
  for (auto op = graph.ops.rbegin(); op != graph.ops.rend(); ++op)
    if (op->def->is_view && op->out[0] == id) id = op->in[0];
  return id;
}

bool is_state(const Graph& graph, ValueId id) {
  return std::any_of(graph.states.begin(), graph.states.end(), [&](const StatePair& pair) {
    return graph.inputs[static_cast<size_t>(pair.input)].value == id;
  });
}

}  // namespace

void copy_ports(Graph& graph) {
  // A state's old value, be it an output or another state's new value, is copied aside before the
  // first state changes.
  for (Port& port : graph.outputs)
    if (graph.constant(port.value) || is_state(graph, viewed(graph, port.value))) copy(graph, port);
  for (const StatePair& pair : graph.states)
    copy(graph, graph.outputs[static_cast<size_t>(pair.output)]);
}

}  // namespace motec
