// Peephole rewriting. A rule looks at one op, and backwards at the ops that make its operands; when
// it matches it emits new ops and says which values they stand for. The driver sweeps the graph
// from inputs to outputs until no rule matches, dropping what is no longer used.
//
//   bool drop_identity(Rewriter& r, const Op& op) {
//     if (op.def != &ops::unary || op.as<UnaryAttrs>().fn != UnaryFn::Identity) return false;
//     r.replace(op.out[0], op.in[0]);
//     return true;
//   }
#pragma once
#include <any>
#include <span>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace motec {

class Rewriter {
 public:
  explicit Rewriter(Graph& graph);

  const Graph& graph() const { return graph_; }
  const Type& type(ValueId id) const { return graph_.type(id); }
  const Tensor* constant(ValueId id) const { return graph_.constant(id); }

  // The op that makes `id`; null for graph inputs, constants and absent operands. The pointer is
  // valid until the next emit().
  const Op* producer(ValueId id) const;
  // The same, but only if it is an op of `def` and nothing else uses its result.
  const Op* sole_producer(ValueId id, const OpDef& def) const;
  // Uses by ops and by graph outputs.
  int use_count(ValueId id) const { return uses_[static_cast<size_t>(id.index)]; }

  // New ops are placed before the op that the rule looks at. Operations on constants fold.
  ValueId emit(const OpDef& def, std::any attrs, std::vector<ValueId> in, const Origin& origin);
  std::vector<ValueId> emit_all(const OpDef& def, std::any attrs, std::vector<ValueId> in,
                                const Origin& origin);
  ValueId constant(std::string name, Tensor tensor);

  // Every use of `old`, a result of the op at hand, becomes a use of `with`.
  void replace(ValueId old, ValueId with);

 private:
  friend bool rewrite(Graph& graph, std::span<bool (*const)(Rewriter&, const Op&)> rules,
                      int64_t& budget);
  bool sweep(std::span<bool (*const)(Rewriter&, const Op&)> rules, int64_t& budget);
  bool apply_first(std::span<bool (*const)(Rewriter&, const Op&)> rules, const Op& op);
  void count_uses();
  void note_new_ops(size_t from);
  ValueId resolve(ValueId id) const;

  Graph& graph_;
  std::vector<int> uses_;
  std::vector<int32_t> producer_;     // value -> index in graph_.ops, -1 if none
  std::vector<ValueId> replacement_;  // value -> what stands for it now
};

using Rule = bool (*)(Rewriter&, const Op&);

// Applies the rules to a fixpoint. `budget` is the number of matches still allowed
// (--rewrite-limit), counted down. Returns whether anything changed.
bool rewrite(Graph& graph, std::span<const Rule> rules, int64_t& budget);

// Drops ops whose results are never used. Returns whether any was dropped.
bool drop_dead_ops(Graph& graph);

}  // namespace motec
