#include "support/onnx_builder.h"

namespace motec::test {
namespace {

onnx::AttributeProto& add_attribute(onnx::NodeProto& node, const std::string& name,
                                    onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

}  // namespace

OnnxBuilder::OnnxBuilder(int64_t opset) {
  model_.set_ir_version(8);
  model_.add_opset_import()->set_version(opset);
  graph().set_name("test");
}

void OnnxBuilder::input(const std::string& name, const std::vector<Dim>& dims, int type) {
  onnx::ValueInfoProto& info = *graph().add_input();
  info.set_name(name);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape();
  for (const Dim& dim : dims) {
    auto& to = *tensor.mutable_shape()->add_dim();
    if (const auto* value = std::get_if<int64_t>(&dim)) {
      to.set_dim_value(*value);
    } else if (const auto& symbol = std::get<std::string>(dim); !symbol.empty()) {
      to.set_dim_param(symbol);
    }
  }
}

void OnnxBuilder::output(const std::string& name, int type) {
  onnx::ValueInfoProto& info = *graph().add_output();
  info.set_name(name);
  info.mutable_type()->mutable_tensor_type()->set_elem_type(type);
}

onnx::NodeProto& OnnxBuilder::node(const std::string& op_type, const Names& in, const Names& out) {
  return fill_node(graph().add_node(), op_type, in, out);
}

onnx::TensorProto& OnnxBuilder::floats(const std::string& name, const std::vector<int64_t>& dims,
                                       const std::vector<float>& values) {
  onnx::TensorProto& tensor = *graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t dim : dims) tensor.add_dims(dim);
  for (const float value : values) tensor.add_float_data(value);
  return tensor;
}

onnx::TensorProto& OnnxBuilder::integers(const std::string& name, int type,
                                         const std::vector<int64_t>& dims,
                                         const std::vector<int32_t>& values) {
  onnx::TensorProto& tensor = *graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const int64_t dim : dims) tensor.add_dims(dim);
  for (const int32_t value : values) tensor.add_int32_data(value);
  return tensor;
}

onnx::TensorProto& OnnxBuilder::ints(const std::string& name, const std::vector<int64_t>& values) {
  onnx::TensorProto& tensor = *graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<int64_t>(values.size()));
  for (const int64_t value : values) tensor.add_int64_data(value);
  return tensor;
}

onnx::TensorProto& OnnxBuilder::external(const std::string& name, const std::vector<int64_t>& dims,
                                         const std::string& location) {
  onnx::TensorProto& tensor = floats(name, dims, {});
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& entry = *tensor.add_external_data();
  entry.set_key("location");
  entry.set_value(location);
  return tensor;
}

onnx::FunctionProto& OnnxBuilder::function(const std::string& name, const Names& in,
                                           const Names& out) {
  if (model_.functions_size() == 0) {
    auto& import = *model_.add_opset_import();
    import.set_domain("local");
    import.set_version(1);
  }
  onnx::FunctionProto& function = *model_.add_functions();
  function.set_domain("local");
  function.set_name(name);
  function.add_opset_import()->set_version(17);
  for (const std::string& operand : in) function.add_input(operand);
  for (const std::string& result : out) function.add_output(result);
  return function;
}

onnx::NodeProto& fill_node(onnx::NodeProto* node, const std::string& op_type, const Names& in,
                           const Names& out) {
  node->set_op_type(op_type);
  if (!out.empty()) node->set_name("make_" + out[0]);
  for (const std::string& operand : in) node->add_input(operand);
  for (const std::string& result : out) node->add_output(result);
  return *node;
}

void set(onnx::NodeProto& node, const std::string& name, int64_t value) {
  add_attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}

void set(onnx::NodeProto& node, const std::string& name, float value) {
  add_attribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void set(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  add_attribute(node, name, onnx::AttributeProto::STRING).set_s(value);
}

void set(onnx::NodeProto& node, const std::string& name, const std::vector<int64_t>& values) {
  onnx::AttributeProto& attribute = add_attribute(node, name, onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

void set(onnx::NodeProto& node, const std::string& name, const onnx::GraphProto& body) {
  *add_attribute(node, name, onnx::AttributeProto::GRAPH).mutable_g() = body;
}

}  // namespace motec::test
