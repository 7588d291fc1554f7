#include "driver/testing.h"

#include <algorithm>
#include <cmath>

#include "driver/dataset.h"
#include "eval/evaluator.h"
#include "eval/window.h"
#include "import/model_info.h"
#include "ops/lookup_s16.h"
#include "ops/move.h"
#include "ops/quantize.h"
#include "ops/rescale.h"
#include "support/diag.h"

namespace motec {
namespace {

// A tensor as the model has it, as the program takes or gives it: channels last, integers.
Tensor as_slot(Tensor tensor, const Slot& slot) {
  if (tensor.shape != slot.type.shape) {
    Tensor nhwc = Tensor::zeros(tensor.dtype, slot.type.shape);
    const Op op{&ops::transpose, TransposeAttrs{{0, 2, 3, 1}}, {}, {}, {}};
    evaluate(op, {.in = {&tensor}, .out = {&nhwc}});
    tensor = std::move(nhwc);
  }
  if (tensor.dtype == slot.type.dtype || !slot.type.quant) return tensor;
  Tensor integers = Tensor::zeros(slot.type.dtype, tensor.shape);
  const QuantizeAttrs attrs{slot.type.quant->scale, slot.type.quant->zero_point, -1,
                            slot.type.dtype};
  const Op op{&ops::quantize, attrs, {}, {}, {}};
  evaluate(op, {.in = {&tensor}, .out = {&integers}});
  return integers;
}

bool is_quantized(const Graph& graph) {
  return std::any_of(graph.ops.begin(), graph.ops.end(), [](const Op& op) {
    return op.def->name.starts_with("Q") || op.def == &ops::lookup || op.def == &ops::lookup_s16 ||
           op.def == &ops::rescale || op.def == &ops::dequantize;
  });
}

struct Distance {
  double largest = 0;  // difference, in real numbers
  double magnitude = 0;
  int64_t differing = 0;
};

Distance distance(const Tensor& got, const Tensor& want, double unit) {
  const std::vector<double> a = to_doubles(got), b = to_doubles(want);
  Distance d;
  for (size_t i = 0; i < a.size(); ++i) {
    d.largest = std::max(d.largest, unit * std::abs(a[i] - b[i]));
    d.magnitude = std::max(d.magnitude, unit * std::abs(b[i]));
    d.differing += a[i] != b[i];
  }
  return d;
}

// What the compiled graph evaluates to: after the last frames of a window, if it slides along one.
std::vector<Tensor> results_of(const Program& program, const std::vector<Tensor>& inputs) {
  if (!program.graph.time) return evaluate(program.graph, inputs);
  std::vector<Tensor> outputs = evaluate_window(program.graph, inputs);
  outputs.resize(program.outputs.size());
  return outputs;
}

// Expects what the compiled graph evaluates to, once that is near enough to the data.
void expect_integers(TestSet& set, size_t index, const Program& program, double drift,
                     TestData& tests) {
  std::vector<Tensor> outputs = results_of(program, set.inputs);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Slot& slot = program.outputs[i];
    const double unit = slot.type.quant ? slot.type.quant->scale[0] : 1.0;
    const Distance d = distance(outputs[i], set.outputs[i], unit);
    const std::string text =
        fmt::format("set {}: output '{}' differs from the data by {:.2g} of {:.2g}, in {} of {}",
                    index, slot.name, d.largest, d.magnitude, d.differing, slot.type.elements());
    const double one_unit = slot.type.quant ? unit : 0.0;
    if (!(d.largest <= drift * d.magnitude + one_unit)) {
      fail({.code = "E5208",
            .message = text,
            .why = {fmt::format("integers may move a result by {:g} of the largest", drift)},
            .hint = "check that the data belong to the model, or raise --drift"});
    }
    if (d.differing > 0) tests.notes.push_back(fmt::format("{}: {}", program.name, text));
  }
  set.outputs = std::move(outputs);
}

}  // namespace

std::vector<std::string> model_inputs(const std::filesystem::path& model) {
  std::vector<std::string> names;
  for (const PortInfo& port : read_model_info(model).inputs) names.push_back(port.name);
  return names;
}

TestData load_test_data(const CompileOptions& options, const Program& program,
                        const std::filesystem::path& data, double drift) {
  Graph reference = import_onnx(options.model, options.import);
  reference.states = program.graph.states;
  const DataPorts ports = data_ports(reference, model_inputs(options.model));
  std::vector<DataSet> sets = read_data(data, ports);
  TestData tests;
  tests.evaluated = fill_expected(sets, reference, ports);
  const bool quantized =
      is_quantized(program.graph) && (program.state_bytes == 0 || program.graph.time);
  const std::vector<Slot> slots = test_inputs(program);
  for (DataSet& set : sets) {
    TestSet test;
    for (size_t i = 0; i < set.inputs.size(); ++i)
      test.inputs.push_back(as_slot(std::move(set.inputs[i]), slots[i]));
    for (size_t i = 0; i < set.outputs.size(); ++i)
      test.outputs.push_back(as_slot(std::move(set.outputs[i]), program.outputs[i]));
    if (quantized) expect_integers(test, tests.sets.size(), program, drift, tests);
    tests.sets.push_back(std::move(test));
  }
  return tests;
}

}  // namespace motec
