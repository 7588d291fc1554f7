// The compiler from model file to emitted files, as a library.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "codegen/bundle.h"
#include "driver/samples.h"
#include "import/onnx_reader.h"
#include "passes/pipeline.h"
#include "passes/stream_time.h"
#include "plan/plan.h"
#include "quant/describe.h"
#include "report/accuracy.h"

namespace motec {

// Turns a float model into a quantized one.
struct QuantizeRequest {
  std::vector<std::string> data;  // samples, as open_samples() takes them
  SampleOptions samples;
  std::filesystem::path labels;  // of the samples; empty: none
  QuantizerOptions quantizer;
};

struct CompileOptions {
  std::filesystem::path model;
  std::string name;  // empty: from the model's file name
  std::string target = "host";
  std::string optimize = "balanced";  // speed, balanced, ram or flash
  bool integer_io = false;            // hand over integers where the model quantizes
  bool nhwc_io = false;               // images channels last
  ImportOptions import;
  std::optional<QuantizeRequest> quantize;
  PassOptions passes;
  std::vector<std::pair<std::string, std::string>> states;  // input name, output name
  std::optional<int64_t> arena_limit, flash_limit;
  std::optional<StreamTime> stream_time;    // along which the model slides from call to call
  std::optional<std::string> stream_input;  // whose rows the caller hands over one by one
  std::vector<MemoryLimit> memories;        // the fastest first; empty: one arena
  Weights weights = Weights::Expanded;      // the most that `speed` may take
};

// Model to graph as the file has it, with states bound.
Graph import_graph(const CompileOptions& options);

// What the quantizer has to say.
struct QuantizerNews {
  bool describes = true;  // whether `report` is wanted, which takes time
  QuantReport report;
  std::optional<Comparison> classes;  // empty without labels
  std::vector<std::string> warnings;
};

// Model to graph after all passes. `news`, if there are any, is told of the quantization.
Graph load_graph(const CompileOptions& options, QuantizerNews* news = nullptr);

// Model to program.
Program compile_program(const CompileOptions& options, QuantizerNews* news = nullptr);

// The two steps behind import and the quantizer.
void finish_graph(Graph& graph, const CompileOptions& options);
Program plan_graph(Graph graph, const CompileOptions& options);

// The C identifier of a model: --name, or its file's name (its folder's, if the file is
// model.onnx).
std::string model_name(const CompileOptions& options);

}  // namespace motec
