#include "passes/channel_ties.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "ops/concat.h"
#include "ops/int4.h"
#include "ops/lookup_s16.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/qbinary.h"
#include "ops/qpool.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/rescale.h"
#include "ops/reshape.h"

namespace motec {
namespace {

// The channels of all values, joined into sets; a set stays as soon as one of its channels must.
class Sets {
 public:
  explicit Sets(const Graph& graph) : graph_(graph) {
    for (const Value& value : graph.values) {
      first_.push_back(parent_.size());
      parent_.resize(parent_.size() + static_cast<size_t>(channels_of(value.type)));
    }
    std::iota(parent_.begin(), parent_.end(), size_t{0});
    kept_.resize(parent_.size());
  }

  int64_t channels(ValueId id) const { return channels_of(graph_.type(id)); }

  void tie(ValueId a, int64_t i, ValueId b, int64_t k) {
    const size_t to = set_of(a, i), from = set_of(b, k);
    parent_[from] = to;
    kept_[to] = kept_[to] || kept_[from];
  }
  void keep(ValueId id, int64_t channel) { kept_[set_of(id, channel)] = true; }
  void keep(ValueId id) {
    for (int64_t c = 0; id && c < channels(id); ++c) keep(id, c);
  }

  bool is_kept(ValueId id, int64_t channel) { return kept_[set_of(id, channel)]; }
  size_t set_of(ValueId id, int64_t channel) {
    size_t unit = first_[static_cast<size_t>(id.index)] + static_cast<size_t>(channel);
    while (parent_[unit] != unit) unit = parent_[unit] = parent_[parent_[unit]];
    return unit;
  }

 private:
  const Graph& graph_;
  std::vector<size_t> first_, parent_;
  std::vector<bool> kept_;
};

// What an op demands of its channels.
class Demands {
 public:
  Demands(const Graph& graph, const std::vector<ChannelRanges>& ranges, Sets& sets)
      : graph_(graph), ranges_(ranges), sets_(sets) {}

  void add(const Op& op) {
    if (is_integer_layer(op)) {
      layer(op);
    } else if (op.def == &ops::qadd || op.def == &ops::qmul) {
      for (const ValueId id : op.in) same_or_keep(op, id);
    } else if (op.def == &ops::concat) {
      concat(op);
    } else if (op.def == &ops::reshape) {
      reshape(op);
    } else if (op.def == &ops::slice) {
      slice(op);
    } else if (op.def == &ops::pad) {
      const auto& begin = op.as<PadAttrs>().begin;
      shifted(op.in[0], op.out[0], begin.empty() ? 0 : begin.back());
      sets_.keep(op.in[1]);
    } else if (channels_stay(op)) {
      same_or_keep(op, op.in[0]);
      for (size_t i = 1; i < op.in.size(); ++i) sets_.keep(op.in[i]);
    } else {
      for (const ValueId id : op.in) sets_.keep(id);
      for (const ValueId id : op.out) sets_.keep(id);
    }
  }

 private:
  const Shape& shape(ValueId id) const { return graph_.type(id).shape; }

  // Ops of one map whose result's channels are made of the operand's same channels.
  bool channels_stay(const Op& op) const {
    const int last = static_cast<int>(shape(op.in.empty() ? op.out[0] : op.in[0]).size()) - 1;
    if (op.def == &ops::qpool || op.def == &ops::lookup || op.def == &ops::lookup_s16 ||
        op.def == &ops::rescale || op.def == &ops::flip_sign || op.def == &ops::expand)
      return true;
    if (op.def == &ops::transpose) return last >= 0 && op.as<TransposeAttrs>().perm.back() == last;
    if (op.def != &ops::reduce) return false;
    const std::vector<int>& axes = op.as<ReduceAttrs>().axes;
    return std::find(axes.begin(), axes.end(), last) == axes.end();
  }

  // Channel c of `x` is channel c + shift of `y`.
  void shifted(ValueId x, ValueId y, int64_t shift) {
    for (int64_t c = 0; c < sets_.channels(x); ++c) sets_.tie(x, c, y, c + shift);
  }
  // An operand with one channel for all of the result's stays.
  void same_or_keep(const Op& op, ValueId x) {
    sets_.channels(x) == sets_.channels(op.out[0]) ? shifted(x, op.out[0], 0) : sets_.keep(x);
  }

  void concat(const Op& op) {
    const bool joins_channels =
        op.as<ConcatAttrs>().axis + 1 == static_cast<int>(shape(op.out[0]).size());
    int64_t at = 0;
    for (const ValueId id : op.in) {
      shifted(id, op.out[0], at);
      if (joins_channels) at += sets_.channels(id);
    }
  }

