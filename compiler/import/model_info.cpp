#include "import/model_info.h"

#include <onnx/onnx_pb.h>

#include <set>

#include "import/model_checks.h"
#include "import/tensor_reader.h"
#include "ir/type.h"
#include "support/diag.h"
#include "support/files.h"

namespace motec {
namespace {

class Collector {
 public:
  ModelInfo run(const onnx::ModelProto& model) {
    info_.producer = model.producer_name();
    if (!model.producer_version().empty()) info_.producer += " " + model.producer_version();
    for (const auto& import : model.opset_import())
      info_.opsets[import.domain().empty() ? "ai.onnx" : import.domain()] = import.version();
    visit(model.graph());
    std::set<std::string> initialized;
    for (const auto& tensor : model.graph().initializer()) initialized.insert(tensor.name());
    for (const auto& sparse : model.graph().sparse_initializer())
      initialized.insert(sparse.values().name());
    for (const auto& input : model.graph().input())
      if (!initialized.count(input.name())) info_.inputs.push_back(port(input));
    for (const auto& output : model.graph().output()) info_.outputs.push_back(port(output));
    info_.external_files.assign(files_.begin(), files_.end());
    return std::move(info_);
  }

 private:
  static std::string type_name(int onnx_type) {
    try {
      return std::string(name_of(stored_dtype_from_onnx(onnx_type, "")));
    } catch (const CompileError&) {
      return fmt::format("type {}", onnx_type);
    }
  }

  static PortInfo port(const onnx::ValueInfoProto& value) {
    PortInfo port;
    port.name = value.name();
    if (!value.type().has_tensor_type()) {
      port.type = "no tensor";
      return port;
    }
    const auto& tensor = value.type().tensor_type();
    port.has_shape = tensor.has_shape();
    port.is_open = !tensor.has_shape();
    for (const auto& dim : tensor.shape().dim()) {
      const bool named = !dim.has_dim_value() && !dim.dim_param().empty();
      port.is_open |= !dim.has_dim_value();
      port.dims.push_back(dim.has_dim_value() ? fmt::format("{}", dim.dim_value())
                          : named             ? dim.dim_param()
                                              : "?");
    }
    port.type = type_name(tensor.elem_type());
    port.type += tensor.has_shape() ? fmt::format("[{}]", fmt::join(port.dims, ",")) : "[...]";
    return port;
  }

  void visit(const onnx::TensorProto& tensor) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) return;
    for (const auto& entry : tensor.external_data())
      if (entry.key() == "location") files_.insert(entry.value());
  }

  void visit(const onnx::GraphProto& graph) {
    for (const auto& tensor : graph.initializer()) {
      int64_t elements = 1;
      for (const int64_t dim : tensor.dims())
        if (dim < 0 || __builtin_mul_overflow(elements, dim, &elements)) elements = 0;
      if (__builtin_add_overflow(info_.parameters, elements, &info_.parameters))
        info_.parameters = 0;  // no file holds as many
      visit(tensor);
    }
    for (const auto& sparse : graph.sparse_initializer()) {
      visit(sparse.values());
      visit(sparse.indices());
    }
    for (const auto& node : graph.node()) {
      const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
      ++info_.operators[standard ? node.op_type() : node.domain() + "." + node.op_type()];
      for (const auto& attribute : node.attribute()) {
        if (attribute.has_g()) visit(attribute.g());
        if (attribute.has_t()) visit(attribute.t());
      }
    }
  }

  ModelInfo info_;
  std::set<std::string> files_;
};

}  // namespace

ModelInfo read_model_info(const std::filesystem::path& path) {
  return with_context(fmt::format("reading {}", path.string()),
                      [&] { return Collector().run(parse_model(read_file(path))); });
}

}  // namespace motec
