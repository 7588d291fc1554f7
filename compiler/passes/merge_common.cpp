// Common subexpressions: of two ops of the same kind with the same attributes and operands, the
// later one goes.
#include <map>
#include <tuple>

#include "ir/op_def.h"
#include "passes/passes.h"

namespace motec {

bool merge_common(Graph& graph, PassCtx& ctx) {
  std::map<ValueId, ValueId> stands_for;
  const auto resolve = [&](ValueId id) {
    const auto it = stands_for.find(id);
    return it == stands_for.end() ? id : it->second;
  };
  // Equal constants are one operand.
  std::map<std::pair<std::string, std::vector<std::byte>>, ValueId> constants;
  constexpr size_t kComparedBytes =
      4096;  // larger equal constants are merged in the emitted arrays
  const auto canonical = [&](ValueId id) {
    id = resolve(id);
    const Tensor* tensor = graph.constant(id);
    if (!tensor || tensor->bytes.size() > kComparedBytes || graph[id].quantized) return id;
    return constants.try_emplace({to_string(tensor->type()), tensor->bytes}, id).first->second;
  };
  std::map<std::tuple<const OpDef*, std::string, std::vector<ValueId>>, const Op*> seen;
  std::vector<Op> kept;
  kept.reserve(graph.ops.size());
  for (Op& op : graph.ops) {
    for (ValueId& id : op.in)
      if (id) id = canonical(id);
    const auto [it, is_new] = seen.try_emplace({op.def, op.def->print(op), op.in}, nullptr);
    if (is_new || ctx.rewrites_left <= 0) {
      kept.push_back(std::move(op));
      it->second = &kept.back();
      continue;
    }
    --ctx.rewrites_left;
    for (size_t i = 0; i < op.out.size(); ++i) stands_for[op.out[i]] = it->second->out[i];
  }
  const bool changed = kept.size() != graph.ops.size();
  graph.ops = std::move(kept);
  for (Port& port : graph.outputs) port.value = resolve(port.value);
  return changed;
}

}  // namespace motec
