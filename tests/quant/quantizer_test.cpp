// The quantizer on small graphs: which operators become integers, and how exact they are.
#include <sched.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "eval/evaluator.h"
#include "export/onnx_writer.h"
#include "import/onnx_reader.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/dense.h"
#include "ops/int4.h"
#include "ops/qconv2d.h"
#include "ops/qdense.h"
#include "ops/quantize.h"
#include "ops/softmax.h"
#include "passes/compare.h"
#include "passes/pipeline.h"
#include "quant/describe.h"
#include "quant/networks.h"
#include "report/quantization.h"
#include "support/graph_builder.h"
#include "support/parallel.h"

namespace motec::test {
namespace {

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

// The weights of the second half of all input channels are small.
void uneven(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 4, 4, 64});
  const ValueId y = b.unary(UnaryFn::Relu, b.conv(x, 8, 3, {.pad = {1, 1, 1, 1}}));
  b.output("y", b.dense(b.reshape(y, {1, 128}), 5));
  Graph& graph = b.graph();
  for (const Op& op : graph.ops) {
    if (op.def != &ops::conv2d && op.def != &ops::dense) continue;
    Tensor w = *graph.constant(op.in[1]);
    const int64_t channels = w.shape.back();
    for (int64_t i = 0; i < w.elements(); ++i)
      if (i % channels >= channels / 2) w.data<float>()[i] /= 7;
    graph[op.in[1]].constant = std::make_shared<const Tensor>(std::move(w));
  }
}

const Case kCases[] = {
    {"residual", residual, "Dequantize 1, QAdd 1, QConv2D 2, Quantize 1", 30},
    {"classifier", classifier,
     "Dequantize 1, Lookup 1, QConv2D 1, QDense 1, QPool 1, QSoftmax 1, Quantize 1, Reshape 1", 25},
    {"joined", joined, "Concat 1, Dequantize 1, QConv2D 3, Quantize 1", 25},
    {"uneven", uneven, "Dequantize 1, QConv2D 1, QDense 1, Quantize 1, Reshape 1", 25},
    {"partly_float", partly_float, "Binary 1, Dequantize 3, Lookup 1, QConv2D 2, Quantize 2", 20},
};

// What the quantizer takes.
Graph prepared(void (*build)(GraphBuilder&)) {
  GraphBuilder b(7);
  build(b);
  Graph graph = b.graph();
  prepare_for_quantizer(graph);
  return graph;
}

