// What an importer sees of one ONNX node: operands, attributes, and the means to build core ops.
// ONNX and protobuf types stay behind this interface; only import/ knows them.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "ops/binary.h"
#include "ops/unary.h"

namespace onnx {
class AttributeProto;
class NodeProto;
}  // namespace onnx

namespace motec {

class Node {
 public:
  // `four_bits` are the values whose ONNX type is int4 or uint4.
  Node(Graph& graph, const onnx::NodeProto& proto, int64_t opset, Origin origin,
       std::vector<ValueId> in, std::vector<bool> wanted, const std::set<ValueId>& four_bits);

  std::string_view op_type() const { return origin_.op_type; }
  int64_t opset() const { return opset_; }  // version of the node's domain
  const Origin& origin() const { return origin_; }

  // Operands. Trailing absent ones are not counted.
  size_t in_count() const { return in_.size(); }
  bool has(size_t i) const { return i < in_.size() && in_[i]; }
  ValueId in(size_t i) const;  // must be there (E2201)
  ValueId optional(size_t i) const { return has(i) ? in_[i] : ValueId{}; }
  const Type& type(ValueId id) const { return graph_.type(id); }
  const Shape& shape(ValueId id) const { return graph_.type(id).shape; }
  const Shape& shape(size_t i) const { return shape(in(i)); }
  DType dtype(size_t i) const { return type(in(i)).dtype; }
  size_t rank(size_t i) const { return shape(i).size(); }
  const Tensor* constant(ValueId id) const { return graph_.constant(id); }
  bool is_graph_input(ValueId id) const;
  bool has_four_bits(size_t i) const { return has(i) && four_bits_.count(in_[i]) > 0; }
  // Operand `i`, which the compiler must know (E2202); `what` says what it is: "the shape".
  const Tensor& constant_in(size_t i, std::string_view what) const;
  std::vector<int64_t> ints_in(size_t i, std::string_view what) const;
  double scalar_in(size_t i, std::string_view what) const;

  // Attributes. A value of the wrong type is an error (E2203); so is a missing one without default.
  bool has_attr(std::string_view name) const { return attr(name) != nullptr; }
  int64_t attr_int(std::string_view name, std::optional<int64_t> otherwise = {}) const;
  float attr_float(std::string_view name, std::optional<float> otherwise = {}) const;
  std::string attr_string(std::string_view name, std::optional<std::string> otherwise = {}) const;
  std::vector<int64_t> attr_ints(std::string_view name, std::vector<int64_t> otherwise = {}) const;
  std::vector<float> attr_floats(std::string_view name, std::vector<float> otherwise = {}) const;
  std::vector<std::string> attr_strings(std::string_view name) const;
  Tensor attr_tensor(std::string_view name) const;
  DType attr_dtype(std::string_view name, std::optional<DType> otherwise = {}) const;

  // Building. New ops get the node's origin; what depends on constants alone folds at once.
  ValueId add(const OpDef& def, std::any attrs, std::vector<ValueId> in);
  std::vector<ValueId> add_all(const OpDef& def, std::any attrs, std::vector<ValueId> in);
  ValueId constant(Tensor tensor);
  // The same for a tensor of the model's: half precision becomes float32, as everywhere.
  ValueId constant_of(Tensor tensor);
  ValueId scalar(DType dtype, double value);  // a constant of shape []
  // The real values of an integer constant, which are remembered with it.
  ValueId quantized_constant(QuantizedConstant constant);
  ValueId unary(UnaryFn fn, ValueId x, float alpha = 0, float beta = 0);
  ValueId binary(BinaryFn fn, ValueId a, ValueId b);
  ValueId reshape(ValueId x, Shape shape);
  ValueId transpose(ValueId x, std::vector<int> perm);

  // Results.
  size_t out_count() const { return wanted_.size(); }
  // Whether anything reads result `i`. Results that nothing reads need not be made.
  bool wants(size_t i) const { return i < wanted_.size() && wanted_[i]; }
  void set(size_t i, ValueId id);
  void set(ValueId id) { set(0, id); }
  const std::vector<ValueId>& results() const { return out_; }

  // Something that the user should know of the node.
  void note(std::string text);
  // Fails with E2104: a variant of the operator that is not supported.
  [[noreturn]] void unsupported(const std::string& what, const std::string& why = {},
                                const std::string& hint = {}) const;
  // Fails with E2201: the node breaks the operator's definition.
  void require(bool ok, const std::string& message) const;

 private:
  const onnx::AttributeProto* attr(std::string_view name) const;
  const onnx::AttributeProto* attr(std::string_view name, int type, std::string_view type_name,
                                   bool may_be_missing) const;

  Graph& graph_;
  const onnx::NodeProto& proto_;
  int64_t opset_;
  Origin origin_;
  std::vector<ValueId> in_;
  std::vector<ValueId> out_;
  std::vector<bool> wanted_;
  const std::set<ValueId>& four_bits_;
};

// How one ONNX operator becomes core ops.
struct Importer {
  std::string_view op_type;
  void (*import)(Node&);
  std::string_view domain = "";
};

// The importer of an operator; null when mote does not support it.
const Importer* find_importer(std::string_view domain, std::string_view op_type);

}  // namespace motec
