#include "quant/scheme.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "ops/concat.h"
#include "quant/forms.h"

namespace motec {
namespace {

// Sets that grow together; the lowest value stands for each, so that numbering is stable.
class Sets {
 public:
  explicit Sets(size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0); }
  int find(int i) {
    while (parent_[static_cast<size_t>(i)] != i) i = parent_[static_cast<size_t>(i)];
    return i;
  }
  void join(ValueId a, ValueId b) {
    const int x = find(a.index), y = find(b.index);
    parent_[static_cast<size_t>(std::max(x, y))] = std::min(x, y);
  }

 private:
  std::vector<int> parent_;
};

bool is_tensor(const Graph& graph, ValueId id) {
  return id && graph.type(id).dtype == DType::F32 && !graph.constant(id);
}

bool is_output(const Graph& graph, ValueId id) {
  return std::any_of(graph.outputs.begin(), graph.outputs.end(),
                     [&](const Port& port) { return port.value == id; });
}

// Marks what lies between an operator and the clamp, or the table, that it computes together with.
void mark_fused(const Graph& graph, Scheme& scheme) {
  const auto users = users_of(graph);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    if (op.out.size() != 1 || is_output(graph, op.out[0])) continue;
    const std::vector<int>& readers = users[static_cast<size_t>(op.out[0].index)];
    if (readers.size() != 1) continue;
    const Op& next = graph.ops[static_cast<size_t>(readers[0])];
    const bool tables = is_table(graph, op) && is_table(graph, next);
    if (tables || (takes_clamp(graph, op) && is_clamp(next)))
      scheme.fused[static_cast<size_t>(op.out[0].index)] = true;
  }
}

void join_groups(const Graph& graph, const Scheme& scheme, Sets& sets) {
  const auto users = users_of(graph);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    if (scheme.forms[i] != Form::Move) continue;
    if (op.def != &ops::concat) {
      if (is_tensor(graph, op.in[0])) sets.join(op.in[0], op.out[0]);
      continue;
    }
    // What else reads an operand profits from a finer scale than that of the whole.
    for (const ValueId id : op.in)
      if (is_tensor(graph, id) && users[static_cast<size_t>(id.index)].size() == 1)
        sets.join(id, op.out[0]);
  }
}

void number_groups(const Graph& graph, Sets& sets, Scheme& scheme) {
  std::map<int, int> number;
  std::vector<bool> moved(graph.values.size());
  for (size_t i = 0; i < graph.ops.size(); ++i)
    if (scheme.forms[i] == Form::Move)
      for (const ValueId id : graph.ops[i].out) moved[static_cast<size_t>(id.index)] = true;
  std::vector<bool> defined(graph.values.size());
  for (const Port& port : graph.inputs) defined[static_cast<size_t>(port.value.index)] = true;
  for (const Op& op : graph.ops)
    for (const ValueId id : op.out) defined[static_cast<size_t>(id.index)] = true;
  for (int v = 0; v < static_cast<int>(graph.values.size()); ++v) {
    const ValueId id{v};
    if (!defined[static_cast<size_t>(v)] || !is_tensor(graph, id) || scheme.is_fused(id)) continue;
    const auto [it, is_new] = number.emplace(sets.find(v), static_cast<int>(scheme.groups.size()));
    if (is_new) scheme.groups.emplace_back();
    TensorGroup& group = scheme.groups[static_cast<size_t>(it->second)];
    group.values.push_back(id);
    if (!moved[static_cast<size_t>(v)]) group.sources.push_back(id);
    scheme.group_of[static_cast<size_t>(v)] = it->second;
  }
  // A Concat of values that keep scales of their own is the source of its group.
  for (TensorGroup& group : scheme.groups)
    if (group.sources.empty()) group.sources = group.values;
}

void describe_groups(const Graph& graph, Scheme& scheme) {
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    if (is_choice(op) && scheme.group(op.in[0]) >= 0)
      scheme.groups[static_cast<size_t>(scheme.group(op.in[0]))].allows_s16 = false;
    if (op.out.size() != 1 || scheme.group(op.out[0]) < 0) continue;
    TensorGroup& group = scheme.groups[static_cast<size_t>(scheme.group(op.out[0]))];
    if (group.sources.size() == 1 && group.sources[0] == op.out[0]) group.known = known_range(op);
  }
}

