#include "eval/evaluator.h"

#include "ir/op_def.h"
#include "support/diag.h"

namespace motec {

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs) {
  internal_check(inputs.size() == graph.inputs.size(), "{} tensors given for {} inputs",
                 inputs.size(), graph.inputs.size());
  std::vector<Tensor> computed(graph.values.size());
  std::vector<int> uses(graph.values.size());
  for (const Op& op : graph.ops)
    for (const ValueId id : op.in)
      if (id) ++uses[static_cast<size_t>(id.index)];
  for (const Port& port : graph.outputs) ++uses[static_cast<size_t>(port.value.index)];
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Port& port = graph.inputs[i];
    const Type& want = graph.type(port.value);
    if (inputs[i].dtype != want.dtype || inputs[i].shape != want.shape) {
      fail({.code = "E5001",
            .message = fmt::format("input '{}' is {}, but the data are {}", port.name,
                                   to_string(want), to_string(inputs[i].type()))});
    }
    computed[static_cast<size_t>(port.value.index)] = inputs[i];
  }
  const auto value_of = [&](ValueId id) -> const Tensor* {
    if (!id) return nullptr;
    const Tensor* constant = graph.constant(id);
    return constant ? constant : &computed[static_cast<size_t>(id.index)];
  };
  for (const Op& op : graph.ops) {
    EvalCtx ctx;
    for (const ValueId id : op.in) ctx.in.push_back(value_of(id));
    for (const ValueId id : op.out) {
      const Type& type = graph.type(id);
      computed[static_cast<size_t>(id.index)] = Tensor::zeros(type.dtype, type.shape);
      ctx.out.push_back(&computed[static_cast<size_t>(id.index)]);
    }
    evaluate(op, ctx);
    // What no later op reads is dropped, so that memory stays near the network's own peak.
    for (const ValueId id : op.in)
      if (id && --uses[static_cast<size_t>(id.index)] == 0)
        computed[static_cast<size_t>(id.index)] = {};
  }
  std::vector<Tensor> results;
  for (const Port& port : graph.outputs) results.push_back(*value_of(port.value));
  return results;
}

}  // namespace motec
