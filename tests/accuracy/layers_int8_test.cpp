// The int8 networks of MLPerf Tiny against onnxruntime, layer by layer: each layer is fed
// onnxruntime's own integers and must give its result within one unit. Needs MOTE_SHARED_DATA.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <set>

#include "eval/evaluator.h"
#include "eval/npy.h"
#include "import/onnx_reader.h"
#include "ops/quantize.h"
#include "passes/pipeline.h"
#include "support/layers.h"

namespace motec {
namespace {

namespace fs = std::filesystem;

const fs::path kModels = fs::path(MOTE_SHARED_DATA) / "mlperf_tiny";

void check_model(const std::string& name, int expected_layers) {
  if (std::string(MOTE_SHARED_DATA).empty()) {
    WARN("skipped: MOTE_SHARED_DATA is not set");
    return;
  }
  const fs::path dir = kModels / name;
  const Graph graph = import_onnx(dir / "model.onnx", {});
  int layers = 0;
  for (const Op& op : graph.ops) {
    if (op.def != &ops::quantize) continue;
    const std::string tensor = graph[op.out[0]].name;
    test::Differences sum;
    for (int set = 0; set < 3; ++set) {
      std::map<std::string, Tensor> known;
      for (auto& [key, value] :
           read_npz(dir / fmt::format("test_data_set_{}", set) / "layers_int8.npz"))
        known[key] = std::move(value);
      REQUIRE(known.count(tensor));
      std::set<std::string> names;
      for (const auto& [key, value] : known) names.insert(key);
      Graph layer = test::layer_of(graph, op.out[0], names);
      if (layer.inputs.empty()) break;  // the network's own input
      std::vector<Tensor> inputs;
      for (const Port& port : layer.inputs) inputs.push_back(known.at(port.name));
      run_passes(layer, {});
      for (const Op& left : layer.ops) {
        INFO(name << ": " << tensor << " is computed in float by " << left.def->name);
        CHECK(left.def != &ops::dequantize);
      }
      const test::Differences d = test::compare(evaluate(layer, inputs)[0], known.at(tensor));
      sum.add(d);
    }
    if (sum.elements == 0) continue;
    ++layers;
    fmt::print("{:<9} {:<28} {:>7} elements, {:>5} differ ({:.2f} %), by at most {}\n", name,
               tensor, sum.elements, sum.differing, 100 * sum.share(), sum.largest);
    INFO(name << ": " << tensor);
    CHECK(sum.largest <= 1);
    // Where both have a tie, ONNX rounds half to even and integers half up. In ic's average, a
    // division by 64, that is 2 of 192 elements.
    CHECK((sum.share() <= 0.01 || sum.differing <= 2));
  }
  CHECK(layers == expected_layers);
}

TEST_CASE("each int8 layer agrees with onnxruntime within one unit") {
  check_model("ic_int8", 16);
  check_model("kws_int8", 13);
  check_model("vww_int8", 31);
  check_model("ad_int8", 10);
  check_model("sww_int8", 11);
}

// How many samples of a calibration set are classified as their labels say.
int64_t correct(const std::string& model, const std::string& data) {
  const Tensor samples = read_npy(fs::path(MOTE_SHARED_DATA) / "calib" / (data + "_calib.npy"));
  const std::vector<int64_t> labels =
      to_int64s(read_npy(fs::path(MOTE_SHARED_DATA) / "calib" / (data + "_calib_labels.npy")));
  Graph graph = import_onnx(kModels / model / "model.onnx", {});
  run_passes(graph, {});
  Shape shape = samples.shape;
  shape[0] = 1;
  const size_t bytes = samples.bytes.size() / labels.size();
  int64_t right = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    Tensor sample = Tensor::zeros(samples.dtype, shape);
    std::memcpy(sample.bytes.data(), samples.bytes.data() + i * bytes, bytes);
    const std::vector<double> scores = to_doubles(evaluate(graph, {sample})[0]);
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    right += best == labels[i];
  }
  fmt::print("{:<9} {} of {} samples are classified right\n", model, right, labels.size());
  return right;
}

TEST_CASE("int8 networks classify as well as in onnxruntime") {
  if (std::string(MOTE_SHARED_DATA).empty()) {
    WARN("skipped: MOTE_SHARED_DATA is not set");
    return;
  }
  // What onnxruntime 1.30 gets right, graph optimizations disabled.
  CHECK(std::abs(correct("kws_int8", "kws") - 183) <= 1);
  CHECK(std::abs(correct("ic_int8", "ic") - 92) <= 1);
}

}  // namespace
}  // namespace motec
