#include "quant/networks.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "eval/npy.h"
#include "import/onnx_reader.h"
#include "passes/compare.h"
#include "passes/pipeline.h"

namespace motec::test {

bool has_shared_data() {
  if (!std::string(MOTE_SHARED_DATA).empty()) return true;
  WARN("skipped: MOTE_SHARED_DATA is not set");
  return false;
}

Network load_mlperf(const std::string& name) {
  const std::filesystem::path root = MOTE_SHARED_DATA;
  const std::filesystem::path labels = root / "calib" / (name + "_calib_labels.npy");
  Network network{import_onnx(root / "mlperf_tiny" / (name + "_float") / "model.onnx", {}), {}, {}};
  prepare_for_quantizer(network.graph);
  const Tensor all = read_npy(root / "calib" / (name + "_calib.npy"));
  const Type& type = network.graph.type(network.graph.inputs[0].value);
  const auto bytes = static_cast<size_t>(type.bytes());
  for (size_t at = 0; at + bytes <= all.bytes.size(); at += bytes) {
    Tensor x{type.dtype, type.shape, {}};
    const auto begin = all.bytes.begin() + static_cast<ptrdiff_t>(at);
    x.bytes.assign(begin, begin + static_cast<ptrdiff_t>(bytes));
    network.samples.push_back({std::move(x)});
  }
  if (std::filesystem::exists(labels)) network.labels = to_int64s(read_npy(labels));
  return network;
}

std::vector<Sample> random_samples(const Graph& graph, int count) {
  std::vector<Sample> samples;
  for (int i = 0; i < count; ++i)
    samples.push_back(random_inputs(graph, static_cast<uint32_t>(i + 1)));
  return samples;
}

std::vector<Sample> part(const std::vector<Sample>& samples, size_t first, size_t last) {
  return {samples.begin() + static_cast<ptrdiff_t>(first),
          samples.begin() + static_cast<ptrdiff_t>(std::min(last, samples.size()))};
}

int64_t count_right(const std::vector<std::vector<Tensor>>& outputs,
                    const std::vector<int64_t>& labels) {
  int64_t right = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto values = outputs[i][0].values<float>();
    right += std::max_element(values.begin(), values.end()) - values.begin() == labels[i];
  }
  return right;
}

double sqnr(const std::vector<std::vector<Tensor>>& want,
            const std::vector<std::vector<Tensor>>& got) {
  double signal = 0, noise = 1e-30;
  for (size_t s = 0; s < want.size(); ++s)
    for (size_t o = 0; o < want[s].size(); ++o)
      for (int64_t i = 0; i < want[s][o].elements(); ++i) {
        const double x = want[s][o].data<float>()[i], y = got[s][o].data<float>()[i];
        signal += x * x;
        noise += (x - y) * (x - y);
      }
  return 10 * std::log10(signal / noise);
}

}  // namespace motec::test
