// What a model file says about itself, without importing it: works on models with open dimensions
// and with operators that are not supported.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace motec {

struct PortInfo {
  std::string name;
  std::string type;               // "float32[batch,3,32,32]"
  std::vector<std::string> dims;  // numbers, names of open dimensions, "?"
  bool has_shape = false;
  bool is_open = false;  // has dimensions that are not known
};

struct ModelInfo {
  std::string producer;                      // "pytorch 2.1.0"
  std::map<std::string, int64_t> opsets;     // by domain
  std::vector<PortInfo> inputs, outputs;     // inputs without those that have an initializer
  std::map<std::string, int64_t> operators;  // "Conv", "com.microsoft.Gelu" -> how many nodes
  int64_t parameters = 0;                    // elements of all initializers
  std::vector<std::string> external_files;   // relative to the model's folder, sorted
};

// Fails as parsing does: E1001, E2001 to E2003.
ModelInfo read_model_info(const std::filesystem::path& path);

}  // namespace motec
