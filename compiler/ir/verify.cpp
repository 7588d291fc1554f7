#include "ir/verify.h"

#include "ir/op_def.h"
#include "support/diag.h"

namespace motec {

void verify(const Graph& graph, std::string_view after) {
  std::vector<bool> defined(graph.values.size());
  for (size_t i = 0; i < graph.values.size(); ++i) {
    const Value& value = graph.values[i];
    defined[i] = value.constant != nullptr;
    internal_check(!value.constant || value.constant->type().shape == value.type.shape,
                   "after {}: constant '{}' does not have the shape of its type", after,
                   value.name);
  }
  for (const Port& port : graph.inputs) defined[static_cast<size_t>(port.value.index)] = true;
  for (const Op& op : graph.ops) {
    for (const ValueId id : op.in) {
      internal_check(!id || static_cast<size_t>(id.index) < defined.size(),
                     "after {}: {} has an operand that does not exist", after, op.def->name);
      internal_check(!id || defined[static_cast<size_t>(id.index)],
                     "after {}: {} uses '{}' before it is made", after, op.def->name,
                     id ? graph[id].name : "");
    }
    const std::vector<Type> types = op.def->infer(op, infer_ctx(graph, op));
    internal_check(types.size() == op.out.size(), "after {}: {} has {} results, not {}", after,
                   op.def->name, op.out.size(), types.size());
    for (size_t i = 0; i < types.size(); ++i) {
      const size_t id = static_cast<size_t>(op.out[i].index);
      internal_check(!defined[id], "after {}: '{}' is made twice", after, graph.values[id].name);
      internal_check(types[i] == graph.type(op.out[i]),
                     "after {}: {} makes {}, but the value is {}", after, op.def->name,
                     to_string(types[i]), to_string(graph.type(op.out[i])));
      defined[id] = true;
    }
  }
  for (const Port& port : graph.outputs) {
    internal_check(port.value && defined[static_cast<size_t>(port.value.index)],
                   "after {}: output '{}' is never made", after, port.name);
  }
}

}  // namespace motec
