#include "ir/rewriter.h"

#include <algorithm>

#include "ir/op_def.h"
#include "support/diag.h"

namespace motec {

Rewriter::Rewriter(Graph& graph) : graph_(graph) {}

const Op* Rewriter::producer(ValueId id) const {
  if (!id) return nullptr;
  const int32_t index = producer_[static_cast<size_t>(id.index)];
  return index < 0 ? nullptr : &graph_.ops[static_cast<size_t>(index)];
}

const Op* Rewriter::sole_producer(ValueId id, const OpDef& def) const {
  const Op* op = producer(id);
  return op && op->def == &def && use_count(id) == 1 ? op : nullptr;
}

ValueId Rewriter::resolve(ValueId id) const {
  while (id && replacement_[static_cast<size_t>(id.index)])
    id = replacement_[static_cast<size_t>(id.index)];
  return id;
}

void Rewriter::note_new_ops(size_t from) {
  uses_.resize(graph_.values.size());
  producer_.resize(graph_.values.size(), -1);
  replacement_.resize(graph_.values.size());
  for (size_t i = from; i < graph_.ops.size(); ++i) {
    for (const ValueId id : graph_.ops[i].in)
      if (id) ++uses_[static_cast<size_t>(id.index)];
    for (const ValueId id : graph_.ops[i].out)
      producer_[static_cast<size_t>(id.index)] = static_cast<int32_t>(i);
  }
}

std::vector<ValueId> Rewriter::emit_all(const OpDef& def, std::any attrs, std::vector<ValueId> in,
                                        const Origin& origin) {
  const size_t before = graph_.ops.size();
  std::vector<ValueId> out = append(graph_, def, std::move(attrs), std::move(in), origin);
  note_new_ops(before);
  return out;
}

ValueId Rewriter::emit(const OpDef& def, std::any attrs, std::vector<ValueId> in,
                       const Origin& origin) {
  const size_t before = graph_.ops.size();
  const ValueId out = append1(graph_, def, std::move(attrs), std::move(in), origin);
  note_new_ops(before);
  return out;
}

ValueId Rewriter::constant(std::string name, Tensor tensor) {
  const ValueId id = graph_.add_constant(std::move(name), std::move(tensor));
  note_new_ops(graph_.ops.size());
  return id;
}

void Rewriter::replace(ValueId old, ValueId with) {
  internal_check(old && with && old != with, "a value cannot replace itself");
  internal_check(graph_.type(old) == graph_.type(with), "{} cannot replace {} ('{}')",
                 to_string(graph_.type(with)), to_string(graph_.type(old)), graph_[old].name);
  replacement_[static_cast<size_t>(old.index)] = with;
  // The users of `old` come later in the sweep and will use `with` instead.
  uses_[static_cast<size_t>(with.index)] += uses_[static_cast<size_t>(old.index)];
  uses_[static_cast<size_t>(old.index)] = 0;
}

void Rewriter::count_uses() {
  uses_.assign(graph_.values.size(), 0);
  for (const Op& op : graph_.ops)
    for (const ValueId id : op.in)
      if (id) ++uses_[static_cast<size_t>(id.index)];
  for (const Port& port : graph_.outputs) ++uses_[static_cast<size_t>(port.value.index)];
}

bool Rewriter::apply_first(std::span<const Rule> rules, const Op& op) {
  return std::any_of(rules.begin(), rules.end(), [&](Rule rule) { return rule(*this, op); });
}

bool Rewriter::sweep(std::span<const Rule> rules, int64_t& budget) {
  bool changed = false;
  count_uses();
  producer_.assign(graph_.values.size(), -1);
  replacement_.assign(graph_.values.size(), ValueId{});
  std::vector<Op> old;
  old.swap(graph_.ops);
  graph_.ops.reserve(old.size());
  for (Op& op : old) {
    for (ValueId& id : op.in) id = resolve(id);
    if (budget > 0 && apply_first(rules, op)) {
      --budget;
      changed = true;
      const bool all_replaced = std::all_of(op.out.begin(), op.out.end(),
                                            [this](ValueId id) { return use_count(id) == 0; });
      if (all_replaced) {
        for (const ValueId id : op.in)
          if (id) --uses_[static_cast<size_t>(id.index)];
        continue;
      }
    }
    graph_.ops.push_back(std::move(op));
    for (const ValueId id : graph_.ops.back().out)
      producer_[static_cast<size_t>(id.index)] = static_cast<int32_t>(graph_.ops.size()) - 1;
  }
  for (Port& port : graph_.outputs) port.value = resolve(port.value);
  return changed;
}

bool rewrite(Graph& graph, std::span<const Rule> rules, int64_t& budget) {
  // A rule set that never settles is a bug; real graphs settle in a handful of sweeps.
  constexpr int kMaxSweeps = 1000;
  Rewriter rewriter(graph);
  bool changed = false;
  for (int i = 0; rewriter.sweep(rules, budget); ++i) {
    internal_check(i < kMaxSweeps, "the rewrite rules do not settle");
    changed = true;
    drop_dead_ops(graph);
  }
  return changed;
}

bool drop_dead_ops(Graph& graph) {
  std::vector<bool> used(graph.values.size());
  for (const Port& port : graph.outputs) used[static_cast<size_t>(port.value.index)] = true;
  const size_t before = graph.ops.size();
  std::vector<Op> kept;
  for (size_t i = graph.ops.size(); i-- > 0;) {
    Op& op = graph.ops[i];
    const bool live = std::any_of(op.out.begin(), op.out.end(),
                                  [&](ValueId id) { return used[static_cast<size_t>(id.index)]; });
    if (!live) continue;
    for (const ValueId id : op.in)
      if (id) used[static_cast<size_t>(id.index)] = true;
    kept.push_back(std::move(op));
  }
  std::reverse(kept.begin(), kept.end());
  graph.ops = std::move(kept);
  return graph.ops.size() != before;
}

}  // namespace motec
