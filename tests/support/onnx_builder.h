// Tiny ONNX models, good and bad ones, built in memory.
//
//   OnnxBuilder b;
//   b.input("x", {1, 4});
//   b.node("Relu", {"x"}, {"y"});
//   b.output("y");
//   import_onnx_bytes(b.bytes(), {}, {});
#pragma once
#include <onnx/onnx_pb.h>

#include <initializer_list>
#include <string>
#include <variant>
#include <vector>

namespace motec::test {

using Names = std::vector<std::string>;
// A number, or the name of an open dimension; "" is open without a name.
using Dim = std::variant<int64_t, std::string>;

class OnnxBuilder {
 public:
  explicit OnnxBuilder(int64_t opset = 17);

  void input(const std::string& name, const std::vector<Dim>& dims,
             int type = onnx::TensorProto::FLOAT);
  // Declared without shape.
  void output(const std::string& name, int type = onnx::TensorProto::FLOAT);
  // Named like its first result.
  onnx::NodeProto& node(const std::string& op_type, const Names& in, const Names& out);
  onnx::TensorProto& floats(const std::string& name, const std::vector<int64_t>& dims,
                            const std::vector<float>& values);
  onnx::TensorProto& ints(const std::string& name, const std::vector<int64_t>& values);
  // Of a type that int32_data holds: (u)int8, (u)int16, int32, and bytes of (u)int4.
  onnx::TensorProto& integers(const std::string& name, int type, const std::vector<int64_t>& dims,
                              const std::vector<int32_t>& values);
  // Its data are in another file.
  onnx::TensorProto& external(const std::string& name, const std::vector<int64_t>& dims,
                              const std::string& location);
  onnx::FunctionProto& function(const std::string& name, const Names& in, const Names& out);

  onnx::ModelProto& model() { return model_; }
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  std::string bytes() const { return model_.SerializeAsString(); }

 private:
  onnx::ModelProto model_;
};

// Adds a node to a graph or to a function.
onnx::NodeProto& fill_node(onnx::NodeProto* node, const std::string& op_type, const Names& in,
                           const Names& out);

void set(onnx::NodeProto& node, const std::string& name, int64_t value);
void set(onnx::NodeProto& node, const std::string& name, float value);
void set(onnx::NodeProto& node, const std::string& name, const std::string& value);
void set(onnx::NodeProto& node, const std::string& name, const std::vector<int64_t>& values);
void set(onnx::NodeProto& node, const std::string& name, const onnx::GraphProto& body);

}  // namespace motec::test