  // Elements keep their order: where one innermost dimension is a multiple of the other, its
  // channels are the other's, repeated.
  void reshape(const Op& op) {
    const ValueId x = op.in[0], y = op.out[0];
    const int64_t n = sets_.channels(x), m = sets_.channels(y);
    if (std::min(n, m) == 0 || std::max(n, m) % std::min(n, m) != 0) {
      sets_.keep(x);
      sets_.keep(y);
      return;
    }
    for (int64_t i = 0; i < std::max(n, m); ++i) sets_.tie(x, i % n, y, i % m);
  }

  void slice(const Op& op) {
    const auto& a = op.as<SliceAttrs>();
    const ValueId x = op.in[0], y = op.out[0];
    if (a.step.empty() || a.step.back() != 1) {
      sets_.keep(x);
      sets_.keep(y);
      return;
    }
    for (int64_t c = 0; c < sets_.channels(y); ++c) sets_.tie(y, c, x, c + a.start.back());
  }

  void layer(const Op& op) {
    for (size_t i = 1; i < op.in.size(); ++i) sets_.keep(op.in[i]);
    const LayerSums sums(graph_, op);
    const ValueId x = op.in[0], y = op.out[0];
    if (sums.groups() > 1) return grouped(sums, x, y);
    // Without one of its channels, a group of int4 weights would no longer be as wide as others.
    const Tensor& w = *graph_.constant(op.in[1]);
    if (const auto int4 = as_int4(w); int4 && int4->group != 0) return sets_.keep(x);
    const ChannelRanges& ranges = ranges_[static_cast<size_t>(x.index)];
    if (ranges.empty() || sums.places() == 0) return sets_.keep(x);
    for (int64_t i = 0; i < sums.group_inputs(); ++i) {
      for (int64_t o = 0; o < sums.outputs() && !sets_.is_kept(x, i); ++o)
        if (!sums.adds_constant(o, i, ranges[static_cast<size_t>(i)])) sets_.keep(x, i);
    }
  }

  // All groups have as many channels as one another: they go as a whole.
  void grouped(const LayerSums& sums, ValueId x, ValueId y) {
    for (int64_t g = 0; g < sums.groups(); ++g) {
      const int64_t first = g * sums.group_inputs();
      for (int64_t i = 1; i < sums.group_inputs(); ++i) sets_.tie(x, first, x, first + i);
      for (int64_t o = 0; o < sums.group_outputs(); ++o)
        sets_.tie(x, first, y, g * sums.group_outputs() + o);
    }
  }

  const Graph& graph_;
  const std::vector<ChannelRanges>& ranges_;
  Sets& sets_;
};

std::vector<ValueId> all_values(const Graph& graph) {
  std::vector<ValueId> ids;
  for (int32_t i = 0; i < static_cast<int32_t>(graph.values.size()); ++i) ids.push_back({i});
  return ids;
}

// The rewriter leaves values behind that no op knows.
void keep_unused(const Graph& graph, Sets& sets) {
  std::vector<bool> used(graph.values.size());
  for (const Op& op : graph.ops) {
    for (const std::vector<ValueId>* ids : {&op.in, &op.out})
      for (const ValueId id : *ids)
        if (id) used[static_cast<size_t>(id.index)] = true;
  }
  for (const ValueId id : all_values(graph))
    if (!used[static_cast<size_t>(id.index)]) sets.keep(id);
}

// A value without channels is none.
void keep_one_of_each(const Graph& graph, Sets& sets) {
  for (const ValueId id : all_values(graph)) {
    bool any = false;
    for (int64_t c = 0; c < sets.channels(id); ++c) any |= sets.is_kept(id, c);
    if (!any && sets.channels(id) > 0) sets.keep(id, 0);
  }
}

}  // namespace

std::vector<std::vector<int64_t>> kept_channels(const Graph& graph,
                                                const std::vector<ChannelRanges>& ranges,
                                                int64_t& budget) {
  Sets sets(graph);
  for (const Port& port : graph.inputs) sets.keep(port.value);
  for (const Port& port : graph.outputs) sets.keep(port.value);
  keep_unused(graph, sets);
  Demands demands(graph, ranges, sets);
  for (const Op& op : graph.ops) demands.add(op);
  keep_one_of_each(graph, sets);

  std::set<size_t> dropped;
  std::vector<std::vector<int64_t>> kept(graph.values.size());
  for (const ValueId id : all_values(graph)) {
    for (int64_t c = 0; c < sets.channels(id); ++c) {
      const size_t set = sets.set_of(id, c);
      const bool goes = !sets.is_kept(id, c) && (dropped.contains(set) || budget > 0);
      if (goes && dropped.insert(set).second) --budget;
      if (!goes) kept[static_cast<size_t>(id.index)].push_back(c);
    }
  }
  return kept;
}

}  // namespace motec
