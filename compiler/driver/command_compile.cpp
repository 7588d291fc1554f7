// motec compile: all files of one compilation are written together, or none.
#include <algorithm>

#include "driver/commands.h"
#include "driver/dataset.h"
#include "driver/testing.h"
#include "import/model_info.h"
#include "report/html.h"
#include "report/json.h"
#include "support/diag.h"
#include "support/files.h"

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

std::vector<fs::path> input_files(const CompileArguments& arguments) {
  const fs::path& model = arguments.model.model;
  std::vector<fs::path> inputs = {model};
  for (const std::string& file : read_model_info(model).external_files)
    inputs.push_back(model.parent_path() / file);
  for (const std::string& text : arguments.model.input_values)
    inputs.push_back(name_and_value(text, "--input-value", "").second);
  if (!arguments.emit_test.empty()) {
    const std::vector<fs::path> data = data_files(arguments.emit_test);
    inputs.insert(inputs.end(), data.begin(), data.end());
  }
  return inputs;
}

// Output paths and their texts, each once.
class Outputs {
 public:
  void add(const fs::path& path, std::string text) {
    const std::string key = path.lexically_normal().string();
    if (!files_.emplace(key, std::move(text)).second) {
      fail({.code = "E1131",
            .message = fmt::format("two outputs have the name {}", key),
            .hint = "give the report another name"});
    }
  }
  void write() const { write_files("", files_); }

 private:
  Files files_;
};

}  // namespace

int compile_command(const CompileArguments& arguments, Terminal& terminal) {
  const CompileOptions options = compile_options(arguments.model);
  const std::string source = options.model.filename().string();
  terminal.progress(fmt::format("compiling {}", source));
  const Program program = compile_program(options);
  Files files = make_bundle(program, source);
  TestData tests;
  if (!arguments.emit_test.empty()) {
    terminal.progress("making the test program");
    tests = load_test_data(options, program, arguments.emit_test, arguments.drift);
    files.merge(make_testbench(program, source, tests.sets, arguments.tolerance));
  }
  ReportContext context{source, options.optimize, {}};
  Outputs outputs;
  for (auto& [name, text] : files) {
    context.files.push_back(name);
    outputs.add(arguments.out_dir / name, std::move(text));
  }
  // The sources first, then the headers of the runtime.
  std::sort(context.files.begin(), context.files.end(),
            [](const std::string& a, const std::string& b) {
              const bool a_below = a.find('/') != a.npos, b_below = b.find('/') != b.npos;
              return a_below != b_below ? b_below : a < b;
            });
  if (!arguments.report.empty()) outputs.add(arguments.report, report_json(program, context));
  if (!arguments.html.empty()) outputs.add(arguments.html, report_html(program, context));
  if (!arguments.depfile.empty())
    outputs.add(arguments.depfile,
                depfile_text(arguments.out_dir / (program.name + ".cpp"), input_files(arguments)));
  outputs.write();
  if (terminal.chatty()) {
    terminal.print(summary(program, terminal.palette(), terminal.verbose()));
    if (tests.evaluated)
      terminal.note(
          fmt::format("  test     {} of {} sets expect what the reference evaluation gives",
                      tests.evaluated, tests.sets.size()));
    terminal.note(
        fmt::format("  wrote    {} files below {}", files.size(), arguments.out_dir.string()));
  }
  return 0;
}

}  // namespace motec
