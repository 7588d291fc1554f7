#include "driver/dataset.h"

#include "eval/evaluator.h"
#include "support/diag.h"
#include "support/parallel.h"

namespace motec {

std::vector<DataSet> read_data(const std::filesystem::path& data, const DataPorts& ports) {
  const Samples samples = open_samples({data.string()}, ports);
  return with_context(fmt::format("reading data from {}", data.string()), [&] {
    std::vector<DataSet> sets;
    for (int64_t i = 0; i < samples.count(); ++i) sets.push_back(samples.read(i));
    return sets;
  });
}

int64_t fill_expected(std::vector<DataSet>& sets, const Graph& graph, const DataPorts& ports) {
  std::vector<size_t> open;
  for (size_t i = 0; i < sets.size(); ++i)
    if (sets[i].outputs.empty()) open.push_back(i);
  const Evaluator evaluator(graph);
  parallel_in_order(
      std::ssize(open),
      [&](int64_t i) { return evaluator.run(operands(sets[open[static_cast<size_t>(i)]], ports)); },
      [&](int64_t i, std::vector<Tensor> results) {
        DataSet& set = sets[open[static_cast<size_t>(i)]];
        for (size_t k = 0; k < results.size(); ++k)
          if (ports.outputs[k].role == DataPort::Role::Given)
            set.outputs.push_back(std::move(results[k]));
      });
  return std::ssize(open);
}

}  // namespace motec
