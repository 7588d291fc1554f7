#include "quant/lockstep.h"

#include "ir/op_def.h"
#include "support/parallel.h"

namespace motec {
namespace {

// The values of one graph for all samples, dropped when nothing more reads them.
class Values {
 public:
  Values(const Graph& graph, const std::vector<Sample>& samples)
      : graph_(graph), uses_(graph.values.size()), computed_(samples.size()) {
    for (const Op& op : graph.ops)
      for (const ValueId id : op.in)
        if (id) ++uses_[index(id)];
    for (size_t s = 0; s < samples.size(); ++s) {
      computed_[s].resize(graph.values.size());
      for (size_t i = 0; i < graph.inputs.size(); ++i)
        computed_[s][index(graph.inputs[i].value)] = samples[s][i];
    }
  }

  const Tensor* get(size_t sample, ValueId id) const {
    if (!id) return nullptr;
    const Tensor* constant = graph_.constant(id);
    return constant ? constant : &computed_[sample][index(id)];
  }

  void evaluate_op(const Op& op) {
    // Constants, as they are now, are prepared once for all samples.
    std::vector<const Tensor*> constants;
    bool all = true;
    for (size_t i = 0; i < op.in.size(); ++i) {
      constants.push_back(graph_.constant(op.in[i]));
      all &= i == 0 || !op.in[i] || constants.back();
    }
    const auto prepared = op.def->prepare && all ? op.def->prepare(op, constants) : nullptr;
    parallel_in_order(
        std::ssize(computed_),
        [&](int64_t sample) {
          const auto s = static_cast<size_t>(sample);
          EvalCtx ctx{.prepared = prepared.get()};
          for (const ValueId id : op.in) ctx.in.push_back(get(s, id));
          for (const ValueId id : op.out) {
            const Type& type = graph_.type(id);
            computed_[s][index(id)] = Tensor::zeros(type.dtype, type.shape);
            ctx.out.push_back(&computed_[s][index(id)]);
          }
          evaluate(op, ctx);
          return true;
        },
        [](int64_t, bool) {});
  }

  void drop_operands(const Op& op) {
    for (const ValueId id : op.in) {
      if (!id || --uses_[index(id)] > 0 || graph_.constant(id)) continue;
      for (auto& values : computed_) values[index(id)] = {};
    }
  }

 private:
  static size_t index(ValueId id) { return static_cast<size_t>(id.index); }
  const Graph& graph_;
  std::vector<int> uses_;
  std::vector<std::vector<Tensor>> computed_;  // [sample][value]
};

}  // namespace

void run_lockstep(const Graph& source, Graph& graph, const std::vector<bool>& wanted,
                  const std::vector<Sample>& samples,
                  const std::function<void(const LayerRun&, Graph& graph)>& tune) {
  Values real(source, samples), rounded(graph, samples);
  const std::vector<int> producers = producers_of(source);
  for (Op& op : graph.ops) {
    const size_t first = static_cast<size_t>(op.out[0].index);
    const int at = first < producers.size() ? producers[first] : -1;
    if (at >= 0) {
      const Op& like = source.ops[static_cast<size_t>(at)];
      real.evaluate_op(like);
      if (wanted[static_cast<size_t>(at)]) {
        LayerRun run{at, &op, {}, {}};
        for (size_t s = 0; s < samples.size(); ++s) {
          run.x.push_back(rounded.get(s, op.in[0]));
          run.target.push_back(real.get(s, like.out[0]));
        }
        tune(run, graph);
      }
    }
    rounded.evaluate_op(op);
    rounded.drop_operands(op);
    if (at >= 0) real.drop_operands(source.ops[static_cast<size_t>(at)]);
  }
}

}  // namespace motec
