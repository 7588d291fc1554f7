// What a model takes and gives, as data name it.
#pragma once
#include <string>
#include <vector>

#include "ir/graph.h"

namespace motec {

// One tensor of the model as the data may give it. In files that go by position (input_0.pb),
// frozen inputs and states still count.
struct DataPort {
  enum class Role : uint8_t {
    Given,        // the data give it
    Frozen,       // an input that has become a constant: data for it are ignored
    StateInput,   // starts at zeros, and data for it must be zeros
    StateOutput,  // data for it are ignored
  };
  std::string name;
  Type type;
  Role role = Role::Given;
};

struct DataPorts {
  std::vector<DataPort> inputs, outputs;
};

// The ports of a graph. `model_inputs` are the names of all inputs of the model file, in its order.
DataPorts data_ports(const Graph& graph, const std::vector<std::string>& model_inputs);

// The port of that name, or else whose name becomes that C identifier; null if there is none.
const DataPort* find_port(const std::vector<DataPort>& ports, const std::string& name);

std::string names_of(const std::vector<DataPort>& ports);  // "'x', 'y'"

// The one input that data without a name can be for. Fails with E5025, naming `file`.
const DataPort& only_input(const DataPorts& ports, const std::string& file);

}  // namespace motec
