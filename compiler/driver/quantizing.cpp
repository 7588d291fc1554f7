#include "driver/quantizing.h"

#include "driver/labels.h"
#include "driver/progress.h"
#include "driver/testing.h"
#include "eval/evaluator.h"
#include "eval/variation.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr int64_t kHeldOut = 5;  // every fifth

// Whether the program of a quantized graph keeps the limits of memory.
bool fits(const CompileOptions& options, Graph graph) {
  finish_graph(graph, options);
  try {
    plan_graph(std::move(graph), options);
    return true;
  } catch (const CompileError& error) {
    const std::string& code = error.diags()[0].code;
    if (code != "E4101" && code != "E4102" && code != "E4105") throw;
    return false;
  }
}

// The request's options with what must be read or asked for elsewhere.
QuantizerOptions quantizer_options(const CompileOptions& options) {
  QuantizerOptions quantizer = options.quantize->quantizer;
  if (!options.arena_limit && !options.flash_limit && options.memories.empty()) return quantizer;
  CompileOptions quiet = options;
  quiet.passes.dump.clear();
  quantizer.fits = [quiet](const Graph& graph) { return fits(quiet, graph); };
  return quantizer;
}

}  // namespace

QuantizedModel quantize_model(const CompileOptions& options) {
  Graph graph = import_graph(options);
  QuantizedModel model;
  model.all = open_samples(options.quantize->data, data_ports(graph, model_inputs(options.model)),
                           options.quantize->samples);
  QuantizerOptions quantizer = quantizer_options(options);
  const int64_t count = model.all.count();
  if (!options.quantize->labels.empty()) {
    model.labels = read_labels(options.quantize->labels);
    check_labels(model.labels, graph, count);
  }
  const bool holds_out = count >= 2 * kHeldOut;
  for (int64_t i = 0; i < count; ++i) {
    if (holds_out && i % kHeldOut == kHeldOut - 1) {
      model.held_out.push_back(model.all.operands(i));
      continue;
    }
    model.samples.push_back(model.all.operands(i));
    if (!model.labels.empty()) quantizer.labels.push_back(model.labels[static_cast<size_t>(i)]);
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

void show_progress(CompileOptions& options, Terminal& terminal) {
  if (!options.quantize) return;
  const std::string model = options.model.filename().string();
  options.quantize->quantizer.progress = [&terminal, model, progress = std::shared_ptr<Progress>()](
                                             const std::string& doing, int64_t done,
                                             int64_t steps) mutable {
    if (done == 0)
      progress = std::make_shared<Progress>(terminal, fmt::format("{}, {}", model, doing), steps);
    progress->show(done);
  };
}

std::optional<Comparison> compare_classes(const CompileOptions& options,
                                          const QuantizedModel& model) {
  if (model.labels.empty()) return {};
  Graph integers = model.quantization.graph;
  PassOptions passes;
  passes.prune = options.passes.prune;
  run_passes(integers, passes);
  Terminal quiet(Terminal::Level::Quiet);
  Comparison comparison{predict(model.quantization.source, model.all, model.labels, quiet),
                        predict(integers, model.all, model.labels, quiet),
                        {}};
  for (int64_t i = 0; i < model.all.count(); ++i) comparison.names.push_back(model.all.name(i));
  return comparison;
}

}  // namespace motec
