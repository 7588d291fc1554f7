// Reads an ONNX model into a graph of core ops.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "ir/graph.h"

namespace motec {

struct ImportOptions {
  std::map<std::string, Shape> input_shapes;   // binds open dimensions, by input name
  std::map<std::string, Tensor> input_values;  // inputs that become constants, by input name
};

// Fails with every fault that it finds: unsupported nodes are collected, not reported one by one.
Graph import_onnx(const std::filesystem::path& path, const ImportOptions& options);

// The same for a model in memory; external data are looked for in `model_dir`.
Graph import_onnx_bytes(const std::string& bytes, const std::filesystem::path& model_dir,
                        const ImportOptions& options);

}  // namespace motec
