// The quantizer on small graphs: which operators become integers, and how exact they are.
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "eval/evaluator.h"
#include "export/onnx_writer.h"
#include "import/onnx_reader.h"
#include "ops/concat.h"
#include "ops/quantize.h"
#include "ops/softmax.h"
#include "passes/compare.h"
#include "passes/pipeline.h"
#include "quant/networks.h"
#include "support/graph_builder.h"

namespace motec::test {
namespace {

std::string operators_of(const Graph& graph) {
  std::map<std::string, int> counts;
  for (const Op& op : graph.ops) ++counts[std::string(op.def->name)];
  std::string text;
  for (const auto& [name, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  return text;
}

struct Case {
  const char* name;
  void (*build)(GraphBuilder&);
  const char* ops;  // of the integer graph
  double sqnr;      // at least, in dB
};

void residual(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 8, 8, 4});
  const ValueId y = b.unary(UnaryFn::Relu, b.conv(x, 8, 3, {.pad = {1, 1, 1, 1}}));
  const ValueId z = b.unary(UnaryFn::Clip, b.depthwise(y, 3, {.pad = {1, 1, 1, 1}}), 0, 2);
  b.output("y", b.unary(UnaryFn::Relu, b.binary(BinaryFn::Add, y, z)));
}

void classifier(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 8, 8, 4});
  const ValueId y = b.pool(b.unary(UnaryFn::Silu, b.conv(x, 8, 3)), PoolKind::Max, 2, 2);
  const ValueId logits = b.dense(b.reshape(y, {1, 72}), 5);
  b.output("y", b.op(ops::softmax, SoftmaxAttrs{SoftmaxKind::Softmax, 1}, {logits}));
}

void joined(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 6, 6, 4});
  const ValueId left = b.conv(x, 4, 1), right = b.unary(UnaryFn::Relu, b.conv(x, 4, 1));
  b.output("y", b.conv(b.op(ops::concat, ConcatAttrs{3}, {left, right}), 4, 3));
}

// A division by a tensor has no integer form and stays in float; the table before it does not.
void partly_float(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 6, 6, 4});
  const ValueId y = b.conv(x, 4, 3);
  const ValueId z =
      b.binary(BinaryFn::Div, y, b.binary(BinaryFn::Add, b.unary(UnaryFn::Abs, y), b.scalar(1)));
  b.output("y", b.conv(z, 4, 3));
}

const Case kCases[] = {
    {"residual", residual, "Dequantize 1, QAdd 1, QConv2D 2, Quantize 1", 30},
    {"classifier", classifier,
     "Dequantize 1, Lookup 1, QConv2D 1, QDense 1, QPool 1, QSoftmax 1, Quantize 1, Reshape 1", 25},
    {"joined", joined, "Concat 1, Dequantize 1, QConv2D 3, Quantize 1", 25},
    {"partly_float", partly_float, "Binary 1, Dequantize 3, Lookup 1, QConv2D 2, Quantize 2", 20},
};

TEST_CASE("float graphs become integer graphs", "[quantizer]") {
  const Case& c = kCases[GENERATE(range(size_t{0}, std::size(kCases)))];
  INFO(c.name);
  GraphBuilder b(7);
  c.build(b);
  Graph graph = b.graph();
  prepare_for_quantizer(graph);
  const std::vector<Sample> samples = random_samples(graph, 12);
  const Quantization quantization = quantize(graph, samples, {});
  const auto real = outputs_of(graph, samples), rounded = outputs_of(quantization.graph, samples);
  CHECK(sqnr(real, rounded) >= c.sqnr);
  Graph integers = quantization.graph;
  run_passes(integers, {});
  CHECK(operators_of(integers) == c.ops);
  // Integers round once where the graph in float rounds twice: half a step at most is moved.
  CHECK(sqnr(rounded, outputs_of(integers, samples)) >= c.sqnr);
}

TEST_CASE("what is written as ONNX is the quantized graph", "[quantizer]") {
  const Case& c = kCases[GENERATE(range(size_t{0}, std::size(kCases)))];
  const int bits = GENERATE(8, 4);
  INFO(c.name << ", weights of " << bits << " bits");
  GraphBuilder b(7);
  c.build(b);
  Graph graph = b.graph();
  prepare_for_quantizer(graph);
  const std::vector<Sample> samples = random_samples(graph, 4);
  const Graph quantized = quantize(graph, samples, {.weight_bits = bits}).graph;
  const std::string bytes = write_onnx(quantized);
  CHECK(write_onnx(quantize(graph, samples, {.weight_bits = bits}).graph) == bytes);
  const Graph read = import_onnx_bytes(bytes, {}, {});
  CHECK(sqnr(outputs_of(quantized, samples), outputs_of(read, samples)) > 100);
  Graph integers = quantized, again = read;
  run_passes(integers, {});
  run_passes(again, {});
  CHECK(operators_of(again) == operators_of(integers));
  CHECK(outputs_of(again, samples) == outputs_of(integers, samples));
}

}  // namespace
}  // namespace motec::test
