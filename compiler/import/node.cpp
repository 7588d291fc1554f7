#include "import/node.h"

#include <onnx/onnx_pb.h>

#include <algorithm>

#include "import/tensor_reader.h"
#include "ops/cast.h"
#include "ops/move.h"
#include "ops/quantize.h"
#include "ops/reshape.h"
#include "support/diag.h"

namespace motec {

Node::Node(Graph& graph, const onnx::NodeProto& proto, int64_t opset, Origin origin,
           std::vector<ValueId> in, std::vector<bool> wanted, const std::set<ValueId>& four_bits)
    : graph_(graph),
      proto_(proto),
      opset_(opset),
      origin_(std::move(origin)),
      in_(std::move(in)),
      out_(wanted.size()),
      wanted_(std::move(wanted)),
      four_bits_(four_bits) {
  while (!in_.empty() && !in_.back()) in_.pop_back();
}

ValueId Node::in(size_t i) const {
  require(has(i), fmt::format("{}: operand {} is missing", op_type(), i));
  return in_[i];
}

bool Node::is_graph_input(ValueId id) const {
  return std::any_of(graph_.inputs.begin(), graph_.inputs.end(),
                     [&](const Port& port) { return port.value == id; });
}

const Tensor& Node::constant_in(size_t i, std::string_view what) const {
  const Tensor* tensor = constant(in(i));
  if (!tensor) {
    fail({.code = "E2202",
          .message = fmt::format("{}: {} (operand '{}') is only known at run time", op_type(), what,
                                 proto_.input(static_cast<int>(i))),
          .why = {"shapes and memory are fixed when the model is compiled"},
          .hint = "make it an initializer, or fix the input with --input-value NAME=FILE"});
  }
  return *tensor;
}

std::vector<int64_t> Node::ints_in(size_t i, std::string_view what) const {
  return to_int64s(constant_in(i, what));
}

double Node::scalar_in(size_t i, std::string_view what) const {
  const std::vector<double> values = to_doubles(constant_in(i, what));
  require(values.size() == 1, fmt::format("{}: {} is not a single number", op_type(), what));
  return values[0];
}

const onnx::AttributeProto* Node::attr(std::string_view name) const {
  for (const onnx::AttributeProto& a : proto_.attribute())
    if (a.name() == name) return &a;
  return nullptr;
}

const onnx::AttributeProto* Node::attr(std::string_view name, int type, std::string_view type_name,
                                       bool may_be_missing) const {
  const onnx::AttributeProto* a = attr(name);
  if (!a) {
    require(may_be_missing, fmt::format("{}: attribute '{}' is missing", op_type(), name));
    return nullptr;
  }
  // Models older than IR version 2 leave the type out.
  if (a->type() != type && a->type() != onnx::AttributeProto::UNDEFINED) {
    fail({.code = "E2203",
          .message = fmt::format("{}: attribute '{}' is not {}", op_type(), name, type_name)});
  }
  return a;
}

int64_t Node::attr_int(std::string_view name, std::optional<int64_t> otherwise) const {
  const auto* a = attr(name, onnx::AttributeProto::INT, "an integer", otherwise.has_value());
  return a ? a->i() : *otherwise;
}

float Node::attr_float(std::string_view name, std::optional<float> otherwise) const {
  const auto* a = attr(name, onnx::AttributeProto::FLOAT, "a float", otherwise.has_value());
  return a ? a->f() : *otherwise;
}

std::string Node::attr_string(std::string_view name, std::optional<std::string> otherwise) const {
  const auto* a = attr(name, onnx::AttributeProto::STRING, "a string", otherwise.has_value());
  return a ? a->s() : *otherwise;
}

std::vector<int64_t> Node::attr_ints(std::string_view name, std::vector<int64_t> otherwise) const {
  const auto* a = attr(name, onnx::AttributeProto::INTS, "a list of integers", true);
  return a ? std::vector<int64_t>(a->ints().begin(), a->ints().end()) : otherwise;
}

std::vector<float> Node::attr_floats(std::string_view name, std::vector<float> otherwise) const {
  const auto* a = attr(name, onnx::AttributeProto::FLOATS, "a list of floats", true);
  return a ? std::vector<float>(a->floats().begin(), a->floats().end()) : otherwise;
}

std::vector<std::string> Node::attr_strings(std::string_view name) const {
  const auto* a = attr(name, onnx::AttributeProto::STRINGS, "a list of strings", true);
  if (!a) return {};
  return {a->strings().begin(), a->strings().end()};
}

Tensor Node::attr_tensor(std::string_view name) const {
  return read_tensor(attr(name, onnx::AttributeProto::TENSOR, "a tensor", false)->t(), {});
}

DType Node::attr_dtype(std::string_view name, std::optional<DType> otherwise) const {
  if (otherwise && !has_attr(name)) return *otherwise;
  return dtype_from_onnx(static_cast<int>(attr_int(name)),
                         fmt::format("{}: '{}'", op_type(), name));
}

ValueId Node::add(const OpDef& def, std::any attrs, std::vector<ValueId> in) {
  return append1(graph_, def, std::move(attrs), std::move(in), origin_);
}

std::vector<ValueId> Node::add_all(const OpDef& def, std::any attrs, std::vector<ValueId> in) {
  return append(graph_, def, std::move(attrs), std::move(in), origin_);
}

ValueId Node::constant(Tensor tensor) {
  return graph_.add_constant(origin_.node, std::move(tensor));
}

ValueId Node::constant_of(Tensor tensor) {
  const bool half = tensor.dtype == DType::F16 || tensor.dtype == DType::BF16;
  const ValueId id = constant(std::move(tensor));
  return half ? add(ops::cast, CastAttrs{DType::F32}, {id}) : id;
}

ValueId Node::scalar(DType dtype, double value) {
  Tensor tensor = Tensor::zeros(dtype, {});
  dispatch(dtype, [&]<class T>() { tensor.data<T>()[0] = static_cast<T>(value); });
  return constant(std::move(tensor));
}

ValueId Node::quantized_constant(QuantizedConstant constant) {
  const ValueId id = this->constant(dequantized(constant));
  graph_[id].quantized = std::make_shared<const QuantizedConstant>(std::move(constant));
  return id;
}

ValueId Node::unary(UnaryFn fn, ValueId x, float alpha, float beta) {
  return add(ops::unary, UnaryAttrs{fn, alpha, beta}, {x});
}

ValueId Node::binary(BinaryFn fn, ValueId a, ValueId b) {
  return add(ops::binary, BinaryAttrs{fn, {}}, {a, b});
}

ValueId Node::reshape(ValueId x, Shape to) {
  return shape(x) == to ? x : add(ops::reshape, ReshapeAttrs{std::move(to)}, {x});
}

ValueId Node::transpose(ValueId x, std::vector<int> perm) {
  return add(ops::transpose, TransposeAttrs{std::move(perm)}, {x});
}

void Node::set(size_t i, ValueId id) {
  if (i < out_.size()) out_[i] = id;
}

void Node::note(std::string text) { graph_.notes.push_back({origin_, std::move(text)}); }

void Node::unsupported(const std::string& what, const std::string& why,
                       const std::string& hint) const {
  Diag diag{.code = "E2104", .message = fmt::format("{}: {} is not supported", op_type(), what)};
  if (!why.empty()) diag.why.push_back(why);
  diag.hint = hint;
  fail(std::move(diag));
}

void Node::require(bool ok, const std::string& message) const {
  if (!ok) fail({.code = "E2201", .message = message});
}

}  // namespace motec
