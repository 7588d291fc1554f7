#include "export/onnx_writer.h"

#include <algorithm>
#include <array>

#include "export/writers.h"
#include "ops/normalize.h"
#include "ops/quantize.h"
#include "support/diag.h"

namespace motec {
namespace {

const OpWriter* find_writer(const Op& op) {
  for (const auto& table : {layer_writers(), element_writers(), move_writers()})
    for (const OpWriter& writer : table)
      if (writer.def == op.def) return &writer;
  return nullptr;
}

int opset_for(const Graph& graph) {
  int opset = 13;
  for (const Op& op : graph.ops) {
    if (op.def == &ops::normalize) opset = std::max(opset, 17);
    if (op.def == &ops::quantize && op.as<QuantizeAttrs>().to == DType::S16) opset = 21;
    for (const ValueId id : op.in)
      if (id && graph[id].quantized && graph[id].quantized->bits == 4) opset = 21;
  }
  return opset;
}

class GraphWriter {
 public:
  GraphWriter(const Graph& graph, const OnnxOptions& options)
      : graph_(graph),
        model_(graph.name, options.producer, opset_for(graph)),
        names_(graph, model_) {}

  std::string run() {
    for (const Port& port : graph_.inputs) {
      const std::string name = model_.fresh(port.name);
      model_.input(name, graph_.type(port.value));
      names_.set(port.value, Order::AsIs, name);
    }
    for (const Port& port : graph_.outputs) output_names_.push_back(model_.fresh(port.name));
    WriteCtx ctx{graph_, model_, names_};
    for (const Op& op : graph_.ops) {
      const OpWriter* writer = find_writer(op);
      if (writer && writer->write(op, ctx)) continue;
      fail({.code = "E2401",
            .message = fmt::format("{} cannot be written as ONNX", op.def->name),
            .where = describe(op.origin),
            .hint = "motec compile --quantize takes the model as it is"});
    }
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const Port& port = graph_.outputs[i];
      model_.node("Identity", {names_.get(port.value)}, output_names_[i]);
      model_.output(output_names_[i], graph_.type(port.value));
    }
    return model_.serialize();
  }

 private:
  const Graph& graph_;
  ModelBuilder model_;
  ValueNames names_;
  std::vector<std::string> output_names_;
};

}  // namespace

std::string write_onnx(const Graph& graph, const OnnxOptions& options) {
  return GraphWriter(graph, options).run();
}

}  // namespace motec
