// The int8 networks of MLPerf Tiny against onnxruntime, layer by layer: each layer is fed
// onnxruntime's own integers and must give its result within one unit. Needs MOTE_SHARED_DATA.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <set>

#include "eval/evaluator.h"
#include "eval/npy.h"
#include "import/onnx_reader.h"
#include "ir/rewriter.h"
#include "ops/quantize.h"
#include "passes/pipeline.h"

namespace motec {
namespace {

namespace fs = std::filesystem;

const fs::path kModels = fs::path(MOTE_SHARED_DATA) / "mlperf_tiny";

// The part of `graph` that makes the quantized value `result` from other quantized values.
Graph layer_of(const Graph& graph, ValueId result, const std::map<std::string, Tensor>& known) {
  Graph layer = graph;
  layer.inputs.clear();
  layer.outputs = {{graph[result].name, result}};
  std::set<ValueId> wanted = {result}, inputs;
  std::vector<Op> ops;
  for (size_t i = graph.ops.size(); i-- > 0;) {
    const Op& op = graph.ops[i];
    if (!wanted.count(op.out[0])) continue;
    ops.insert(ops.begin(), op);
    for (const ValueId id : op.in) {
      if (!id || graph.constant(id)) continue;
      const bool is_border = known.count(graph[id].name) && graph.type(id).dtype == DType::S8;
      if (!is_border) {
        wanted.insert(id);
      } else if (inputs.insert(id).second) {
        layer.inputs.push_back({graph[id].name, id});
      }
    }
  }
  layer.ops = std::move(ops);
  return layer;
}

struct Differences {
  int64_t elements = 0, differing = 0, largest = 0;
  double share() const { return static_cast<double>(differing) / static_cast<double>(elements); }
};

Differences compare(const Tensor& got, const Tensor& want) {
  REQUIRE(got.type() == want.type());
  Differences d;
  for (int64_t i = 0; i < got.elements(); ++i) {
    const int64_t distance = std::abs(int64_t{got.data<int8_t>()[i]} - want.data<int8_t>()[i]);
    d.differing += distance != 0;
    d.largest = std::max(d.largest, distance);
    ++d.elements;
  }
  return d;
}

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
    Differences sum;
    for (int set = 0; set < 3; ++set) {
      std::map<std::string, Tensor> known;
      for (auto& [key, value] :
           read_npz(dir / fmt::format("test_data_set_{}", set) / "layers_int8.npz"))
        known[key] = std::move(value);
      REQUIRE(known.count(tensor));
      Graph layer = layer_of(graph, op.out[0], known);
      if (layer.inputs.empty()) break;  // the network's own input
      std::vector<Tensor> inputs;
      for (const Port& port : layer.inputs) inputs.push_back(known.at(port.name));
      run_passes(layer, {});
      for (const Op& left : layer.ops) {
        INFO(name << ": " << tensor << " is computed in float by " << left.def->name);
        CHECK(left.def != &ops::dequantize);
      }
      const Differences d = compare(evaluate(layer, inputs)[0], known.at(tensor));
      sum.elements += d.elements;
      sum.differing += d.differing;
      sum.largest = std::max(sum.largest, d.largest);
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
