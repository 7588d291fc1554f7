#include "quant/measure.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "ops/quantize.h"
#include "ops/softmax.h"

namespace motec {

double OutputError::sqnr() const {
  if (signal <= 0) return noise <= 0 ? 200 : 0;
  return std::min(200.0, 10 * std::log10(signal / std::max(noise, signal * 1e-20)));
}

double OutputError::relative() const { return signal > 0 ? std::sqrt(noise / signal) : 0; }

std::vector<ValueId> judged_values(const Graph& graph) {
  const std::vector<int> producers = producers_of(graph);
  std::vector<ValueId> judged;
  for (const Port& port : graph.outputs) {
    judged.push_back(port.value);
    for (ValueId id = port.value;;) {
      const int at = producers[static_cast<size_t>(id.index)];
      if (at < 0) break;
      const Op& op = graph.ops[static_cast<size_t>(at)];
      const bool passes = op.def == &ops::quantize || op.def == &ops::dequantize ||
                          (op.def->moved_axis && op.out.size() == 1);
      if (op.def == &ops::softmax) judged.back() = op.in[0];
      if (!passes) break;
      id = op.in[0];
    }
  }
  return judged;
}

ResultSets judged_of(const Graph& graph, const std::vector<Sample>& samples) {
  return values_of(graph, samples, judged_values(graph));
}

Results results_of(const Graph& graph, const std::vector<Sample>& samples) {
  std::vector<ValueId> wanted = judged_values(graph);
  const auto n = static_cast<ptrdiff_t>(wanted.size());
  for (const Port& port : graph.outputs) wanted.push_back(port.value);
  Results results;
  evaluate_samples(graph, samples, wanted, [&](size_t, std::vector<Tensor> values) {
    const auto outputs = values.begin() + n;
    results.outputs.emplace_back(std::make_move_iterator(outputs),
                                 std::make_move_iterator(values.end()));
    values.erase(outputs, values.end());
    results.judged.push_back(std::move(values));
  });
  return results;
}

OutputError output_error(const ResultSets& want, const ResultSets& got) {
  OutputError error;
  for (size_t s = 0; s < want.size(); ++s) {
    for (size_t o = 0; o < want[s].size(); ++o) {
      const std::vector<double> x = to_doubles(want[s][o]), y = to_doubles(got[s][o]);
      for (size_t i = 0; i < x.size(); ++i) {
        error.signal += x[i] * x[i];
        error.noise += (x[i] - y[i]) * (x[i] - y[i]);
        error.largest = std::max(error.largest, std::abs(x[i] - y[i]));
      }
    }
  }
  return error;
}

}  // namespace motec
