// motec quantize: a float model and samples become a standard quantized ONNX model.
#include "driver/commands.h"
#include "driver/quantizing.h"
#include "export/onnx_writer.h"
#include "report/quantization.h"
#include "support/diag.h"
#include "support/files.h"

namespace motec {
int quantize_command(const QuantizeArguments& arguments, Terminal& terminal) {
  CompileOptions options = compile_options(arguments.model);
  show_progress(options, terminal);
  const std::string source = options.model.filename().string();
  terminal.progress(fmt::format("quantizing {}", source));
  const QuantizedModel model = quantize_model(options);
  const Quantization& quantization = model.quantization;
  for (const std::string& text : model.warnings) terminal.warn(text);
  std::map<std::string, std::string> files;
  files[arguments.output.string()] =
      with_context(fmt::format("writing {}", arguments.output.string()),
                   [&] { return write_onnx(quantization.graph); });
  if (!model.labels.empty()) terminal.progress("evaluating");
  const std::optional<Comparison> classes = compare_classes(options, model);
  if (!arguments.report.empty() || !arguments.html.empty() || terminal.chatty()) {
    const QuantReport report = describe(quantization, model.samples, model.held_out);
    if (!arguments.report.empty())
      files[arguments.report.string()] = quantization_json(report, classes);
    if (!arguments.html.empty())
      files[arguments.html.string()] = quantization_page(report, classes, source);
    if (terminal.chatty())
      terminal.print(quantization_text(report, terminal.palette(), terminal.verbose()));
  }
  if (classes) terminal.print(comparison_text(*classes));
  write_files("", files);
  return 0;
}

}  // namespace motec
