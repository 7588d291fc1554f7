// Tensor data in files beside the model.
#pragma once
#include <filesystem>
#include <string>

namespace onnx {
class TensorProto;
}

namespace motec {

// The bytes that an external tensor refers to. The file must lie inside `model_dir`, symbolic links
// resolved: a model may not make the compiler read other files (E2305).
std::string read_external_data(const onnx::TensorProto& proto,
                               const std::filesystem::path& model_dir, const std::string& what);

}  // namespace motec
