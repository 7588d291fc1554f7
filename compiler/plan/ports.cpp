#include "plan/ports.h"

#include <algorithm>

#include "ops/slide.h"
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

// Whether a state's new value is made in the place of the old one.
bool slides(const Graph& graph, const StatePair& pair) {
  const ValueId old = graph.inputs[static_cast<size_t>(pair.input)].value;
  const ValueId next = graph.outputs[static_cast<size_t>(pair.output)].value;
  return std::any_of(graph.ops.begin(), graph.ops.end(), [&](const Op& op) {
    return op.def == &ops::slide && op.in[0] == old && op.out[0] == next;
  });
}

// Whether a value stands where a state does.
bool in_state(const Graph& graph, ValueId id) {
  return std::any_of(graph.states.begin(), graph.states.end(), [&](const StatePair& pair) {
    return graph.inputs[static_cast<size_t>(pair.input)].value == id ||
           (graph.outputs[static_cast<size_t>(pair.output)].value == id && slides(graph, pair));
  });
}

// Whether an output is the new value of a state that slides.
bool slides(const Graph& graph, size_t output) {
  return std::any_of(graph.states.begin(), graph.states.end(), [&](const StatePair& pair) {
    return static_cast<size_t>(pair.output) == output && slides(graph, pair);
  });
}

}  // namespace

void copy_ports(Graph& graph) {
  // A state's old value, be it an output or another state's new value, is copied aside before the
  // first state changes.
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    Port& port = graph.outputs[i];
    if (slides(graph, i)) continue;
    if (graph.constant(port.value) || in_state(graph, viewed(graph, port.value))) copy(graph, port);
  }
  for (const StatePair& pair : graph.states)
    if (!slides(graph, pair)) copy(graph, graph.outputs[static_cast<size_t>(pair.output)]);
}

}  // namespace motec
