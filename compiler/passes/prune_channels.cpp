// Removes channels of integer graphs that do not matter: those that are constant for every input,
// because a clamp cuts off all they could be, and those that nothing gives a weight. Training
// leaves many of both. The results of the graph stay the same to the bit, at the borders, too.
//
// Runs last: dead ops would still ask for channels, and rules that look for one operator after
// another are through.
#include <algorithm>

#include "ir/op_def.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/qconv2d.h"
#include "ops/reshape.h"
#include "passes/channel_ties.h"
#include "passes/passes.h"
#include "support/diag.h"

namespace motec {
namespace {

using Channels = std::vector<int64_t>;  // ascending

// The elements of `tensor` whose last dimension is one of `channels`.
Tensor last_selected(const Tensor& tensor, const Channels& channels) {
  const int64_t n = tensor.shape.back();
  Shape shape = tensor.shape;
  shape.back() = std::ssize(channels);
  Tensor result = Tensor::zeros(tensor.dtype, std::move(shape));
  dispatch(tensor.dtype, [&]<class T>() {
    T* to = result.data<T>();
    for (int64_t row = 0; row < tensor.elements() / n; ++row)
      for (const int64_t c : channels) *to++ = tensor.data<T>()[row * n + c];
  });
  return result;
}

// The same for the first dimension, of which each position has `rows` neighbouring ones.
Tensor first_selected(const Tensor& tensor, const Channels& channels, int64_t rows = 1) {
  Shape shape = tensor.shape;
  const size_t bytes =
      tensor.bytes.size() / static_cast<size_t>(shape[0]) * static_cast<size_t>(rows);
  shape[0] = std::ssize(channels) * rows;
  Tensor result = Tensor::zeros(tensor.dtype, std::move(shape));
  for (size_t i = 0; i < channels.size(); ++i)
    std::memcpy(result.bytes.data() + i * bytes,
                tensor.bytes.data() + static_cast<size_t>(channels[i]) * bytes, bytes);
  return result;
}

int64_t count_below(const Channels& channels, int64_t limit) {
  return std::lower_bound(channels.begin(), channels.end(), limit) - channels.begin();
}

// Layers with their weights, biases and multipliers.
struct Cost {
  int64_t channels = 0, macs = 0, weight_bytes = 0;
};

Cost cost_of(const Graph& graph) {
  Cost cost;
  for (const Op& op : graph.ops) {
    if (!is_integer_layer(op)) continue;
    cost.channels += channels_of(graph.type(op.out[0]));
    cost.macs += op.def->macs(op, infer_ctx(graph, op));
    for (size_t i = 1; i < op.in.size(); ++i) cost.weight_bytes += graph.type(op.in[i]).bytes();
  }
  return cost;
}

class Pruning {
 public:
  Pruning(Graph& graph, const std::vector<ChannelRanges>& ranges, std::vector<Channels> kept)
      : graph_(graph), ranges_(ranges), kept_(std::move(kept)) {}

  // Returns whether any channel went.
  bool run() {
    std::vector<size_t> narrowed;
    for (size_t i = 0; i < kept_.size(); ++i)
      if (std::ssize(kept_[i]) < channels_of(graph_.values[i].type)) narrowed.push_back(i);
    if (narrowed.empty()) return false;
    for (Op& op : graph_.ops) narrow(op);
    for (const size_t i : narrowed) {
      Value& value = graph_.values[i];
      value.type.shape.back() = std::ssize(kept_[i]);
      if (!value.constant) continue;
      value.constant = std::make_shared<const Tensor>(last_selected(*value.constant, kept_[i]));
      value.quantized = nullptr;
    }
    return true;
  }

 private:
  const Channels& kept(ValueId id) const { return kept_[static_cast<size_t>(id.index)]; }
  bool is_whole(ValueId id) const { return std::ssize(kept(id)) == channels_of(graph_.type(id)); }

