// motec compile: all files of one compilation, of one model or several, are written together, or
// none.
#include <algorithm>
#include <set>

#include "driver/commands.h"
#include "driver/quantizing.h"
#include "driver/samples.h"
#include "driver/testing.h"
#include "import/model_info.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/json.h"
#include "report/quantization.h"
#include "support/diag.h"
#include "support/files.h"
#include "support/identifier.h"

namespace motec {
namespace fs = std::filesystem;
namespace {

// A file name as Make reads it.
std::string make_escaped(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (c == ' ' || c == '#') text += '\\';
    if (c == '$') text += '$';
    text += c;
  }
  return text;
}

// A Make rule with NAME.cpp as its target: Ninja takes no targets that the build does not declare,
// and which runtime headers are written is not known before.
std::string depfile_text(const fs::path& output, const std::vector<fs::path>& inputs) {
  std::string text = make_escaped(output.string()) + ":";
  for (const fs::path& path : inputs) text += " \\\n  " + make_escaped(path.string());
  return text + "\n";
}

// Everything that is known and written of one model.
struct Compiled {
  CompileOptions options;
  Program program;
  TestData tests;
  ReportContext context;
};

std::vector<fs::path> input_files(const ModelArguments& arguments, const fs::path& emit_test) {
  std::vector<fs::path> inputs = {arguments.model};
  for (const std::string& file : read_model_info(arguments.model).external_files)
    inputs.push_back(arguments.model.parent_path() / file);
  for (const std::string& text : arguments.input_values)
    inputs.push_back(name_and_value(text, "--input-value", "").second);
  if (!emit_test.empty()) {
    const std::vector<fs::path> data = sample_files({emit_test.string()});
    inputs.insert(inputs.end(), data.begin(), data.end());
  }
  if (!arguments.calibration.data.empty()) {
    const std::vector<fs::path> data = sample_files(arguments.calibration.data);
    inputs.insert(inputs.end(), data.begin(), data.end());
  }
  if (!arguments.labels.empty()) inputs.push_back(arguments.labels);
  return inputs;
}

// The arguments of each model. Of several, each takes the options that name one of its inputs; a
// name that no model knows stays with all, so that it is reported.
std::vector<ModelArguments> split_arguments(const CompileArguments& arguments) {
  const bool several = arguments.models.size() > 1;
  if (several && !arguments.model.name.empty()) {
    fail({.code = "E1113",
          .message = fmt::format("--name {} is for one model, and there are {}",
                                 arguments.model.name, arguments.models.size()),
          .hint = "models are named by their files; compile those that need another name alone"});
  }
  if (several && !arguments.emit_test.empty()) {
    fail({.code = "E1113",
          .message = fmt::format("--emit-test is for one model, and there are {}",
                                 arguments.models.size()),
          .hint = "compile each model with its own data"});
  }
  std::vector<ModelArguments> split(arguments.models.size(), arguments.model);
  std::vector<std::set<std::string>> inputs(split.size());
  for (size_t i = 0; i < split.size(); ++i) {
    split[i].model = arguments.models[i];
    if (!several) return split;
    const std::vector<std::string> names = model_inputs(arguments.models[i]);
    inputs[i].insert(names.begin(), names.end());
  }
  for (size_t i = 0; i < split.size(); ++i) {
    const auto is_input_of_others = [&](const std::string& name) {
      return !inputs[i].contains(name) &&
             std::any_of(inputs.begin(), inputs.end(),
                         [&](const auto& names) { return names.contains(name); });
    };
    const auto is_for_others = [&](const std::string& text) {
      return is_input_of_others(text.substr(0, text.rfind('=')));
    };
    std::erase_if(split[i].stream_inputs, is_input_of_others);
    std::erase_if(split[i].stream_times, is_for_others);
    for (auto* options : {&split[i].input_shapes, &split[i].input_values, &split[i].states})
      std::erase_if(*options, is_for_others);
  }
  return split;
}

// Names of models become file names, macros and classes.
void check_names(const std::vector<CompileOptions>& options) {
  for (size_t i = 0; i < options.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const std::string a = model_name(options[j]), b = model_name(options[i]);
      if (upper(a) != upper(b) && camel(a) != camel(b)) continue;
      fail({.code = "E1114",
            .message = fmt::format("{} and {} would both be named '{}'", options[j].model.string(),
                                   options[i].model.string(), b),
            .hint = "compile one of them alone, with --name"});
    }
  }
}

// Output paths and their texts. Models share the headers of the runtime.
class Outputs {
 public:
  void add(const fs::path& path, const std::string& text) {
    const std::string key = path.lexically_normal().string();
    const auto [file, is_new] = files_.emplace(key, text);
    if (!is_new && file->second != text) {
      fail({.code = "E1131",
            .message = fmt::format("two outputs have the name {}", key),
            .hint = "give the report another name"});
    }
  }
  size_t size() const { return files_.size(); }
  void write() const { write_files("", files_); }

