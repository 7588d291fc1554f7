// motec quantize: a float model and samples become a standard quantized ONNX model.
#include "driver/commands.h"
#include "driver/labels.h"
#include "driver/quantizing.h"
#include "export/onnx_writer.h"
#include "report/quantization.h"
#include "support/diag.h"
#include "support/files.h"

namespace motec {
namespace {

// What the float and the integer network take all samples for.
std::string changes(const QuantizeArguments& arguments, const CompileOptions& options,
                    const Quantization& quantization, Terminal& terminal) {
  const Samples samples = calibration_samples(options, import_graph(options));
  const std::vector<int64_t> labels = read_labels(arguments.labels);
  check_labels(labels, quantization.source, samples.count());
  Graph integers = quantization.graph;
  run_passes(integers, options.passes);
  const Predictions before = predict(quantization.source, samples, labels, terminal);
  const Predictions after = predict(integers, samples, labels, terminal);
  return accuracy_text(after) +
         changes_text(before, after, [&](int64_t i) { return samples.name(i); });
}

}  // namespace

int quantize_command(const QuantizeArguments& arguments, Terminal& terminal) {
  const CompileOptions options = compile_options(arguments.model);
  const std::string source = options.model.filename().string();
  terminal.progress(fmt::format("quantizing {}", source));
  const QuantizedModel model = quantize_model(options);
  const Quantization& quantization = model.quantization;
  for (const std::string& text : model.warnings) terminal.warn(text);
  std::map<std::string, std::string> files;
  files[arguments.output.string()] =
      with_context(fmt::format("writing {}", arguments.output.string()),
                   [&] { return write_onnx(quantization.graph); });
  if (!arguments.report.empty() || !arguments.html.empty() || terminal.chatty()) {
    const QuantReport report = describe(quantization, model.samples, model.held_out);
    if (!arguments.report.empty()) files[arguments.report.string()] = quantization_json(report);
    if (!arguments.html.empty()) files[arguments.html.string()] = quantization_page(report, source);
    if (terminal.chatty())
      terminal.print(quantization_text(report, terminal.palette(), terminal.verbose()));
  }
  if (!arguments.labels.empty())
    terminal.print(changes(arguments, options, quantization, terminal));
  write_files("", files);
  return 0;
}

}  // namespace motec
