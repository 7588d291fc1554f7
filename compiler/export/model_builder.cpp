#include "export/model_builder.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr int kInt4 = 22;  // TensorProto.INT4, which older versions of the library do not name

void set_type(onnx::ValueInfoProto& info, const std::string& name, const Type& type) {
  info.set_name(name);
  auto* tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(onnx_type(type.dtype));
  auto* shape = tensor->mutable_shape();
  for (const int64_t dim : type.shape) shape->add_dim()->set_dim_value(dim);
}

// Versions of the file format that know the opsets.
int ir_version_of(int opset) { return opset >= 21 ? 10 : opset >= 15 ? 8 : 7; }

}  // namespace

int onnx_type(DType dtype) {
  using Proto = onnx::TensorProto;
  switch (dtype) {
    case DType::Bool:
      return Proto::BOOL;
    case DType::S8:
      return Proto::INT8;
    case DType::U8:
      return Proto::UINT8;
    case DType::S16:
      return Proto::INT16;
    case DType::U16:
      return Proto::UINT16;
    case DType::S32:
      return Proto::INT32;
    case DType::U32:
      return Proto::UINT32;
    case DType::S64:
      return Proto::INT64;
    case DType::U64:
      return Proto::UINT64;
    case DType::F16:
      return Proto::FLOAT16;
    case DType::BF16:
      return Proto::BFLOAT16;
    case DType::F64:
      return Proto::DOUBLE;
    case DType::F32:
      break;
  }
  return Proto::FLOAT;
}

ModelBuilder::ModelBuilder(const std::string& name, const std::string& producer, int opset)
    : graph_(model_.mutable_graph()), opset_(opset) {
  model_.set_ir_version(ir_version_of(opset));
  model_.set_producer_name(producer);
  auto* import = model_.add_opset_import();
  import->set_domain("");
  import->set_version(opset);
  graph_->set_name(name.empty() ? "graph" : name);
}

std::string ModelBuilder::fresh(const std::string& base) {
  const std::string stem = base.empty() ? "value" : base;
  std::string name = stem;
  for (int i = 1; !names_.insert(name).second; ++i) name = fmt::format("{}_{}", stem, i);
  return name;
}

std::vector<std::string> ModelBuilder::nodes(const std::string& type, std::vector<std::string> in,
                                             const std::vector<std::string>& results) {
  while (!in.empty() && in.back().empty()) in.pop_back();
  onnx::NodeProto* node = graph_->add_node();
  node->set_op_type(type);
  node->set_name(results[0] + "_node");
  for (const std::string& name : in) node->add_input(name);
  for (const std::string& name : results) node->add_output(name);
  return results;
}

std::string ModelBuilder::node(const std::string& type, std::vector<std::string> in,
                               const std::string& result) {
  return nodes(type, std::move(in), {result})[0];
}

onnx::AttributeProto* ModelBuilder::add_attr(const std::string& name) {
  auto* attribute = graph_->mutable_node(graph_->node_size() - 1)->add_attribute();
  attribute->set_name(name);
  return attribute;
}

void ModelBuilder::attr(const std::string& name, int64_t value) {
  auto* a = add_attr(name);
  a->set_type(onnx::AttributeProto::INT);
  a->set_i(value);
}
void ModelBuilder::attr(const std::string& name, float value) {
  auto* a = add_attr(name);
  a->set_type(onnx::AttributeProto::FLOAT);
  a->set_f(value);
}
void ModelBuilder::attr(const std::string& name, const std::string& value) {
  auto* a = add_attr(name);
  a->set_type(onnx::AttributeProto::STRING);
  a->set_s(value);
}
void ModelBuilder::attr(const std::string& name, const std::vector<int64_t>& values) {
  auto* a = add_attr(name);
  a->set_type(onnx::AttributeProto::INTS);
  for (const int64_t v : values) a->add_ints(v);
}
void ModelBuilder::attr(const std::string& name, const std::vector<float>& values) {
  auto* a = add_attr(name);
  a->set_type(onnx::AttributeProto::FLOATS);
  for (const float v : values) a->add_floats(v);
}
void ModelBuilder::attr(const std::string& name, const std::vector<std::string>& values) {
  auto* a = add_attr(name);
  a->set_type(onnx::AttributeProto::STRINGS);
  for (const std::string& v : values) a->add_strings(v);
}

