// Quantized models against onnxruntime's results: which operators became integers, how far results
// are from the reference. README.md says how models and vectors were made.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "eval/evaluator.h"
#include "import/onnx_reader.h"
#include "import/tensor_reader.h"
#include "ops/quantize.h"
#include "passes/pipeline.h"
#include "support/diag.h"
#include "support/graph_builder.h"

namespace motec {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* name;
  // Greatest distance from the reference: in units of a quantized output's scale, or of the largest
  // value of an output that is not.
  double bound;
  const char* ops;  // of the graph after the passes, each with its number
};

// One step between int16 values that are given as float32, which rounds either by up to 2^-9 steps.
constexpr double kInt16Step = 1.004;

std::vector<Tensor> read_all(const fs::path& folder, const char* direction, size_t count) {
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < count; ++i)
    tensors.push_back(read_tensor_file(folder / fmt::format("{}_{}.pb", direction, i)));
  return tensors;
}

// What one step of an output is: its scale, or 1 for integers; otherwise its largest value.
double unit_of(const Graph& graph, ValueId output, const Tensor& want) {
  for (const Op& op : graph.ops) {
    if (op.out[0] == output && op.def == &ops::dequantize) return op.as<DequantizeAttrs>().scale[0];
  }
  if (!is_float(want.dtype)) return 1;
  double largest = 0;
  for (const double v : to_doubles(want)) largest = std::max(largest, std::abs(v));
  return largest;
}

// Prints how many elements differ, and returns the greatest distance in units.
double distance(const Graph& graph, const char* stage, const std::vector<Tensor>& got,
                const std::vector<Tensor>& want) {
  double largest = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    REQUIRE(got[i].type() == want[i].type());
    const std::vector<double> a = to_doubles(got[i]), b = to_doubles(want[i]);
    const double unit = unit_of(graph, graph.outputs[i].value, want[i]);
    int differing = 0;
    double output = 0;
    for (size_t j = 0; j < a.size(); ++j) {
      const double d = std::abs(a[j] - b[j]) / unit;
      differing += d > 1e-4;
      output = std::max(output, d);
    }
    fmt::print("{:<10} {}: {} of {} differ, at most by {:.3g} units\n", stage,
               graph.outputs[i].name, differing, a.size(), output);
    largest = std::max(largest, output);
  }
  return largest;
}