 private:
  Files files_;
};

// Compiles one model and adds its files to the outputs.
Compiled compile_model(const CompileArguments& arguments, const CompileOptions& options,
                       Terminal& terminal, Outputs& outputs) {
  const std::string source = options.model.filename().string();
  terminal.progress(fmt::format("compiling {}", source));
  QuantizerNews news;
  news.describes = !arguments.report.empty() || !arguments.html.empty() || terminal.chatty();
  Compiled compiled{options,
                    compile_program(options, options.quantize ? &news : nullptr),
                    {},
                    {source, options.optimize, {}}};
  for (const std::string& text : news.warnings) terminal.warn(text);
  if (options.quantize && news.describes) compiled.context.quantization = std::move(news.report);
  compiled.context.classes = std::move(news.classes);
  Files files = make_bundle(compiled.program, source);
  if (!arguments.emit_test.empty()) {
    terminal.progress("making the test program");
    compiled.tests =
        load_test_data(options, compiled.program, arguments.emit_test, arguments.drift);
    files.merge(make_testbench(compiled.program, source, compiled.tests.sets, arguments.tolerance));
  }
  for (const auto& [name, text] : files) {
    compiled.context.files.push_back(name);
    outputs.add(arguments.out_dir / name, text);
  }
  // The sources first, then the headers of the runtime.
  std::sort(compiled.context.files.begin(), compiled.context.files.end(),
            [](const std::string& a, const std::string& b) {
              const bool a_below = a.find('/') != a.npos, b_below = b.find('/') != b.npos;
              return a_below != b_below ? b_below : a < b;
            });
  return compiled;
}

void check_flash(const SharedMemory& shared, size_t models, const CompileOptions& options) {
  if (!options.flash_limit || shared.weights_bytes <= *options.flash_limit) return;
  fail({.code = "E4102",
        .message =
            fmt::format("the weights of {} models need {} bytes, {} more than the limit of {}",
                        models, shared.weights_bytes, shared.weights_bytes - *options.flash_limit,
                        *options.flash_limit),
        .hint = "raise --flash-limit, or use smaller models"});
}

void print_summaries(const CompileArguments& arguments, const std::vector<Compiled>& models,
                     const SharedMemory& shared, size_t files, Terminal& terminal) {
  for (const Compiled& model : models) {
    terminal.print(summary(model.program, terminal.palette(), terminal.verbose()));
    if (const auto& report = model.context.quantization)
      terminal.print(quantization_text(*report, terminal.palette(), terminal.verbose()));
    if (model.tests.evaluated)
      terminal.note(
          fmt::format("  test     {} of {} sets expect what the reference evaluation gives",
                      model.tests.evaluated, model.tests.sets.size()));
  }
  if (models.size() > 1) {
    std::string parts;
    for (const Memory& memory : shared.memories)
      parts +=
          fmt::format("{}{} {}", parts.empty() ? " (" : ", ", memory.name, grouped(memory.bytes));
    terminal.note(fmt::format("  shared   {} bytes of arena{} serve {} models, one after the other",
                              grouped(shared.arena_bytes), parts.empty() ? "" : parts + ")",
                              models.size()));
  }
  terminal.note(fmt::format("  wrote    {} files below {}", files, arguments.out_dir.string()));
}

}  // namespace

int compile_command(const CompileArguments& arguments, Terminal& terminal) {
  const std::vector<ModelArguments> split = split_arguments(arguments);
  std::vector<CompileOptions> options;
  for (const ModelArguments& model : split) {
    options.push_back(compile_options(model));
    show_progress(options.back(), terminal);
  }
  check_names(options);
  // What one model leaves of a limit is known when all are compiled.
  if (options.size() > 1 && options[0].flash_limit)
    for (CompileOptions& one : options) one.weights = Weights::Plain;
  Outputs outputs;
  std::vector<Compiled> models;
  for (const CompileOptions& one : options)
    models.push_back(compile_model(arguments, one, terminal, outputs));
  const size_t files = outputs.size();
  std::vector<ModelReport> reports;
  for (const Compiled& model : models) reports.push_back({&model.program, model.context});
  const SharedMemory shared = shared_memory(reports);
  check_flash(shared, models.size(), options[0]);
  if (!arguments.report.empty()) outputs.add(arguments.report, report_json(reports));
  if (!arguments.html.empty()) outputs.add(arguments.html, report_html(reports));
  if (!arguments.depfile.empty()) {
    std::string rules;
    for (size_t i = 0; i < models.size(); ++i)
      rules += depfile_text(arguments.out_dir / (models[i].program.name + ".cpp"),
                            input_files(split[i], arguments.emit_test));
    outputs.add(arguments.depfile, rules);
  }
  outputs.write();
  for (const Compiled& model : models)
    if (model.context.classes) terminal.print(comparison_text(*model.context.classes));
  if (terminal.chatty()) print_summaries(arguments, models, shared, files, terminal);
  return 0;
}

}  // namespace motec
