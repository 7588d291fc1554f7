// motec run: reference evaluation on the host.
#include <map>

#include "driver/commands.h"
#include "driver/labels.h"
#include "driver/progress.h"
#include "driver/samples.h"
#include "driver/testing.h"
#include "eval/classes.h"
#include "eval/evaluator.h"
#include "eval/npy.h"
#include "support/diag.h"
#include "support/files.h"
#include "support/identifier.h"
#include "support/parallel.h"

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

// One array per output. Those of many samples have a leading axis of samples, which DATA may have.
using Outputs = std::vector<Tensor>;

Outputs evaluate_samples(const Graph& graph, const Samples& samples, Terminal& terminal) {
  const int64_t count = samples.count();
  Outputs outputs;
  for (const Port& port : graph.outputs) {
    const Type& type = graph.type(port.value);
    Shape shape = type.shape;
    if (count > 1) shape.insert(shape.begin(), count);
    outputs.push_back({type.dtype, std::move(shape), {}});
  }
  const Evaluator evaluator(graph);
  Progress progress(terminal, "evaluating", count);
  parallel_in_order(
      count, [&](int64_t i) { return evaluator.run(samples.operands(i)); },
      [&](int64_t, const std::vector<Tensor>& results) {
        for (size_t i = 0; i < results.size(); ++i)
          outputs[i].bytes.insert(outputs[i].bytes.end(), results[i].bytes.begin(),
                                  results[i].bytes.end());
      },
      {.progress = [&](int64_t done) { progress.show(done); }});
  return outputs;
}

// The sample's part of all samples' scores.
Tensor scores_of(const Tensor& scores, const Type& type, int64_t sample) {
  const auto bytes = static_cast<ptrdiff_t>(type.bytes());
  const auto begin = scores.bytes.begin() + sample * bytes;
  return {type.dtype, type.shape, {begin, begin + bytes}};
}

std::string accuracy_of(const Graph& graph, const Tensor& scores, std::vector<int64_t> labels) {
  const Type& type = graph.type(graph.outputs[0].value);
  Predictions predictions{
      .classes = class_count(type.elements()), .labels = std::move(labels), .predicted = {}};
  for (int64_t i = 0; i < std::ssize(predictions.labels); ++i)
    predictions.predicted.push_back(predicted_class(scores_of(scores, type, i)));
  return accuracy_text(predictions);
}

void write_outputs(const Graph& graph, const Outputs& outputs, const std::filesystem::path& dir,
                   Terminal& terminal) {
  std::map<std::string, std::string> files;
  std::string text;
  UniqueNames names;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string& name = graph.outputs[i].name;
    const std::string file = names.make(name) + ".npy";
    files[file] = serialize_npy(outputs[i]);
    text += fmt::format("{}: '{}' {}\n", file, name, to_string(outputs[i].type()));
  }
  write_files(dir, files);
  if (terminal.chatty()) terminal.print(text);
}

}  // namespace

int run_command(const RunArguments& arguments, Terminal& terminal) {
  if (arguments.out_dir.empty() && arguments.labels.empty()) {
    fail({.code = "E1106",
          .message = "there is nothing to do: neither --output nor --labels is given",
          .hint = "say where the outputs go: -o DIR"});
  }
  if (arguments.data.data.empty() && !arguments.labels.empty()) {
    fail({.code = "E1106",
          .message = "--labels needs the samples that they belong to",
          .hint = "give them: --data DATA"});
  }
  const CompileOptions options = compile_options(arguments.model);
  terminal.progress(fmt::format("reading {}", options.model.filename().string()));
  const Graph graph = load_graph(options);
  Outputs outputs;
  if (arguments.data.data.empty()) {
    const std::vector<Tensor> inputs = load_inputs(graph, arguments.inputs);
    terminal.progress("evaluating");
    outputs = evaluate(graph, inputs);
  } else {
    const Samples samples =
        open_samples(arguments.data.data, data_ports(graph, model_inputs(options.model)),
                     sample_options(arguments.data));
    std::vector<int64_t> labels;
    if (!arguments.labels.empty()) {
      labels = read_labels(arguments.labels);
      check_labels(labels, graph, samples.count());
    }
    outputs = evaluate_samples(graph, samples, terminal);
    if (!labels.empty()) terminal.print(accuracy_of(graph, outputs[0], std::move(labels)));
  }
  if (!arguments.out_dir.empty()) write_outputs(graph, outputs, arguments.out_dir, terminal);
  return 0;
}

}  // namespace motec
