#include "quant/quantizer.h"

#include "ops/quantize.h"
#include "quant/attempt.h"
#include "quant/equalize.h"
#include "quant/forms.h"
#include "quant/widen.h"
#include "support/diag.h"

namespace motec {
namespace {

void require_float(const Graph& graph) {
  for (const Op& op : graph.ops) {
    if (op.def != &ops::quantize && op.def != &ops::dequantize) continue;
    fail({.code = "E6001",
          .message = "the model is quantized already",
          .where = describe(op.origin),
          .hint = "compile it as it is, without --quantize, or start from the float model"});
  }
}

// Every layer gets a bias: integer layers have one anyway, for the zero point of their operand.
void give_biases(Graph& graph) {
  for (Op& op : graph.ops) {
    if (form_of(graph, op) != Form::Layer || (op.in.size() > 2 && op.in[2])) continue;
    const int64_t outputs = graph.type(op.in[1]).shape[0];
    op.in.resize(3);
    op.in[2] =
        graph.add_constant(graph[op.in[1]].name + "_bias", Tensor::zeros(DType::F32, {outputs}));
  }
}

Attempt tuned(const Graph& graph, const std::vector<Sample>& samples, const ResultSets& want,
              const QuantizerOptions& options) {
  Attempt attempt(graph, samples, want, options);
  attempt.choose();
  attempt.tune();
  return attempt;
}

}  // namespace

Quantization quantize(const Graph& source, const std::vector<Sample>& samples,
                      const QuantizerOptions& options) {
  require_float(source);
  Graph graph = source;
  give_biases(graph);
  const ResultSets want = judged_of(graph, samples);
  Attempt best = tuned(graph, samples, want, options);
  Graph scaled = graph;
  if (options.equalize && equalize(scaled, samples) > 0) {
    Attempt equalized = tuned(scaled, samples, want, options);
    if (equalized.noise() < best.noise()) best = std::move(equalized);
  }
  if (options.budget && best.relative() > *options.budget) {
    widen(best, *options.budget);
    best.tune();
  }
  return best.take();
}

}  // namespace motec