  // What an op says of its channels, before the types of its values change.
  void narrow(Op& op) {
    const bool whole =
        std::all_of(op.in.begin(), op.in.end(), [&](ValueId id) { return !id || is_whole(id); }) &&
        std::all_of(op.out.begin(), op.out.end(), [&](ValueId id) { return is_whole(id); });
    if (whole) return;
    const Channels& y = kept(op.out[0]);
    if (is_integer_layer(op)) {
      narrow_layer(op);
    } else if (op.def == &ops::reshape) {
      op.as<ReshapeAttrs>().shape.back() = std::ssize(y);
    } else if (op.def == &ops::expand) {
      op.as<ExpandAttrs>().shape.back() = std::ssize(y);
    } else if (op.def == &ops::slice) {
      auto& a = op.as<SliceAttrs>();
      a.start.back() = count_below(kept(op.in[0]), a.start.back());
      a.size.back() = std::ssize(y);
    } else if (op.def == &ops::pad) {
      auto& a = op.as<PadAttrs>();
      const int64_t end = channels_of(graph_.type(op.out[0])) - a.end.back();
      a.begin.back() = count_below(y, a.begin.back());
      a.end.back() = std::ssize(y) - count_below(y, end);
    }
  }

  void replace_constant(ValueId& id, Tensor tensor) {
    id = graph_.add_constant(graph_[id].name, std::move(tensor));
  }

  void narrow_layer(Op& op) {
    const LayerSums sums(graph_, op);
    const Channels &x = kept(op.in[0]), &y = kept(op.out[0]);
    Tensor weights = first_selected(*graph_.constant(op.in[1]), y);
    Tensor bias = *graph_.constant(op.in[2]);
    if (sums.groups() == 1) {
      add_removed(sums, op.in[0], bias);
      weights = last_selected(weights, x);
    } else {
      op.as<QConv2dAttrs>().groups = std::ssize(x) / sums.group_inputs();
    }
    replace_constant(op.in[1], std::move(weights));
    replace_constant(op.in[2], first_selected(bias, y));
    if (const int64_t n = params_of(store_of(op)); n > 0)
      replace_constant(op.in[3], first_selected(*graph_.constant(op.in[3]), y, n));
  }

  // What the removed channels of `x` add to each sum becomes part of its bias.
  void add_removed(const LayerSums& sums, ValueId x, Tensor& bias) const {
    const ChannelRanges& ranges = ranges_[static_cast<size_t>(x.index)];
    std::vector<int64_t> added(static_cast<size_t>(sums.outputs()));
    const Channels& stay = kept(x);
    for (int64_t i = 0; i < sums.group_inputs(); ++i) {
      if (std::binary_search(stay.begin(), stay.end(), i)) continue;
      for (int64_t o = 0; o < sums.outputs(); ++o)
        added[static_cast<size_t>(o)] += sums.added(o, i, 0, ranges[static_cast<size_t>(i)]).lo;
    }
    for (size_t o = 0; o < added.size(); ++o) {
      const int64_t sum = bias.data<int32_t>()[o] + added[o];
      internal_check(sum == static_cast<int32_t>(sum), "a bias of {} does not fit int32", sum);
      bias.data<int32_t>()[o] = static_cast<int32_t>(sum);
    }
  }

  Graph& graph_;
  const std::vector<ChannelRanges>& ranges_;
  std::vector<Channels> kept_;
};

}  // namespace

bool prune_channels(Graph& graph, PassCtx& ctx) {
  if (std::none_of(graph.ops.begin(), graph.ops.end(), is_integer_layer)) return false;
  const Cost before = cost_of(graph);
  bool changed = false, again = true;
  // A channel that goes may have been the last to give weight to another one.
  while (again) {
    const std::vector<ChannelRanges> ranges = channel_ranges(graph);
    again = Pruning(graph, ranges, kept_channels(graph, ranges, ctx.rewrites_left)).run();
    changed |= again;
  }
  const Cost after = cost_of(graph);
  graph.pruned.channels += before.channels - after.channels;
  graph.pruned.macs += before.macs - after.macs;
  graph.pruned.weight_bytes += before.weight_bytes - after.weight_bytes;
  return changed;
}

}  // namespace motec