std::string ModelBuilder::constant(const std::string& base, const Tensor& tensor) {
  const std::string name = fresh(base);
  onnx::TensorProto* proto = graph_->add_initializer();
  proto->set_name(name);
  proto->set_data_type(onnx_type(tensor.dtype));
  for (const int64_t dim : tensor.shape) proto->add_dims(dim);
  proto->set_raw_data(tensor.bytes.data(), tensor.bytes.size());
  return name;
}

// Two to a byte, the first in the lower half.
std::string ModelBuilder::int4(const std::string& base, const Tensor& tensor) {
  const std::string name = fresh(base);
  onnx::TensorProto* proto = graph_->add_initializer();
  proto->set_name(name);
  proto->set_data_type(kInt4);
  for (const int64_t dim : tensor.shape) proto->add_dims(dim);
  std::string bytes((static_cast<size_t>(tensor.elements()) + 1) / 2, '\0');
  for (size_t i = 0; i < static_cast<size_t>(tensor.elements()); ++i) {
    const int nibble = tensor.data<int8_t>()[i] & 15;
    bytes[i / 2] = static_cast<char>(bytes[i / 2] | nibble << (4 * (i % 2)));
  }
  proto->set_raw_data(bytes);
  return name;
}

std::string ModelBuilder::scalar(const std::string& base, float value) {
  return constant(base, f32_tensor({}, {value}));
}

std::string ModelBuilder::int64s(const std::string& base, const std::vector<int64_t>& values) {
  return constant(base, s64_tensor({static_cast<int64_t>(values.size())}, values));
}

std::string ModelBuilder::dequantized(const std::string& base, const QuantizedConstant& constant) {
  if (constant.groups) return dequantized_groups(base, constant);
  const Quant& quant = constant.quant;
  const bool per_axis = quant.axis >= 0;
  const Shape shape = per_axis ? Shape{std::ssize(quant.scale)} : Shape{};
  const bool four_bits = constant.bits == 4;
  const std::string q = four_bits ? int4(base + "_quantized", constant.q)
                                  : this->constant(base + "_quantized", constant.q);
  Tensor zeros = Tensor::zeros(constant.q.dtype, shape);
  for (size_t i = 0; i < quant.zero_point.size(); ++i)
    dispatch(zeros.dtype,
             [&]<class T>() { zeros.data<T>()[i] = static_cast<T>(quant.zero_point[i]); });
  const std::string scale =
      this->constant(base + "_scale", Tensor::of<float>(DType::F32, shape, quant.scale));
  const std::string zero_point =
      four_bits ? int4(base + "_zero_point", zeros) : this->constant(base + "_zero_point", zeros);
  const std::string result = node("DequantizeLinear", {q, scale, zero_point}, fresh(base));
  if (per_axis) attr("axis", int64_t{quant.axis});
  return result;
}

// Blocked quantization of DequantizeLinear-21: a scale for each block along an axis.
std::string ModelBuilder::dequantized_groups(const std::string& base,
                                             const QuantizedConstant& constant) {
  const auto& [size, axis, factors] = *constant.groups;
  const AxisView view = around_axis(constant.q.shape, axis);
  const int64_t blocks = factors.shape[static_cast<size_t>(axis)];
  Tensor q = constant.q, scales = Tensor::zeros(DType::F32, factors.shape);
  for (int64_t i = 0; i < q.elements(); ++i) {
    const int64_t outer = i / (view.n * view.inner), at = i / view.inner % view.n;
    const int64_t block = (outer * blocks + at / size) * view.inner + i % view.inner;
    q.data<int8_t>()[i] = static_cast<int8_t>(q.data<int8_t>()[i] / factors.data<int8_t>()[block]);
  }
  const AxisView channels = around_axis(factors.shape, constant.quant.axis);
  for (int64_t i = 0; i < scales.elements(); ++i) {
    const auto channel = static_cast<size_t>(i / channels.inner % channels.n);
    scales.data<float>()[i] = constant.quant.scale[channel] * factors.data<int8_t>()[i];
  }
  const std::string integers = int4(base + "_quantized", q);
  const std::string scale = this->constant(base + "_scale", scales);
  const std::string result = node("DequantizeLinear", {integers, scale}, fresh(base));
  attr("axis", int64_t{axis});
  attr("block_size", size);
  return result;
}

void ModelBuilder::input(const std::string& name, const Type& type) {
  set_type(*graph_->add_input(), name, type);
}
void ModelBuilder::output(const std::string& name, const Type& type) {
  set_type(*graph_->add_output(), name, type);
}

std::string ModelBuilder::serialize() const {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    model_.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace motec
