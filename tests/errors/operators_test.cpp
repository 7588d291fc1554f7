// Operands that do not fit an operator: types, ranks, shapes, indices.
#include <catch2/catch.hpp>

#include "support/error_case.h"

namespace motec::test {
namespace {

constexpr int kLong = onnx::TensorProto::INT64;

// An operator of float inputs "a", "b", "c" with these shapes, and the output "y".
onnx::NodeProto& one_node(OnnxBuilder& b, const std::string& op_type,
                          const std::vector<std::vector<Dim>>& shapes) {
  Names names;
  for (size_t i = 0; i < shapes.size(); ++i) {
    names.emplace_back(1, static_cast<char>('a' + i));
    b.input(names.back(), shapes[i]);
  }
  b.output("y");
  return b.node(op_type, names, {"y"});
}

void set_type(OnnxBuilder& b, int input, int type) {
  b.graph().mutable_input(input)->mutable_type()->mutable_tensor_type()->set_elem_type(type);
}

void axis_outside(OnnxBuilder& b) { set(one_node(b, "Softmax", {{2, 3}}), "axis", int64_t{2}); }

void axis_twice(OnnxBuilder& b) {
  b.ints("axes", {1, -1});
  one_node(b, "Squeeze", {{2, 1}}).add_input("axes");
}

void broadcast_fails(OnnxBuilder& b) { one_node(b, "Add", {{2, 3}, {2}}); }

void expand_fails(OnnxBuilder& b) {
  b.ints("shape", {4, 4});
  one_node(b, "Expand", {{3, 4}}).add_input("shape");
}

void type_undefined(OnnxBuilder& b) {
  one_node(b, "Exp", {{4}});
  set_type(b, 0, kLong);
}

void types_differ(OnnxBuilder& b) {
  one_node(b, "Mul", {{4}, {4}});
  set_type(b, 1, kLong);
}

void condition_type(OnnxBuilder& b) { one_node(b, "Where", {{4}, {4}, {4}}); }

void perm_is_none(OnnxBuilder& b) {
  set(one_node(b, "Transpose", {{2, 3}}), "perm", std::vector<int64_t>{0, 0});
}

void concat_shapes(OnnxBuilder& b) {
  set(one_node(b, "Concat", {{2, 3}, {3, 3}}), "axis", int64_t{1});
}

void pad_value(OnnxBuilder& b) {
  b.ints("pads", {1, 1});
  b.floats("value", {2}, {0, 0});
  onnx::NodeProto& node = one_node(b, "Pad", {{4}});
  node.add_input("pads");
  node.add_input("value");
}

void index_outside(OnnxBuilder& b) {
  b.ints("indices", {0, 4});
  one_node(b, "Gather", {{4, 2}}).add_input("indices");
}

void index_type(OnnxBuilder& b) { one_node(b, "Gather", {{4, 2}, {2}}); }

void index_shape(OnnxBuilder& b) {
  one_node(b, "GatherElements", {{4, 2}, {5, 2, 1}});
  set_type(b, 1, kLong);
}

void scatter_shape(OnnxBuilder& b) {
  one_node(b, "ScatterND", {{4, 2}, {3, 1}, {3, 5}});
  set_type(b, 1, kLong);
}

void reshape_size(OnnxBuilder& b) {
  b.ints("shape", {5, 2});
  one_node(b, "Reshape", {{3, 4}}).add_input("shape");
}

void conv_rank(OnnxBuilder& b) {
  b.floats("w", {1, 1, 1}, {1});
  one_node(b, "Conv", {{1, 1, 4, 4}}).add_input("w");
}

void conv_channels(OnnxBuilder& b) {
  b.floats("w", {1, 2, 1, 1}, {1, 1});
  one_node(b, "Conv", {{1, 3, 4, 4}}).add_input("w");
}

void conv_groups(OnnxBuilder& b) {
  b.floats("w", {3, 1, 1, 1}, {1, 1, 1});
  onnx::NodeProto& node = one_node(b, "Conv", {{1, 2, 4, 4}});
  node.add_input("w");
  set(node, "group", int64_t{2});
}

void conv_bias(OnnxBuilder& b) {
  b.floats("w", {1, 1, 1, 1}, {1});
  b.floats("bias", {2}, {1, 1});
  onnx::NodeProto& node = one_node(b, "Conv", {{1, 1, 4, 4}});
  node.add_input("w");
  node.add_input("bias");
}

void conv_too_small(OnnxBuilder& b) {
  b.floats("w", {1, 1, 3, 3}, std::vector<float>(9, 1.0f));
  one_node(b, "Conv", {{1, 1, 2, 4}}).add_input("w");
}

void conv_stride(OnnxBuilder& b) {
  b.floats("w", {1, 1, 1, 1}, {1});
  onnx::NodeProto& node = one_node(b, "Conv", {{1, 1, 4, 4}});
  node.add_input("w");
  set(node, "strides", std::vector<int64_t>{0, 1});
}

void conv_dilation_overflows(OnnxBuilder& b) {
  b.floats("w", {1, 1, 3, 3}, std::vector<float>(9, 1.0f));
  onnx::NodeProto& node = one_node(b, "Conv", {{1, 1, 4, 4}});
  node.add_input("w");
  set(node, "dilations", std::vector<int64_t>{INT64_MAX, 1});
}

void pool_too_small(OnnxBuilder& b) {
  set(one_node(b, "MaxPool", {{1, 1, 2, 2}}), "kernel_shape", std::vector<int64_t>{3, 3});
}

void matmul_shapes(OnnxBuilder& b) { one_node(b, "MatMul", {{2, 3}, {4, 2}}); }

void dense_shapes(OnnxBuilder& b) {
  b.floats("w", {4, 2}, std::vector<float>(8, 1.0f));
  one_node(b, "MatMul", {{2, 3}}).add_input("w");
}

void argmax_of_nothing(OnnxBuilder& b) {
  one_node(b, "ArgMax", {{0, 3}});
  b.graph().mutable_output(0)->mutable_type()->mutable_tensor_type()->set_elem_type(kLong);
}

void layer_norm_scale(OnnxBuilder& b) {
  b.floats("scale", {3}, {1, 1, 1});
  one_node(b, "LayerNormalization", {{2, 4}}).add_input("scale");
}

void topk_too_many(OnnxBuilder& b) {
  b.ints("k", {5});
  onnx::NodeProto& node = one_node(b, "TopK", {{4}});
  node.add_input("k");
  node.add_output("positions");
}

void reshape_of_minus_two(OnnxBuilder& b) {
  b.ints("shape", {-2, 2});
  one_node(b, "Reshape", {{3, 4}}).add_input("shape");
}

void reshape_overflows(OnnxBuilder& b) {
  b.ints("shape", {int64_t{1} << 62, int64_t{1} << 62});
  one_node(b, "Reshape", {{3, 4}}).add_input("shape");
}

onnx::NodeProto& lstm(OnnxBuilder& b, const std::vector<int64_t>& w,
                      const std::vector<int64_t>& r) {
  for (const auto& [name, dims] : {std::pair("w", w), std::pair("r", r)}) {
    int64_t count = 1;
    for (const int64_t dim : dims) count *= dim;
    b.floats(name, dims, std::vector<float>(static_cast<size_t>(count), 1.0f));
  }
  onnx::NodeProto& node = one_node(b, "LSTM", {{5, 1, 3}});
  node.add_input("w");
  node.add_input("r");
  set(node, "hidden_size", int64_t{2});
  return node;
}

void lstm_rank(OnnxBuilder& b) { lstm(b, {8, 3}, {1, 8, 2}); }
void lstm_weights(OnnxBuilder& b) { lstm(b, {1, 8, 4}, {1, 8, 2}); }

TEST_CASE("operands that do not fit") {
  const ModelCase c = GENERATE(values<ModelCase>({
      {"axis_outside", axis_outside},
      {"axis_twice", axis_twice},
      {"broadcast_fails", broadcast_fails},
      {"expand_fails", expand_fails},
      {"type_undefined", type_undefined},
      {"types_differ", types_differ},
      {"condition_type", condition_type},
      {"perm_is_none", perm_is_none},
      {"concat_shapes", concat_shapes},
      {"pad_value", pad_value},
      {"index_outside", index_outside},
      {"index_type", index_type},
      {"index_shape", index_shape},
      {"scatter_shape", scatter_shape},
      {"reshape_size", reshape_size},
      {"reshape_of_minus_two", reshape_of_minus_two},
      {"reshape_overflows", reshape_overflows},
      {"conv_rank", conv_rank},
      {"conv_channels", conv_channels},
      {"conv_groups", conv_groups},
      {"conv_bias", conv_bias},
      {"conv_too_small", conv_too_small},
      {"conv_stride", conv_stride},
      {"conv_dilation_overflows", conv_dilation_overflows},
      {"pool_too_small", pool_too_small},
      {"matmul_shapes", matmul_shapes},
      {"dense_shapes", dense_shapes},
      {"argmax_of_nothing", argmax_of_nothing},
      {"layer_norm_scale", layer_norm_scale},
      {"topk_too_many", topk_too_many},
      {"lstm_rank", lstm_rank},
      {"lstm_weights", lstm_weights},
  }));
  INFO(c.name);
  CHECK(problem_of_model(c) == "");
}

}  // namespace
}  // namespace motec::test
