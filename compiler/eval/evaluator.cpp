#include "eval/evaluator.h"

#include "ir/op_def.h"
#include "support/diag.h"

namespace motec {
namespace {

size_t at(ValueId id) { return static_cast<size_t>(id.index); }

void check_operands(const Graph& graph, const std::vector<Tensor>& inputs) {
  internal_check(inputs.size() == graph.inputs.size(), "{} tensors given for {} inputs",
                 inputs.size(), graph.inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Type& want = graph.type(graph.inputs[i].value);
    if (inputs[i].dtype == want.dtype && inputs[i].shape == want.shape) continue;
    fail({.code = "E5001",
          .message = fmt::format("input '{}' is {}, but the data are {}", graph.inputs[i].name,
                                 to_string(want), to_string(inputs[i].type()))});
  }
}

std::shared_ptr<const void> prepare(const Graph& graph, const Op& op) {
  if (!op.def->prepare) return nullptr;
  std::vector<const Tensor*> constants;
  for (const ValueId id : op.in) {
    constants.push_back(graph.constant(id));
    if (id && !constants.back() && constants.size() > 1) return nullptr;
  }
  return op.def->prepare(op, constants);
}

}  // namespace

Evaluator::Evaluator(const Graph& graph) : graph_(graph), uses_(graph.values.size()) {
  for (const Op& op : graph.ops) {
    for (const ValueId id : op.in)
      if (id) ++uses_[at(id)];
    prepared_.push_back(prepare(graph, op));
  }
  for (const Port& port : graph.outputs) ++uses_[at(port.value)];
}

std::vector<Tensor> Evaluator::run(const std::vector<Tensor>& inputs, const ValueHook& hook) const {
  check_operands(graph_, inputs);
  std::vector<Tensor> computed(graph_.values.size());
  std::vector<int> uses = uses_;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ValueId id = graph_.inputs[i].value;
    computed[at(id)] = inputs[i];
    if (hook) hook(id, inputs[i]);
  }
  const auto value_of = [&](ValueId id) -> const Tensor* {
    if (!id) return nullptr;
    const Tensor* constant = graph_.constant(id);
    return constant ? constant : &computed[at(id)];
  };
  for (size_t i = 0; i < graph_.ops.size(); ++i) {
    const Op& op = graph_.ops[i];
    EvalCtx ctx{.prepared = prepared_[i].get()};
    for (const ValueId id : op.in) ctx.in.push_back(value_of(id));
    for (const ValueId id : op.out) {
      const Type& type = graph_.type(id);
      computed[at(id)] = Tensor::zeros(type.dtype, type.shape);
      ctx.out.push_back(&computed[at(id)]);
    }
    evaluate(op, ctx);
    for (const ValueId id : op.out)
      if (hook) hook(id, computed[at(id)]);
    // What no later op reads is dropped, so that memory stays near the network's own peak.
    for (const ValueId id : op.in)
      if (id && --uses[at(id)] == 0) computed[at(id)] = {};
  }
  std::vector<Tensor> results;
  for (const Port& port : graph_.outputs) results.push_back(*value_of(port.value));
  return results;
}

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs) {
  return Evaluator(graph).run(inputs);
}

}  // namespace motec