// The value that an operator's result is rounded as: behind the clamp or table fused to it.
ValueId rounded_result(const Graph& graph, const Scheme& scheme,
                       const std::vector<std::vector<int>>& users, ValueId id) {
  while (scheme.is_fused(id))
    id = graph.ops[static_cast<size_t>(users[static_cast<size_t>(id.index)][0])].out[0];
  return id;
}

}  // namespace

std::vector<int> producers_of(const Graph& graph) {
  std::vector<int> result(graph.values.size(), -1);
  for (size_t i = 0; i < graph.ops.size(); ++i)
    for (const ValueId id : graph.ops[i].out)
      result[static_cast<size_t>(id.index)] = static_cast<int>(i);
  return result;
}

std::vector<std::vector<int>> users_of(const Graph& graph) {
  std::vector<std::vector<int>> result(graph.values.size());
  for (size_t i = 0; i < graph.ops.size(); ++i)
    for (const ValueId id : graph.ops[i].in)
      if (id) result[static_cast<size_t>(id.index)].push_back(static_cast<int>(i));
  return result;
}

Scheme find_scheme(const Graph& graph) {
  Scheme scheme;
  for (const Op& op : graph.ops) scheme.forms.push_back(form_of(graph, op));
  scheme.group_of.assign(graph.values.size(), -1);
  scheme.fused.assign(graph.values.size(), false);
  mark_fused(graph, scheme);
  Sets sets(graph.values.size());
  join_groups(graph, scheme, sets);
  number_groups(graph, sets, scheme);
  describe_groups(graph, scheme);
  return scheme;
}

Precisions all_int8(const Graph& graph, const Scheme& scheme) {
  return {std::vector<Precision>(scheme.groups.size(), Precision::S8),
          std::vector<bool>(graph.ops.size(), false), std::vector<int>(graph.ops.size(), 8)};
}

Placement place(const Graph& graph, const Scheme& scheme, const Precisions& precisions) {
  Placement result{std::vector<bool>(graph.ops.size()), std::vector<bool>(scheme.groups.size())};
  const auto users = users_of(graph);
  const std::vector<int> producers = producers_of(graph);
  const auto precision = [&](ValueId id) {
    const int group = scheme.group(id);
    return group < 0 ? Precision::Float : precisions.groups[static_cast<size_t>(group)];
  };
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    const Form form = scheme.forms[i];
    if (form == Form::Float || form == Form::Move || precisions.kept_float[i]) continue;
    if (op.in[0] && scheme.is_fused(op.in[0])) {
      // The operator before has looked at the result that both make.
      result.integer_op[i] =
          result.integer_op[static_cast<size_t>(producers[static_cast<size_t>(op.in[0].index)])];
      continue;
    }
    bool fits = true;
    const auto check = [&](ValueId id) {
      const Precision p = precision(id);
      fits &= p == Precision::S8 || (p == Precision::S16 && form == Form::Layer);
    };
    for (const ValueId id : op.in) {
      if (!is_tensor(graph, id)) continue;
      const int producer = producers[static_cast<size_t>(id.index)];
      check(id);
      // A table behind an operator in float saves nothing, and rounds once more.
      const bool computed =
          producer >= 0 && scheme.forms[static_cast<size_t>(producer)] != Form::Move;
      if (is_table(graph, op) && computed) fits &= result.integer_op[static_cast<size_t>(producer)];
    }
    for (const ValueId id : op.out) check(rounded_result(graph, scheme, users, id));
    result.integer_op[i] = fits;
  }
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (!result.integer_op[i]) continue;
    for (const auto& ids : {graph.ops[i].in, graph.ops[i].out})
      for (const ValueId id : ids)
        if (id && scheme.group(id) >= 0)
          result.active[static_cast<size_t>(scheme.group(id))] = true;
  }
  return result;
}

}  // namespace motec
