#include "passes/io.h"

#include <algorithm>

#include "ir/rewriter.h"
#include "ops/move.h"
#include "ops/quantize.h"
#include "support/diag.h"

namespace motec {
namespace {

void replace_uses(Graph& graph, ValueId old, ValueId with) {
  for (Op& op : graph.ops) std::replace(op.in.begin(), op.in.end(), old, with);
  for (Port& port : graph.outputs)
    if (port.value == old) port.value = with;
}

// The attributes of all Quantize ops that read an input, if nothing else reads it and they agree.
const QuantizeAttrs* only_quantized(const Graph& graph, ValueId input) {
  const QuantizeAttrs* attrs = nullptr;
  for (const Port& port : graph.outputs)
    if (port.value == input) return nullptr;
  for (const Op& op : graph.ops) {
    if (std::find(op.in.begin(), op.in.end(), input) == op.in.end()) continue;
    if (op.def != &ops::quantize || !op.as<QuantizeAttrs>().per_tensor()) return nullptr;
    if (attrs && !(*attrs == op.as<QuantizeAttrs>())) return nullptr;
    attrs = &op.as<QuantizeAttrs>();
  }
  return attrs;
}

bool take_integer_input(Graph& graph, Port& port) {
  const QuantizeAttrs* found = only_quantized(graph, port.value);
  if (!found) return false;
  const QuantizeAttrs attrs = *found;
  const Value old = graph[port.value];
  const ValueId integers = graph.add_value(old.name, {.dtype = attrs.to, .shape = old.type.shape});
  for (const Op& op : graph.ops)
    if (op.in[0] == port.value) replace_uses(graph, op.out[0], integers);
  port.value = integers;
  port.quant = Quant{attrs.scale, attrs.zero_point, -1};
  return true;
}

bool take_integer_output(Graph& graph, Port& port) {
  for (const Op& op : graph.ops) {
    if (op.out[0] != port.value || op.def != &ops::dequantize) continue;
    const auto& attrs = op.as<DequantizeAttrs>();
    if (!attrs.per_tensor()) return false;
    port.value = op.in[0];
    port.quant = Quant{attrs.scale, attrs.zero_point, -1};
    return true;
  }
  return false;
}

}  // namespace

void take_nhwc(Graph& graph) {
  std::vector<Op> ops;
  ops.swap(graph.ops);
  for (Port& port : graph.inputs) {
    const Value old = graph[port.value];
    if (old.type.shape.size() != 4) continue;
    Type type = old.type;
    type.shape = permuted(type.shape, {0, 2, 3, 1});
    const ValueId nhwc = graph.add_value(old.name, type);
    const ValueId nchw = append1(graph, ops::transpose, TransposeAttrs{{0, 3, 1, 2}}, {nhwc},
                                 {old.name, "Input", -1});
    for (Op& op : ops) std::replace(op.in.begin(), op.in.end(), port.value, nchw);
    for (Port& output : graph.outputs)
      if (output.value == port.value) output.value = nchw;
    port.value = nhwc;
  }
  graph.ops.insert(graph.ops.end(), std::make_move_iterator(ops.begin()),
                   std::make_move_iterator(ops.end()));
  for (Port& port : graph.outputs) {
    if (graph.type(port.value).shape.size() != 4) continue;
    port.value = append1(graph, ops::transpose, TransposeAttrs{{0, 2, 3, 1}}, {port.value},
                         {port.name, "Output", -1});
  }
}

void take_integers(Graph& graph) {
  int64_t taken = 0;
  for (Port& port : graph.outputs) taken += take_integer_output(graph, port);
  for (Port& port : graph.inputs) taken += take_integer_input(graph, port);
  drop_dead_ops(graph);
  if (taken > 0) return;
  fail({.code = "E1132",
        .message = "--io quantized: no input or output of the model is quantized",
        .why = {"an input must be read by QuantizeLinear alone, an output made by "
                "DequantizeLinear, each with one scale"},
        .hint = "leave the option out, or quantize the model"});
}

}  // namespace motec
