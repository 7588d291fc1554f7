// The quantizer on real networks: what is lost on samples that it has not seen. Needs
// MOTE_SHARED_DATA.
#include <catch2/catch.hpp>

#include "eval/evaluator.h"
#include "export/onnx_writer.h"
#include "import/onnx_reader.h"
#include "ops/quantize.h"
#include "passes/pipeline.h"
#include "quant/networks.h"
#include "support/layers.h"

namespace motec::test {
namespace {

Graph integers_of(Graph quantized) {
  run_passes(quantized, {});
  return quantized;
}

struct Case {
  const char* name;
  size_t calibration;  // samples; the rest is held out, if there is one
  int bits;            // of weights
  int64_t loss;        // most samples that may be lost
};

TEST_CASE("quantized networks are as accurate as float ones", "[networks]") {
  if (!has_shared_data()) return;
  const Case c = GENERATE(Case{"kws", 100, 8, 1}, Case{"kws", 100, 4, 2}, Case{"ic", 50, 8, 1},
                          Case{"ic", 50, 4, 2}, Case{"sww", 45, 8, 0});
  const Network network = load_mlperf(c.name);
  const size_t n = network.samples.size(), first = c.calibration < n ? c.calibration : 0;
  const std::vector<Sample> judging = part(network.samples, first, n);
  const std::vector<int64_t> labels(network.labels.begin() + static_cast<ptrdiff_t>(first),
                                    network.labels.end());
  const auto real = outputs_of(network.graph, judging);
  const Quantization q =
      quantize(network.graph, part(network.samples, 0, c.calibration), {.weight_bits = c.bits});
  const auto rounded = outputs_of(integers_of(q.graph), judging);
  const int64_t before = count_right(real, labels), after = count_right(rounded, labels);
  fmt::print("{:4} int{}: {} of {} right in float, {} in integers\n", c.name, c.bits, before,
             labels.size(), after);
  CHECK(after >= before - c.loss);
}

TEST_CASE("budgets of accuracy are kept on a real network", "[networks]") {
  if (!has_shared_data()) return;
  const Network network = load_mlperf("kws");
  const std::vector<Sample> samples = part(network.samples, 0, 20);
  QuantizerOptions options{.weight_bits = 4};
  const double before = quantize(network.graph, samples, options).error.relative();
  SECTION("of error") { options.budget = before / 3; }
  SECTION("of samples") {
    options.budget = 0;
    options.labels.assign(network.labels.begin(), network.labels.begin() + 20);
  }
  const Quantization q = quantize(network.graph, samples, options);
  CHECK((options.labels.empty() ? q.error.relative() : q.lost) <= *options.budget);
  const auto in_float =
      std::count(q.precisions.kept_float.begin(), q.precisions.kept_float.end(), true);
  fmt::print("kws int4: error {:.1f} %, within its budget {:.1f} %, {} of {} operators in float\n",
             100 * before, 100 * q.error.relative(), in_float, std::ssize(q.source.ops));
  CHECK(in_float < std::ssize(q.source.ops) / 2);
}

double reconstruction_error(const Graph& graph, const std::vector<Sample>& samples) {
  ResultSets inputs;
  for (const Sample& sample : samples) inputs.push_back({sample[0]});
  const OutputError error = output_error(inputs, outputs_of(graph, samples));
  return error.noise / static_cast<double>(samples.size() * 640);
}

TEST_CASE("an autoencoder in int8 reconstructs as well as in float", "[networks]") {
  if (!has_shared_data()) return;
  const Network network = load_mlperf("ad");
  const std::vector<Sample> unseen = part(network.samples, 49, 98);
  const Graph other = integers_of(
      import_onnx(std::filesystem::path(MOTE_SHARED_DATA) / "mlperf_tiny/ad_int8/model.onnx", {}));
  const double real = reconstruction_error(network.graph, unseen);
  const double theirs = reconstruction_error(other, unseen);
  const Graph ours = integers_of(quantize(network.graph, part(network.samples, 0, 49), {}).graph);
  const double rounded = reconstruction_error(ours, unseen);
  fmt::print(
      "ad: mean squared error {:.3f} in float, {:.3f} in int8 ({:+.2f} %), {:.3f} in TFLite's\n",
      real, rounded, 100 * (rounded / real - 1), theirs);
  CHECK(rounded <= 1.02 * real);
  CHECK(rounded - real < 0.5 * (theirs - real));
}

// What each part of the quantizer adds.
struct Setting {
  const char* name;
  QuantizerOptions options;
};

QuantizerOptions plain(std::optional<RangeMethod> ranges, WeightMethod weights) {
  return {.ranges = ranges,
          .weights = weights,
          .equalize = false,
          .correct_bias = false,
          .round_weights = false};
}

std::vector<Setting> settings(int bits) {
  std::vector<Setting> list;
  list.push_back({"per tensor", plain(RangeMethod::MinMax, WeightMethod::PerTensor)});
  for (const RangeMethod method : range_methods())
    list.push_back({name_of(method).data(), plain(method, WeightMethod::Largest)});
  QuantizerOptions options = plain({}, WeightMethod::Mse);
  list.push_back({"auto", options});
  options.correct_bias = true;
  list.push_back({"+bias", options});
  options.equalize = true;
  list.push_back({"+equalize", options});
  options.round_weights = true;
  list.push_back({"+rounding", options});
  for (Setting& setting : list) setting.options.weight_bits = bits;
  return list;
}

// Every other sample, so that both halves have all classes.
struct Halves {
  explicit Halves(const std::vector<Sample>& samples) {
    for (size_t i = 0; i < samples.size(); ++i) (i % 2 ? unseen : seen).push_back(samples[i]);
  }
  std::vector<Sample> seen, unseen;
};

constexpr const char* kNetworks[] = {"kws", "ic", "ad", "sww", "vww"};

// Errors in dB before the last Softmax, and of the outputs, on unseen samples.
std::pair<double, double> sqnr_of(const Quantization& q, const Results& want,
                                  const std::vector<Sample>& unseen) {
  const Results got = results_of(q.graph, unseen);
  return {output_error(want.judged, got.judged).sqnr(),
          output_error(want.outputs, got.outputs).sqnr()};
}

TEST_CASE("int8 is 3 dB better than with the limits of whole tensors", "[networks]") {
  if (!has_shared_data()) return;
  const char* name = GENERATE(from_range(std::begin(kNetworks), std::end(kNetworks)));
  const Network network = load_mlperf(name);
  const Halves halves(network.samples);
  const Results want = results_of(network.graph, halves.unseen);
  const auto baseline = sqnr_of(
      quantize(network.graph, halves.seen, plain(RangeMethod::MinMax, WeightMethod::PerTensor)),
      want, halves.unseen);
  const auto best = sqnr_of(quantize(network.graph, halves.seen, {}), want, halves.unseen);
  fmt::print("{:4} SQNR {:.1f} dB, plain {:.1f}; of the outputs {:.1f}, plain {:.1f}\n", name,
             best.first, baseline.first, best.second, baseline.second);
  CHECK(best.first >= baseline.first + 3);
}

// Takes ten minutes: quantizer_networks_test '[.table]' prints what README says.
TEST_CASE("table of methods", "[.table]") {
  if (!has_shared_data()) return;
  for (const int bits : {8, 4}) {
    for (const char* name : kNetworks) {
      const Network network = load_mlperf(name);
      const Halves halves(network.samples);
      const Results want = results_of(network.graph, halves.unseen);
      fmt::print("| {}, int{} |", name, bits);
      for (const Setting& setting : settings(bits)) {
        const Quantization q = quantize(network.graph, halves.seen, setting.options);
        const auto [judged, outputs] = sqnr_of(q, want, halves.unseen);
        fmt::print(" {} {:.1f} / {:.1f} |", setting.name, judged, outputs);
        std::fflush(stdout);
      }
      fmt::print("\n");
    }
  }
}

double bits_per_weight(const Quantization& q) {
  double bits = 0, weights = 0;
  for (const auto& [place, constant] : q.parameters.constants) {
    if (place.second != 1 || constant.q.dtype != DType::S8) continue;
    const auto count = static_cast<double>(constant.q.elements());
    weights += count;
    bits += constant.bits * count;
    if (constant.groups) bits += 4.0 * static_cast<double>(constant.groups->factors.elements());
  }
  return bits / weights;
}

// Takes minutes: quantizer_networks_test '[.groups]'.
TEST_CASE("int4 weights with and without groups", "[.groups]") {
  if (!has_shared_data()) return;
  for (const char* name : {"kws", "ad", "ic"}) {
    const Network network = load_mlperf(name);
    const Halves halves(network.samples);
    const Results want = results_of(network.graph, halves.unseen);
    for (const bool fitted : {false, true}) {
      for (const Int4Scales int4 : {Int4Scales::PerChannel, Int4Scales::Groups}) {
        const Quantization q = quantize(network.graph, halves.seen,
                                        {.weight_bits = 4,
                                         .int4 = int4,
                                         .equalize = fitted,
                                         .correct_bias = fitted,
                                         .round_weights = fitted});
        const auto [judged, outputs] = sqnr_of(q, want, halves.unseen);
        fmt::print("{:4} {:8} {:12} SQNR {:.1f} dB, of the outputs {:.1f}; {:.2f} bits a weight\n",
                   name, fitted ? "fitted" : "nearest",
                   int4 == Int4Scales::Groups ? "groups" : "per channel", judged, outputs,
                   bits_per_weight(q));
        std::fflush(stdout);
      }
    }
  }
}

TEST_CASE("a written network, evaluated in float, agrees with integers layer by layer",
          "[networks]") {
  if (!has_shared_data()) return;
  const char* name = GENERATE("kws", "ic", "sww", "ad", "vww");
  const Network network = load_mlperf(name);
  const Quantization q = quantize(network.graph, part(network.samples, 0, 10), {});
  const Graph graph = import_onnx_bytes(write_onnx(q.graph), {}, {});
  std::map<std::string, Tensor> known;
  std::set<std::string> names;
  for (const Op& op : graph.ops)
    if (op.def == &ops::quantize) names.insert(graph[op.out[0]].name);
  Evaluator(graph).run(network.samples[10], [&](ValueId id, const Tensor& tensor) {
    if (names.contains(graph[id].name)) known[graph[id].name] = tensor;
  });
  Differences sum;
  int layers = 0;
  for (const Op& op : graph.ops) {
    if (op.def != &ops::quantize) continue;
    const std::string tensor = graph[op.out[0]].name;
    Graph layer = layer_of(graph, op.out[0], names);
    if (layer.inputs.empty()) continue;  // the network's own input
    std::vector<Tensor> inputs;
    for (const Port& port : layer.inputs) inputs.push_back(known.at(port.name));
    run_passes(layer, {});
    const Differences d = compare(evaluate(layer, inputs)[0], known.at(tensor));
    INFO(name << ": " << tensor);
    CHECK(d.largest <= 1);
    sum.add(d);
    ++layers;
  }
  fmt::print("{:4} {} layers, {} of {} elements differ, by at most {}\n", name, layers,
             sum.differing, sum.elements, sum.largest);
  CHECK(layers >= 9);
  CHECK(sum.share() <= 0.01);
}

}  // namespace
}  // namespace motec::test
