// An ONNX model under construction: nodes, initializers, unique names.
#pragma once
#include <onnx/onnx_pb.h>

#include <set>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace motec {

int onnx_type(DType dtype);

class ModelBuilder {
 public:
  ModelBuilder(const std::string& name, const std::string& producer, int opset);

  int opset() const { return opset_; }
  // A name that nothing else has: `base`, perhaps with a number.
  std::string fresh(const std::string& base);

  // Adds a node with one result, whose name it returns. Trailing empty operands are left out.
  std::string node(const std::string& type, std::vector<std::string> in, const std::string& result);
  std::vector<std::string> nodes(const std::string& type, std::vector<std::string> in,
                                 const std::vector<std::string>& results);
  // Attributes of the node added last.
  void attr(const std::string& name, int64_t value);
  void attr(const std::string& name, float value);
  void attr(const std::string& name, const std::string& value);
  void attr(const std::string& name, const std::vector<int64_t>& values);
  void attr(const std::string& name, const std::vector<float>& values);
  void attr(const std::string& name, const std::vector<std::string>& values);

  std::string constant(const std::string& base, const Tensor& tensor);
  std::string scalar(const std::string& base, float value);
  std::string int64s(const std::string& base, const std::vector<int64_t>& values);
  // Integers with scales, as real numbers: an initializer and a DequantizeLinear.
  std::string dequantized(const std::string& base, const QuantizedConstant& constant);

  void input(const std::string& name, const Type& type);
  void output(const std::string& name, const Type& type);
  std::string serialize() const;

 private:
  onnx::AttributeProto* add_attr(const std::string& name);
  std::string int4(const std::string& base, const Tensor& tensor);
  std::string dequantized_groups(const std::string& base, const QuantizedConstant& constant);

  onnx::ModelProto model_;
  onnx::GraphProto* graph_;
  int opset_;
  std::set<std::string> names_;
};

}  // namespace motec
