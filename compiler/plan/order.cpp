#include "plan/order.h"

#include <algorithm>
#include <map>
#include <optional>

#include "ir/op_def.h"

namespace motec {
namespace {

// Graph facts by op index, with views resolved: a view's uses are uses of what it shows.
struct Dag {
  std::vector<std::vector<int>> reads;   // op -> roots it reads
  std::vector<std::vector<int>> writes;  // op -> roots it makes
  std::vector<std::vector<int>> needs;   // op -> ops that must run before
  std::vector<int64_t> bytes;            // root -> size
  std::vector<int> readers;              // root -> number of reading ops, +1 if it must stay
  std::vector<int> initial;              // roots that are alive before the first op
};

Dag make_dag(const Graph& graph) {
  Dag dag;
  const size_t n = graph.values.size();
  std::vector<int> root(n), maker(n, -1);
  dag.bytes.resize(n);
  dag.readers.resize(n);
  for (size_t i = 0; i < n; ++i) {
    root[i] = static_cast<int>(i);
    dag.bytes[i] = graph.values[i].constant ? 0 : graph.values[i].type.bytes();
  }
  for (const Port& port : graph.inputs) dag.initial.push_back(port.value.index);
  for (size_t o = 0; o < graph.ops.size(); ++o) {
    const Op& op = graph.ops[o];
    std::vector<int> reads, writes, needs;
    for (const ValueId id : op.in) {
      if (!id) continue;
      const int from = root[static_cast<size_t>(id.index)];
      if (maker[static_cast<size_t>(id.index)] >= 0)
        needs.push_back(maker[static_cast<size_t>(id.index)]);
      if (std::find(reads.begin(), reads.end(), from) == reads.end()) reads.push_back(from);
    }
    for (const ValueId id : op.out) {
      const auto v = static_cast<size_t>(id.index);
      maker[v] = static_cast<int>(o);
      if (op.def->is_view) {
        root[v] = reads[0];
      } else {
        writes.push_back(id.index);
      }
    }
    for (const int r : reads) ++dag.readers[static_cast<size_t>(r)];
    dag.reads.push_back(std::move(reads));
    dag.writes.push_back(std::move(writes));
    dag.needs.push_back(std::move(needs));
  }
  for (const Port& port : graph.outputs)
    ++dag.readers[static_cast<size_t>(root[static_cast<size_t>(port.value.index)])];
  return dag;
}

// A set of executed ops, with what is alive after them.
struct State {
  std::vector<bool> done;
  std::vector<int> left;  // root -> reads still to come
  int64_t live = 0;
};

State initial_state(const Dag& dag) {
  State state{std::vector<bool>(dag.reads.size()), dag.readers, 0};
  for (const int r : dag.initial) state.live += dag.bytes[static_cast<size_t>(r)];
  return state;
}

bool is_ready(const Dag& dag, const State& state, size_t op) {
  return !state.done[op] && std::all_of(dag.needs[op].begin(), dag.needs[op].end(), [&](int need) {
    return state.done[static_cast<size_t>(need)];
  });
}

// Runs `op`; returns the bytes that are alive while it runs.
int64_t execute(const Dag& dag, State& state, size_t op) {
  state.done[op] = true;
  for (const int w : dag.writes[op]) state.live += dag.bytes[static_cast<size_t>(w)];
  const int64_t during = state.live;
  for (const int r : dag.reads[op])
    if (--state.left[static_cast<size_t>(r)] == 0) state.live -= dag.bytes[static_cast<size_t>(r)];
  for (const int w : dag.writes[op])
    if (state.left[static_cast<size_t>(w)] == 0) state.live -= dag.bytes[static_cast<size_t>(w)];
  return during;
}

int64_t peak_of(const Dag& dag, const std::vector<size_t>& order) {
  State state = initial_state(dag);
  int64_t peak = state.live;
  for (const size_t op : order) peak = std::max(peak, execute(dag, state, op));
  return peak;
}

// Always the ready op after which the least is alive; the earliest among equals.
std::vector<size_t> greedy_order(const Dag& dag) {
  State state = initial_state(dag);
  std::vector<size_t> order;
  while (order.size() < dag.reads.size()) {
    std::optional<size_t> best;
    int64_t best_live = 0;
    for (size_t op = 0; op < dag.reads.size(); ++op) {
      if (!is_ready(dag, state, op)) continue;
      State next = state;
      execute(dag, next, op);
      if (!best || next.live < best_live) best = op, best_live = next.live;
    }
    execute(dag, state, *best);
    order.push_back(*best);
  }
  return order;
}

// Breadth-first over sets of executed ops, keeping the smallest peak by which each set is reached.
// Empty when there are too many sets.
std::vector<size_t> exact_order(const Dag& dag, size_t max_states) {
  struct Reached {
    State state;
    int64_t peak;
    std::vector<size_t> order;
  };
  std::map<std::vector<bool>, Reached> level;
  const State start = initial_state(dag);
  level.emplace(start.done, Reached{start, start.live, {}});
  size_t states = 0;
  for (size_t depth = 0; depth < dag.reads.size(); ++depth) {
    std::map<std::vector<bool>, Reached> next;
    for (const auto& [done, reached] : level) {
      for (size_t op = 0; op < dag.reads.size(); ++op) {
        if (!is_ready(dag, reached.state, op)) continue;
        if (++states > max_states) return {};
        Reached after = reached;
        after.peak = std::max(after.peak, execute(dag, after.state, op));
        after.order.push_back(op);
        const auto [it, is_new] = next.try_emplace(after.state.done, after);
        const bool better = after.peak < it->second.peak ||
                            (after.peak == it->second.peak && after.order < it->second.order);
        if (!is_new && better) it->second = std::move(after);
      }
    }
    level = std::move(next);
  }
  return level.begin()->second.order;
}

// Beyond this many ops the bound looks at each op alone, as the table of what runs before what
// grows with their square: 4000 ops take 2 MB.
constexpr size_t kMaxRelated = 4000;

// before[a][b]: op b runs before op a in every order.
std::vector<std::vector<bool>> always_before(const Dag& dag) {
  std::vector<std::vector<bool>> before(dag.reads.size());
  for (size_t op = 0; op < before.size(); ++op) {
    before[op].resize(before.size());
    for (const int need : dag.needs[op]) {
      const auto n = static_cast<size_t>(need);
      before[op][n] = true;
      for (size_t b = 0; b < n; ++b)
        if (before[n][b]) before[op][b] = true;
    }
  }
  return before;
}

// The most bytes that are alive during an op in every order: its results, and what is there before
// it in every order and is read by it, after it in every order, or by the caller.
int64_t peak_bound(const Dag& dag) {
  const size_t ops = dag.reads.size();
  const bool related = ops <= kMaxRelated;
  const std::vector<std::vector<bool>> before =
      related ? always_before(dag) : std::vector<std::vector<bool>>();
  std::vector<std::vector<size_t>> readers(dag.bytes.size());
  for (size_t op = 0; op < ops; ++op)
    for (const int r : dag.reads[op]) readers[static_cast<size_t>(r)].push_back(op);
  constexpr size_t kCaller = static_cast<size_t>(-1);
  std::vector<size_t> maker(dag.bytes.size(), kCaller);
  for (size_t op = 0; op < ops; ++op)
    for (const int w : dag.writes[op]) maker[static_cast<size_t>(w)] = op;
  const auto is_alive = [&](size_t value, size_t op) {
    const std::vector<size_t>& of = readers[value];
    if (maker[value] == op || std::find(of.begin(), of.end(), op) != of.end()) return true;
    if (!related || (maker[value] != kCaller && !before[op][maker[value]])) return false;
    if (dag.readers[value] > static_cast<int>(of.size())) return true;  // an output
    return std::any_of(of.begin(), of.end(), [&](size_t reader) { return before[reader][op]; });
  };
  std::vector<bool> exists(dag.bytes.size());
  for (const int r : dag.initial) exists[static_cast<size_t>(r)] = true;
  for (const std::vector<int>& writes : dag.writes)
    for (const int w : writes) exists[static_cast<size_t>(w)] = true;
  int64_t bound = initial_state(dag).live;
  for (size_t op = 0; op < ops; ++op) {
    int64_t alive = 0;
    for (size_t value = 0; value < dag.bytes.size(); ++value)
      if (exists[value] && is_alive(value, op)) alive += dag.bytes[value];
    bound = std::max(bound, alive);
  }
  return bound;
}

}  // namespace

int64_t peak_live_bytes(const Graph& graph) {
  std::vector<size_t> order(graph.ops.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  return peak_of(make_dag(graph), order);
}

OrderFacts order_ops(Graph& graph, size_t max_states) {
  const Dag dag = make_dag(graph);
  std::vector<size_t> best(graph.ops.size());
  for (size_t i = 0; i < best.size(); ++i) best[i] = i;
  std::vector<size_t> candidate = exact_order(dag, max_states);
  const bool is_exact = !candidate.empty() || best.empty();
  if (!is_exact) candidate = greedy_order(dag);
  const int64_t given = peak_of(dag, best), found = peak_of(dag, candidate);
  OrderFacts facts{.peak_bytes = std::min(given, found)};
  facts.lower_bound = is_exact ? facts.peak_bytes : peak_bound(dag);
  if (found >= given) return facts;
  std::vector<Op> ops;
  for (const size_t op : candidate) ops.push_back(std::move(graph.ops[op]));
  graph.ops = std::move(ops);
  return facts;
}

}  // namespace motec
