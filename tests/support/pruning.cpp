#include "support/pruning.h"

#include <fmt/format.h>

#include "eval/evaluator.h"
#include "ir/op_def.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "passes/channel_ranges.h"
#include "passes/passes.h"
#include "support/diag.h"

namespace motec::test {

Graph pruned(const Graph& graph) {
  Graph after = graph;
  PassCtx ctx{1 << 20};
  const bool changed = prune_channels(after, ctx);
  verify(after, "prune-channels");
  internal_check(changed == (print(after) != print(graph)),
                 "the pass does not say whether it changed the graph");
  Graph again = after;
  internal_check(!prune_channels(again, ctx), "a second run goes on");
  return after;
}

std::vector<int64_t> layer_channels(const Graph& graph) {
  std::vector<int64_t> channels;
  for (const Op& op : graph.ops)
    if (is_integer_layer(op)) channels.push_back(graph.type(op.out[0]).shape.back());
  return channels;
}

int64_t total_macs(const Graph& graph) {
  int64_t macs = 0;
  for (const Op& op : graph.ops)
    if (op.def->macs) macs += op.def->macs(op, infer_ctx(graph, op));
  return macs;
}

std::string difference(const Graph& before, const Graph& after,
                       const std::vector<std::vector<Tensor>>& inputs) {
  for (size_t set = 0; set < inputs.size(); ++set) {
    const std::vector<Tensor> want = evaluate(before, inputs[set]),
                              have = evaluate(after, inputs[set]);
    for (size_t i = 0; i < want.size(); ++i) {
      if (want[i] == have[i]) continue;
      return fmt::format("inputs {}, output {} differs in\n{}and\n{}", set, i, print(before),
                         print(after));
    }
  }
  return "";
}

std::string range_violation(const Graph& graph, const std::vector<std::vector<Tensor>>& inputs) {
  const std::vector<ChannelRanges> ranges = channel_ranges(graph);
  Graph shown = graph;
  shown.outputs.clear();
  for (const Op& op : graph.ops) shown.outputs.push_back({"", op.out[0]});
  for (const std::vector<Tensor>& set : inputs) {
    const std::vector<Tensor> results = evaluate(shown, set);
    for (size_t k = 0; k < results.size(); ++k) {
      const ValueId id = shown.outputs[k].value;
      const ChannelRanges& range = ranges[static_cast<size_t>(id.index)];
      if (range.empty()) continue;
      const std::vector<int64_t> values = to_int64s(results[k]);
      for (size_t i = 0; i < values.size(); ++i) {
        const Interval& r = range[i % range.size()];
        if (values[i] < r.lo || values[i] > r.hi)
          return fmt::format("{} of %{} is not in {} .. {}, in\n{}", values[i], id.index, r.lo,
                             r.hi, print(graph));
      }
    }
  }
  return "";
}

}  // namespace motec::test
