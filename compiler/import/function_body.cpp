#include "import/function_body.h"

#include <onnx/onnx_pb.h>

#include <set>

namespace motec {
namespace {

// Attributes that refer to attributes of the function get the values of the call.
void bind_attributes(const onnx::NodeProto& call, onnx::NodeProto& node) {
  onnx::NodeProto bound = node;
  bound.clear_attribute();
  for (const auto& attribute : node.attribute()) {
    if (attribute.ref_attr_name().empty()) {
      *bound.add_attribute() = attribute;
      continue;
    }
    for (const auto& given : call.attribute()) {
      if (given.name() != attribute.ref_attr_name()) continue;
      onnx::AttributeProto* copy = bound.add_attribute();
      *copy = given;
      copy->set_name(attribute.name());
    }
  }
  node = bound;
}

}  // namespace

onnx::GraphProto function_body(const onnx::FunctionProto& function, const onnx::NodeProto& call,
                               const std::vector<bool>& given) {
  onnx::GraphProto body;
  *body.mutable_node() = function.node();
  std::set<std::string> absent;
  for (int i = 0; i < function.input_size(); ++i) {
    body.add_input()->set_name(function.input(i));
    if (!given[static_cast<size_t>(i)]) absent.insert(function.input(i));
  }
  for (const std::string& name : function.output()) body.add_output()->set_name(name);
  for (auto& node : *body.mutable_node()) {
    bind_attributes(call, node);
    for (std::string& name : *node.mutable_input())
      if (absent.count(name)) name.clear();
  }
  return body;
}

}  // namespace motec