TEST_CASE("quantized models agree with onnxruntime") {
  const Case c = GENERATE(values<Case>({
      {"asymmetric_weights", 1, "FlipSign 2, QConv2D 4, QDense 1, Reshape 1, Transpose 2"},
      {"dynamic", 1e-5,
       "Binary 21, Cast 9, FlipSign 2, Pad 1, QConv2D 1, QDense 1, Reduce 4, Reshape 2, "
       "Transpose 2, Unary 8"},
      {"dynamic_products", 0,
       "Binary 20, Cast 8, FlipSign 3, QConv2D 1, QMatMul 3, Reduce 6, Reshape 1, Transpose 2, "
       "Unary 8"},
      {"int4_blocks", 1, "Dequantize 1, QConv2D 2, QDense 1, Quantize 1, Reshape 1, Transpose 2"},
      {"int4_weights", 1,
       "Dense 1, Dequantize 1, FlipSign 2, QConv2D 2, Quantize 1, Reshape 1, Transpose 2"},
      {"qdq_conv1d", 1,
       "Dequantize 1, QConv2D 2, QDense 1, QPool 1, Quantize 1, Reshape 2, "
       "Transpose 1"},
      {"qdq_gru", 1, "QDense 1, QRecurrent 2, Reshape 2"},
      {"qdq_lstm", 1, "FlipSign 4, QDense 1, QRecurrent 2, Reshape 2, Transpose 1"},
      {"qdq_moves", 1,
       "Expand 1, FlipSign 4, Lookup 4, Pad 1, QConv2D 1, QMatMul 1, QMul 1, QPool 1, QSoftmax 1, "
       "Reshape 5, Slice 1, Transpose 3"},
      {"qdq_partial", 1e-5,
       "Binary 6, Dequantize 7, MatMul 2, Normalize 1, QDense 5, Quantize 4, Reduce 2, Softmax 2"},
      {"qdq_partial_u8", 1e-5,
       "Binary 6, Dequantize 7, MatMul 2, Normalize 1, QDense 5, Quantize 4, Reduce 2, Softmax 2"},
      {"qdq_pools", 1, "FlipSign 6, QPool 4, Reshape 2, Transpose 4"},
      {"qdq_s16", 1, "Dequantize 1, QConv2D 3, QDense 1, Quantize 1, Reshape 1, Transpose 2"},
      {"qdq_s16_microsoft", 1,
       "Dequantize 1, QConv2D 3, QDense 1, Quantize 1, Reshape 1, Transpose 2"},
      // Gates have 12 fraction bits, where results have 15.
      {"qdq_s16_lstm", 16, "QDense 1, QRecurrent 2, Reshape 2, Transpose 1"},
      // Scores reach 47.8: where one of them is a step off, probabilities are up to 12.
      {"qdq_s16_moves", 16,
       "Expand 1, LookupS16 4, QConv2D 1, QMatMul 1, QMul 1, QPool 1, QSoftmax 1, Reshape 5, "
       "Slice 1, Transpose 3"},
      {"qdq_s16_residual", kInt16Step,
       "Concat 1, Dequantize 1, LookupS16 2, QAdd 1, QConv2D 5, QDense 1, QMul 1, QPool 4, "
       "Quantize 1, Rescale 2, Reshape 4, Transpose 2"},
      {"qdq_s8", 1, "Dequantize 1, QConv2D 2, QDense 1, Quantize 1, Reshape 1, Transpose 2"},
      {"qdq_u8", 1,
       "Concat 1, Dequantize 1, Lookup 4, QAdd 1, QConv2D 5, QDense 1, QMul 1, QPool 4, "
       "Quantize 1, Reshape 4, Transpose 2"},
      {"qdq_u8_integers", 1,
       "Concat 1, FlipSign 2, Lookup 4, QAdd 1, QConv2D 5, QDense 1, QMul 1, QPool 4, Reshape 4, "
       "Transpose 2"},
      {"qoperator_integers", 1,
       "Concat 1, FlipSign 2, Lookup 4, QAdd 1, QConv2D 5, QDense 1, QMul 1, QPool 4, Reshape 4, "
       "Transpose 2"},
      {"qoperator_matmul", 1, "FlipSign 2, QDense 2, QMatMul 1"},
      {"qoperator_pools", 1, "FlipSign 6, QPool 4, Reshape 2, Transpose 4"},
      {"qoperator_s8", 1,
       "Concat 1, Lookup 4, QAdd 1, QConv2D 5, QDense 1, QMul 1, QPool 4, Reshape 4, Transpose 2"},
      {"qoperator_u8", 1,
       "Concat 1, Dequantize 1, Lookup 4, QAdd 1, QConv2D 5, QDense 1, QMul 1, QPool 4, "
       "Quantize 1, Reshape 4, Transpose 2"},
  }));
  INFO(c.name);
  const fs::path folder = fs::path(MOTE_TESTS_DIR) / "quantized" / c.name;
  const Graph imported = import_onnx(folder / "model.onnx", {});
  Graph graph = imported;
  run_passes(graph, {});
  CHECK(test::operators_of(graph) == c.ops);
  fmt::print("{}\n", c.name);
  for (int set = 0; set < 2; ++set) {
    const fs::path data = folder / fmt::format("test_data_set_{}", set);
    const std::vector<Tensor> inputs = read_all(data, "input", graph.inputs.size());
    const std::vector<Tensor> want = read_all(data, "output", graph.outputs.size());
    // As imported, the graph does what ONNX says, up to roundings of floats.
    CHECK(distance(graph, "imported", evaluate(imported, inputs), want) <= 1.0001 * c.bound);
    CHECK(distance(graph, "integers", evaluate(graph, inputs), want) <= 1.0001 * c.bound);
  }
}

TEST_CASE("blocks without a common scale stay in float, which is noted") {
  const fs::path folder = fs::path(MOTE_TESTS_DIR) / "quantized/int4_weights";
  const Graph graph = import_onnx(folder / "model.onnx", {});
  REQUIRE(graph.notes.size() == 1);
  CHECK(graph.notes[0].origin.op_type == "DequantizeLinear");
  CHECK(graph.notes[0].text ==
        "its weights are computed with in float: the scales of their blocks are no integer "
        "multiples of one scale for each channel that would leave int8");
}

}  // namespace
}  // namespace motec
