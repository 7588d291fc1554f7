#include "driver/quantizing.h"

#include "driver/testing.h"
#include "eval/evaluator.h"
#include "eval/variation.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr int64_t kHeldOut = 5;  // every fifth

}  // namespace

Samples calibration_samples(const CompileOptions& options, const Graph& graph) {
  return open_samples(options.quantize->data, data_ports(graph, model_inputs(options.model)),
                      options.quantize->samples);
}

QuantizedModel quantize_model(const CompileOptions& options) {
  Graph graph = import_graph(options);
  QuantizedModel model;
  const Samples all = calibration_samples(options, graph);
  const bool holds_out = all.count() >= 2 * kHeldOut;
  for (int64_t i = 0; i < all.count(); ++i)
    (holds_out && i % kHeldOut == kHeldOut - 1 ? model.held_out : model.samples)
        .push_back(all.operands(i));
  Variation variation(graph);
  const Evaluator evaluator(graph);
  for (const Sample& sample : model.samples) {
    Variation::Prints prints = variation.prints();
    evaluator.run(sample, [&](ValueId id, const Tensor& t) { prints[id] = fingerprint(t); });
    variation.add(prints);
  }
  model.warnings = variation.warnings();
  model.quantization = with_context(fmt::format("quantizing {}", options.model.string()), [&] {
    prepare_for_quantizer(graph);
    return quantize(graph, model.samples, options.quantize->quantizer);
  });
  return model;
}

}  // namespace motec
