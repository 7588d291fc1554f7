#include "driver/data_ports.h"

#include <algorithm>

#include "support/diag.h"
#include "support/identifier.h"

namespace motec {
namespace {

using Role = DataPort::Role;

bool is_state(const Graph& graph, size_t index, int StatePair::*port) {
  return std::any_of(graph.states.begin(), graph.states.end(),
                     [&](const StatePair& pair) { return pair.*port == static_cast<int>(index); });
}

}  // namespace

DataPorts data_ports(const Graph& graph, const std::vector<std::string>& model_inputs) {
  DataPorts ports;
  for (const std::string& name : model_inputs) {
    DataPort port{.name = name, .type = {}, .role = Role::Frozen};
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      if (graph.inputs[i].name != name) continue;
      port.type = graph.type(graph.inputs[i].value);
      port.role = is_state(graph, i, &StatePair::input) ? Role::StateInput : Role::Given;
    }
    ports.inputs.push_back(std::move(port));
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const bool state = is_state(graph, i, &StatePair::output);
    ports.outputs.push_back({graph.outputs[i].name, graph.type(graph.outputs[i].value),
                             state ? Role::StateOutput : Role::Given});
  }
  return ports;
}

const DataPort* find_port(const std::vector<DataPort>& ports, const std::string& name) {
  for (const DataPort& port : ports)
    if (port.name == name) return &port;
  for (const DataPort& port : ports)
    if (identifier(port.name) == name) return &port;
  return nullptr;
}

std::string names_of(const std::vector<DataPort>& ports) {
  std::string names;
  for (const DataPort& port : ports) names += (names.empty() ? "'" : ", '") + port.name + "'";
  return names;
}

const DataPort& only_input(const DataPorts& ports, const std::string& file) {
  const DataPort* only = nullptr;
  int wanted = 0;
  for (const DataPort& port : ports.inputs)
    if (port.role == Role::Given) only = &port, ++wanted;
  if (wanted != 1) {
    fail({.code = "E5025",
          .message = fmt::format("{} is for one input, but the model has {}", file, wanted),
          .hint =
              fmt::format("write INPUT=PATH for each of {}, or use an .npz file with these names",
                          names_of(ports.inputs))});
  }
  return *only;
}

}  // namespace motec
