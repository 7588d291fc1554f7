#include "driver/testing.h"

#include "driver/dataset.h"
#include "import/model_info.h"

namespace motec {

std::vector<std::string> model_inputs(const std::filesystem::path& model) {
  std::vector<std::string> names;
  for (const PortInfo& port : read_model_info(model).inputs) names.push_back(port.name);
  return names;
}

TestData load_test_data(const CompileOptions& options, const Program& program,
                        const std::filesystem::path& data) {
  Graph reference = import_onnx(options.model, options.import);
  reference.states = program.graph.states;
  const DataPorts ports = data_ports(reference, model_inputs(options.model));
  std::vector<DataSet> sets = read_data(data, ports);
  TestData tests;
  tests.evaluated = fill_expected(sets, reference, ports);
  for (DataSet& set : sets) tests.sets.push_back({std::move(set.inputs), std::move(set.outputs)});
  return tests;
}

}  // namespace motec
