// Test and calibration data as users have them: a directory in the layout of ONNX's backend tests
// (test_data_set_*/input_*.pb and output_*.pb), NumPy files, or a directory of those.
#pragma once
#include <filesystem>
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

struct DataSet {
  std::string name = {};             // "test_data_set_0", "samples.npz[3]"
  std::vector<Tensor> inputs = {};   // one per given input, in order
  std::vector<Tensor> outputs = {};  // one per given output; empty: nothing is expected
};

// The ports of a graph. `model_inputs` are the names of all inputs of the model file, in its order.
DataPorts data_ports(const Graph& graph, const std::vector<std::string>& model_inputs);

// All sets of DATA, at least one. Arrays may have a leading axis of samples, which is split: one
// dimension more than the model's, or a first dimension that is a multiple of it. Fails with E502x,
// and as the file formats do.
std::vector<DataSet> read_data(const std::filesystem::path& data, const DataPorts& ports);

// Sets that expect nothing get what the reference evaluation of `graph` computes, states being
// zeros. Returns how many those were.
int64_t fill_expected(std::vector<DataSet>& sets, const Graph& graph, const DataPorts& ports);

// The files that read_data() reads, sorted; for dependency files.
std::vector<std::filesystem::path> data_files(const std::filesystem::path& data);

}  // namespace motec
