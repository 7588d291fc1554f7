#include "driver/quantizing.h"

#include "driver/labels.h"
#include "driver/testing.h"
#include "eval/evaluator.h"
#include "eval/variation.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr int64_t kHeldOut = 5;  // every fifth

// The samples of the request, for the graph of its model. Fails as open_samples() does.
Samples calibration_samples(const CompileOptions& options, const Graph& graph) {
  return open_samples(options.quantize->data, data_ports(graph, model_inputs(options.model)),
                      options.quantize->samples);
}

// Whether the program of a quantized graph keeps the limits of memory.
bool fits(const CompileOptions& options, Graph graph) {
  finish_graph(graph, options);
  try {
    plan_graph(std::move(graph), options);
    return true;
  } catch (const CompileError& error) {
    const std::string& code = error.diags()[0].code;
    if (code != "E4101" && code != "E4102") throw;
    return false;
  }
}

// The request's options with what must be read or asked for elsewhere.
QuantizerOptions quantizer_options(const CompileOptions& options) {
  QuantizerOptions quantizer = options.quantize->quantizer;
  if (!options.arena_limit && !options.flash_limit) return quantizer;
  CompileOptions quiet = options;
  quiet.passes.dump.clear();
  quantizer.fits = [quiet](const Graph& graph) { return fits(quiet, graph); };
  return quantizer;
}

}  // namespace

QuantizedModel quantize_model(const CompileOptions& options) {
  Graph graph = import_graph(options);
  QuantizedModel model;
  const Samples all = calibration_samples(options, graph);
  QuantizerOptions quantizer = quantizer_options(options);
  std::vector<int64_t> labels;
  if (!options.quantize->labels.empty()) {
    labels = read_labels(options.quantize->labels);
    check_labels(labels, graph, all.count());
  }
  const bool holds_out = all.count() >= 2 * kHeldOut;
  for (int64_t i = 0; i < all.count(); ++i) {
    if (holds_out && i % kHeldOut == kHeldOut - 1) {
      model.held_out.push_back(all.operands(i));
      continue;
    }
    model.samples.push_back(all.operands(i));
    if (!labels.empty()) quantizer.labels.push_back(labels[static_cast<size_t>(i)]);
  }
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
    return quantize(graph, model.samples, quantizer);
  });
  return model;
}

std::string accuracy_changes(const CompileOptions& options, const Quantization& quantization) {
  const Samples samples = calibration_samples(options, import_graph(options));
  const std::vector<int64_t> labels = read_labels(options.quantize->labels);
  Graph integers = quantization.graph;
  PassOptions passes;
  passes.prune = options.passes.prune;
  run_passes(integers, passes);
  Terminal quiet(Terminal::Level::Quiet);
  const Predictions before = predict(quantization.source, samples, labels, quiet);
  const Predictions after = predict(integers, samples, labels, quiet);
  return accuracy_text(after) +
         changes_text(before, after, [&](int64_t i) { return samples.name(i); });
}

}  // namespace motec