TEST_CASE("float graphs become integer graphs", "[quantizer]") {
  const Case& c = kCases[GENERATE(range(size_t{0}, std::size(kCases)))];
  INFO(c.name);
  Graph graph = prepared(c.build);
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
  Graph graph = prepared(c.build);
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

TEST_CASE("the quantizer tells how far it is", "[quantizer]") {
  Graph graph = prepared(residual);
  QuantizerOptions options;
  options.budget = GENERATE(std::optional<double>(), std::optional<double>(1e-3));
  std::vector<std::string> pieces;
  int64_t last = 0, last_count = 0;
  options.progress = [&](const std::string& doing, int64_t done, int64_t count) {
    const bool begins = pieces.empty() || doing != pieces.back() || done == 0;
    if (begins) {
      CHECK(done == 0);
      if (pieces.size() == 1) CHECK(last == last_count);  // as many steps as were foreseen
      pieces.push_back(doing);
    } else {
      CHECK(done >= last);
    }
    CHECK(done <= count);
    last = done;
    last_count = count;
  };
  quantize(graph, random_samples(graph, 12), options);
  CHECK(std::count(pieces.begin(), pieces.end(), "quantizing") == 1);
  CHECK((pieces.back() == "quantizing") == !options.budget);
}

TEST_CASE("reports tell of classes before and after", "[quantizer]") {
  Graph graph = prepared(classifier);
  const std::vector<Sample> samples = random_samples(graph, 4);
  const QuantReport report = describe(quantize(graph, samples, {}), samples, {});
  const Predictions before{.classes = 2, .labels = {0, 1, 1}, .predicted = {0, 1, 0}};
  const Predictions after{.classes = 2, .labels = {0, 1, 1}, .predicted = {0, 0, 1}};
  const Comparison classes{before, after, {"x[0]", "<x[1]>", "x[2]"}};
  const auto json = nlohmann::json::parse(quantization_json(report, classes))["classes"];
  CHECK(json["samples"] == 3);
  CHECK(json["before"]["right"] == 2);
  CHECK(json["after"]["confusion"] == nlohmann::json({{1, 0}, {1, 1}}));
  CHECK(json["changed"] == nlohmann::json::parse(R"([
      {"sample": "<x[1]>", "label": 1, "before": 1, "after": 0},
      {"sample": "x[2]", "label": 1, "before": 0, "after": 1}])"));
  CHECK(nlohmann::json::parse(quantization_json(report, {}))["classes"].is_null());
  const std::string page = quantization_page(report, classes, "tiny.onnx");
  CHECK(page.find("Right in float: 2 of 3 (66.7 %), in integers: 2 of 3 (66.7 %).") !=
        std::string::npos);
  CHECK(page.find("<td>&lt;x[1]&gt;</td><td>1</td><td>1</td><td>0</td>") != std::string::npos);
  CHECK(quantization_page(report, {}, "tiny.onnx").find("Right in float") == std::string::npos);
}

TEST_CASE("int4 weights get groups where input channels differ", "[quantizer]") {
  Graph graph = prepared(uneven);
  const std::vector<Sample> samples = random_samples(graph, 12);
  QuantizerOptions options{.weight_bits = 4};
  const Quantization groups = quantize(graph, samples, options);
  options.int4 = Int4Scales::PerChannel;
  const Quantization channels = quantize(graph, samples, options);
  const auto want = outputs_of(graph, samples);
  CHECK(sqnr(want, outputs_of(groups.graph, samples)) >
        sqnr(want, outputs_of(channels.graph, samples)) + 1.5);
  for (const LayerReport& layer : describe(groups, samples, {}).layers)
    if (layer.weights > 0) CHECK(layer.precision == "int8 with int4 weights in groups of 32");
  for (const LayerReport& layer : describe(channels, samples, {}).layers)
    if (layer.weights > 0) CHECK(layer.precision == "int8 with int4 weights");
  // The kernels find the factors again.
  Graph integers = groups.graph;
  run_passes(integers, {});
  int found = 0;
  for (const Op& op : integers.ops) {
    if (op.def != &ops::qconv2d && op.def != &ops::qdense) continue;
    const auto int4 = as_int4(*integers.constant(op.in[1]));
    found += int4 && int4->group >= 32;
  }
  CHECK(found == 2);
}

int64_t narrow_layers(const Quantization& q) {
  int64_t count = 0;
  for (size_t i = 0; i < q.source.ops.size(); ++i)
    count += q.scheme.forms[i] == Form::Layer && q.precisions.weight_bits[i] == 4;
  return count;
}

int64_t constant_bits(const Graph& graph) {
  int64_t bits = 0;
  for (const Value& value : graph.values)
    if (value.quantized && value.quantized->q.dtype == DType::S8)
      bits += value.quantized->q.elements() * value.quantized->bits;
  return bits;
}

// Three layers, and samples.
struct Mixed {
  Mixed() {
    GraphBuilder b(9);
    const ValueId x = b.unary(UnaryFn::Relu, b.conv(b.input("x", {1, 6, 6, 4}), 8, 3));
    const ValueId y = b.unary(UnaryFn::Relu, b.conv(x, 8, 1));
    b.output("y", b.dense(b.reshape(y, {1, 128}), 5));
    graph = b.graph();
    prepare_for_quantizer(graph);
    samples = random_samples(graph, 12);
  }
  Graph graph;
  std::vector<Sample> samples;
};

TEST_CASE("layers get weights of 4 bits until the network fits", "[quantizer]") {
  const Mixed m;
  const Quantization wide = quantize(m.graph, m.samples, {});
  CHECK(narrow_layers(wide) == 0);
  const int64_t bits = constant_bits(wide.graph);
  const auto within = [&](double share) {
    QuantizerOptions options;
    options.fits = [&, share](const Graph& graph) {
      return static_cast<double>(constant_bits(graph)) <= share * static_cast<double>(bits);
    };
    return quantize(m.graph, m.samples, options);
  };
  CHECK(narrow_layers(within(1)) == 0);
  const Quantization some = within(0.8), all = within(0.5), none = within(0.1);
  CHECK(narrow_layers(some) > 0);
  CHECK(narrow_layers(some) < 3);
  CHECK(narrow_layers(all) == 3);
  CHECK(some.error.noise < all.error.noise);
  // What does not fit is left to whoever places the weights.
  CHECK(narrow_layers(none) == 3);
}

TEST_CASE("layers get more bits until the budget is kept", "[quantizer]") {
  const Mixed m;
  const double before = quantize(m.graph, m.samples, {}).error.relative();
  for (const double share : {0.7, 0.3, 0.0}) {
    QuantizerOptions options;
    options.budget = share * before;
    CHECK(quantize(m.graph, m.samples, options).error.relative() <= share * before);
  }
}

TEST_CASE("with labels, the budget is the share of samples lost", "[quantizer]") {
  const Mixed m;
  QuantizerOptions options;
  options.weight_bits = 4;
  options.round_weights = options.correct_bias = options.equalize = false;
  // What the float network says is right, and anything else is not.
  for (const auto& output : outputs_of(m.graph, m.samples)) {
    const auto scores = output[0].values<float>();
    options.labels.push_back(std::max_element(scores.begin(), scores.end()) - scores.begin());
  }
  const Quantization narrow = quantize(m.graph, m.samples, options);
  const int64_t right = count_right(outputs_of(narrow.graph, m.samples), options.labels);
  CHECK(narrow.lost == Approx((12.0 - static_cast<double>(right)) / 12));
  options.budget = 0;
  const Quantization wide = quantize(m.graph, m.samples, options);
  CHECK(count_right(outputs_of(wide.graph, m.samples), options.labels) == 12);
  CHECK(wide.lost <= 0);
}

TEST_CASE("results do not depend on the number of processors", "[quantizer]") {
  const Mixed m;
  const std::string several = write_onnx(quantize(m.graph, m.samples, {}).graph);
  cpu_set_t before, one;
  REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i)
    if (CPU_ISSET(i, &before)) CPU_SET(i, &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(thread_count(0) == 1);
  const std::string alone = write_onnx(quantize(m.graph, m.samples, {}).graph);
  REQUIRE(sched_setaffinity(0, sizeof before, &before) == 0);
  CHECK(alone == several);
}

}  // namespace
}  // namespace motec::test
