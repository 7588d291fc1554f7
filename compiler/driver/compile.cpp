#include "driver/compile.h"

#include "driver/quantizing.h"
#include "passes/io.h"
#include "support/diag.h"
#include "support/identifier.h"

namespace motec {
namespace {

void bind_states(Graph& graph, const CompileOptions& options) {
  for (const auto& [input, output] : options.states) {
    const StatePair pair{
        static_cast<int>(find_port(graph.inputs, input, "--state", "input", "E1110")),
        static_cast<int>(find_port(graph.outputs, output, "--state", "output", "E1110"))};
    for (const StatePair& other : graph.states) {
      if (other.input == pair.input || other.output == pair.output)
        fail({.code = "E1111",
              .message = fmt::format("--state {}={}: one of them is used twice", input, output)});
    }
    const Type& in = graph.type(graph.inputs[static_cast<size_t>(pair.input)].value);
    const Type& out = graph.type(graph.outputs[static_cast<size_t>(pair.output)].value);
    if (in != out) {
      fail({.code = "E1111",
            .message = fmt::format("--state {}={}: the input is {}, the output {}", input, output,
                                   to_string(in), to_string(out))});
    }
    graph.states.push_back(pair);
  }
}

Goal goal_of(std::string_view optimize) {
  if (optimize == "speed") return Goal::Speed;
  if (optimize == "ram") return Goal::Ram;
  if (optimize == "ram=min") return Goal::LeastRam;
  return optimize == "flash" ? Goal::Flash : Goal::Balanced;
}

Graph quantized_graph(const CompileOptions& options, QuantizerNews* news) {
  QuantizedModel model = quantize_model(options);
  if (news) {
    if (news->describes) news->report = describe(model.quantization, model.samples, model.held_out);
    news->warnings = model.warnings;
    news->classes = compare_classes(options, model);
  }
  return std::move(model.quantization.graph);
}

}  // namespace

std::string model_name(const CompileOptions& options) {
  if (!options.name.empty()) {
    if (identifier(options.name) != options.name) {
      fail({.code = "E1112",
            .message = fmt::format("--name '{}' is no C identifier", options.name),
            .hint = fmt::format("try '{}'", identifier(options.name))});
    }
    return options.name;
  }
  const std::string stem = options.model.stem().string();
  const std::filesystem::path folder = std::filesystem::absolute(options.model).parent_path();
  return identifier(stem == "model" && folder.has_filename() ? folder.filename().string() : stem);
}

Graph import_graph(const CompileOptions& options) {
  Graph graph = import_onnx(options.model, options.import);
  bind_states(graph, options);
  return graph;
}

void finish_graph(Graph& graph, const CompileOptions& options) {
  if (options.nhwc_io) take_nhwc(graph);
  run_passes(graph, options.passes);
  if (options.integer_io) take_integers(graph);
  if (options.stream_time) stream_time(graph, *options.stream_time);
}

Graph load_graph(const CompileOptions& options, QuantizerNews* news) {
  Graph graph = options.quantize ? quantized_graph(options, news) : import_graph(options);
  finish_graph(graph, options);
  return graph;
}

Program compile_program(const CompileOptions& options, QuantizerNews* news) {
  // Faults of these are known before the work.
  find_target(options.target);
  model_name(options);
  return plan_graph(load_graph(options, news), options);
}

Program plan_graph(Graph graph, const CompileOptions& options) {
  const Target& target = find_target(options.target);
  return with_context(fmt::format("compiling {} for {}", options.model.string(), target.name), [&] {
    return plan(std::move(graph), target,
                {.name = model_name(options),
                 .goal = goal_of(options.optimize),
                 .arena_limit = options.arena_limit,
                 .flash_limit = options.flash_limit,
                 .stream_input = options.stream_input,
                 .memories = options.memories,
                 .weights = options.weights});
  });
}

}  // namespace motec
