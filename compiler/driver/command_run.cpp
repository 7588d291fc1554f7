// motec run: reference evaluation on the host.
#include <map>

#include "driver/commands.h"
#include "eval/evaluator.h"
#include "eval/npy.h"
#include "support/diag.h"
#include "support/files.h"
#include "support/identifier.h"

namespace motec {
namespace {

std::string port_text(const Graph& graph, const Port& port) {
  return fmt::format("'{}' {}", port.name, to_string(graph.type(port.value)));
}

// Tensors in the order of the graph's inputs. A model's only input needs no name.
std::vector<Tensor> load_inputs(const Graph& graph, const std::vector<std::string>& texts) {
  std::map<std::string, std::string> files;
  for (const std::string& text : texts) {
    if (text.find('=') == text.npos && graph.inputs.size() == 1) {
      files[graph.inputs[0].name] = text;
      continue;
    }
    const auto [name, file] = name_and_value(text, "--input", "x=x.npy");
    files[name] = file;
  }
  std::vector<std::string> of_port;  // the file of each input
  Diag missing{.code = "E5030", .message = "not all inputs are given"};
  Diag unknown{.code = "E5031", .message = {}};
  for (const Port& port : graph.inputs) {
    auto it = files.find(port.name);
    if (it == files.end()) it = files.find(identifier(port.name));
    unknown.why.push_back(fmt::format("an input is {}", port_text(graph, port)));
    if (it == files.end()) {
      missing.why.push_back(fmt::format("missing: {}", port_text(graph, port)));
      continue;
    }
    of_port.push_back(it->second);
    files.erase(it);
  }
  if (!files.empty()) {
    unknown.message = fmt::format("'{}' is no input", files.begin()->first);
    fail(std::move(unknown));
  }
  if (!missing.why.empty()) {
    missing.hint = "give each one: --input NAME=FILE.npy";
    fail(std::move(missing));
  }
  std::vector<Tensor> tensors;
  for (const std::string& file : of_port) tensors.push_back(read_tensor_by_name(file));
  return tensors;
}

}  // namespace

int run_command(const RunArguments& arguments, Terminal& terminal) {
  const CompileOptions options = compile_options(arguments.model);
  terminal.progress(fmt::format("reading {}", options.model.filename().string()));
  const Graph graph = load_graph(options);
  const std::vector<Tensor> inputs = load_inputs(graph, arguments.inputs);
  terminal.progress("evaluating");
  const std::vector<Tensor> outputs = evaluate(graph, inputs);
  std::map<std::string, std::string> files;
  std::string text;
  UniqueNames names;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string file = names.make(graph.outputs[i].name) + ".npy";
    files[file] = serialize_npy(outputs[i]);
    text += fmt::format("{}: {}\n", file, port_text(graph, graph.outputs[i]));
  }
  write_files(arguments.out_dir, files);
  if (terminal.chatty()) terminal.print(text);
  return 0;
}

}  // namespace motec
