// Quantized operators whose scales, zero points, types or blocks do not fit.
#include <catch2/catch.hpp>
#include <limits>

#include "support/error_case.h"

namespace motec::test {
namespace {

constexpr int kFloat = onnx::TensorProto::FLOAT, kS8 = onnx::TensorProto::INT8,
              kU8 = onnx::TensorProto::UINT8, kS32 = onnx::TensorProto::INT32, kInt4 = 22;

// One QuantizeLinear of float32 "x" [2,3].
onnx::NodeProto& quantize(OnnxBuilder& b, const std::vector<float>& scales) {
  b.input("x", {2, 3});
  b.floats("scale", {std::ssize(scales)}, scales);
  b.output("y", 0);
  return b.node("QuantizeLinear", {"x", "scale"}, {"y"});
}
// One DequantizeLinear of int8 "x" [2,3].
onnx::NodeProto& dequantize(OnnxBuilder& b, const std::vector<float>& scales) {
  b.input("x", {2, 3}, kS8);
  b.floats("scale", {std::ssize(scales)}, scales);
  b.output("y", 0);
  return b.node("DequantizeLinear", {"x", "scale"}, {"y"});
}

void scale_zero(OnnxBuilder& b) { quantize(b, {0}); }
void scale_negative(OnnxBuilder& b) { dequantize(b, {-0.5f}); }
void scale_nan(OnnxBuilder& b) { quantize(b, {std::numeric_limits<float>::quiet_NaN()}); }
void scale_infinite(OnnxBuilder& b) { dequantize(b, {std::numeric_limits<float>::infinity()}); }
void scale_empty(OnnxBuilder& b) { quantize(b, {}); }
void scale_count(OnnxBuilder& b) { dequantize(b, {1, 1}); }
void scale_at_run_time(OnnxBuilder& b) {
  b.input("x", {2, 3});
  b.input("scale", {});
  b.output("y", 0);
  b.node("QuantizeLinear", {"x", "scale"}, {"y"});
}
void scale_type(OnnxBuilder& b) {
  b.input("x", {2, 3}, kS8);
  b.integers("scale", kS32, {}, {1});
  b.output("y", 0);
  b.node("DequantizeLinear", {"x", "scale"}, {"y"});
}
void quantize_axis(OnnxBuilder& b) { set(quantize(b, {1, 1, 1}), "axis", int64_t{2}); }
void computed_scale_count(OnnxBuilder& b) {
  b.input("x", {2, 1});
  b.input("s", {4});
  b.node("Exp", {"s"}, {"scale"});
  b.node("QuantizeLinear", {"x", "scale"}, {"y"});
  b.output("y", 0);
}

void zero_point_type(OnnxBuilder& b) {
  b.integers("zero", kU8, {}, {3});
  dequantize(b, {1}).add_input("zero");
}
void zero_point_float(OnnxBuilder& b) {
  b.floats("zero", {}, {3});
  quantize(b, {1}).add_input("zero");
}
void zero_point_count(OnnxBuilder& b) {
  b.integers("zero", kS8, {2}, {0, 0});
  quantize(b, {1, 1, 1}).add_input("zero");
}
void zero_point_of_int32(OnnxBuilder& b) {
  b.input("x", {2, 3}, kS32);
  b.floats("scale", {}, {1});
  b.integers("zero", kS32, {}, {5});
  b.output("y", 0);
  b.node("DequantizeLinear", {"x", "scale", "zero"}, {"y"});
}
void quantize_to_int32(OnnxBuilder& b) {
  b.integers("zero", kS32, {}, {0});
  quantize(b, {1}).add_input("zero");
}
void output_type(OnnxBuilder& b) { set(quantize(b, {1}), "output_dtype", int64_t{17}); }

// Weights [4,2] in blocks along dimension 0.
onnx::NodeProto& blocked(OnnxBuilder& b, int64_t block, const std::vector<int64_t>& scales) {
  b.integers("w", kS8, {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  int64_t count = 1;
  for (const int64_t dim : scales) count *= dim;
  b.floats("scale", scales, std::vector<float>(static_cast<size_t>(count), 0.5f));
  onnx::NodeProto& node = b.node("DequantizeLinear", {"w", "scale"}, {"y"});
  set(node, "axis", int64_t{0});
  set(node, "block_size", block);
  b.output("y");
  return node;
}
void block_negative(OnnxBuilder& b) { blocked(b, -2, {2, 2}); }
void block_count(OnnxBuilder& b) { blocked(b, 3, {1, 2}); }
void block_rank(OnnxBuilder& b) { blocked(b, 2, {2}); }
void block_scale(OnnxBuilder& b) {
  blocked(b, 2, {2, 2});
  b.graph().mutable_initializer(1)->set_float_data(3, -1);
}

void int4_too_short(OnnxBuilder& b) {
  b.integers("w", kInt4, {3}, {0x21});
  b.node("Identity", {"w"}, {"y"});
  b.output("y", 0);
}
void cast_to_int4(OnnxBuilder& b) {
  b.input("x", {3});
  set(b.node("Cast", {"x"}, {"y"}), "to", int64_t{kInt4});
  b.output("y", 0);
}

// QLinearConv of uint8 [1,1,3,3] by one 1x1 kernel.
onnx::NodeProto& qlinear_conv(OnnxBuilder& b, const std::vector<float>& x_scale, int zero_type) {
  b.input("x", {1, 1, 3, 3}, kU8);
  b.floats("s", {std::ssize(x_scale)}, x_scale);
  b.floats("one", {}, {1});
  b.integers("zero", zero_type, {}, {3});
  b.integers("u8", kU8, {}, {3});
  b.integers("w", kU8, {1, 1, 1, 1}, {7});
  b.output("y", 0);
  return b.node("QLinearConv", {"x", "s", "zero", "w", "one", "u8", "one", "u8"}, {"y"});
}
void activation_scales(OnnxBuilder& b) { qlinear_conv(b, {1, 1}, kU8); }
void activation_zero_point(OnnxBuilder& b) { qlinear_conv(b, {1}, kS8); }
void qlinear_bias(OnnxBuilder& b) {
  b.floats("bias", {1}, {1});
  qlinear_conv(b, {1}, kU8).add_input("bias");
}
void qlinear_concat(OnnxBuilder& b) {
  b.input("x", {2}, kU8);
  b.floats("s", {}, {1});
  b.integers("zero", kU8, {}, {3});
  b.output("y", 0);
  onnx::NodeProto& node = b.node("QLinearConcat", {"s", "zero", "x", "s"}, {"y"});
  node.set_domain("com.microsoft");
  set(node, "axis", int64_t{0});
}

void integer_type(OnnxBuilder& b) {
  b.input("x", {2, 3}, kFloat);
  b.integers("w", kS8, {3, 1}, {1, 2, 3});
  b.output("y", 0);
  b.node("MatMulInteger", {"x", "w"}, {"y"});
}
void integer_weights(OnnxBuilder& b) {
  b.input("x", {1, 1, 3, 3}, kS8);
  b.input("w", {1, 1, 2, 2}, kS8);
  b.output("y", 0);
  b.node("ConvInteger", {"x", "w"}, {"y"});
}
void integer_zero_points(OnnxBuilder& b) {
  b.input("x", {2, 3}, kS8);
  b.integers("w", kS8, {3, 1}, {1, 2, 3});
  b.integers("zero", kS8, {2}, {1, 2});
  b.output("y", 0);
  b.node("MatMulInteger", {"x", "w", "", "zero"}, {"y"});
}
void integer_sum(OnnxBuilder& b) {
  b.input("x", {1, 40000}, kS8);
  b.integers("w", kS8, {40000, 1}, std::vector<int32_t>(40000, 1));
  b.output("y", 0);
  b.node("MatMulInteger", {"x", "w"}, {"y"});
}

TEST_CASE("quantization that does not fit") {
  const ModelCase c = GENERATE(values<ModelCase>({
      {"scale_zero", scale_zero},
      {"scale_negative", scale_negative},
      {"scale_nan", scale_nan},
      {"scale_infinite", scale_infinite},
      {"scale_empty", scale_empty},
      {"scale_count", scale_count},
      {"scale_at_run_time", scale_at_run_time},
      {"scale_type", scale_type},
      {"quantize_axis", quantize_axis},
      {"computed_scale_count", computed_scale_count},
      {"zero_point_type", zero_point_type},
      {"zero_point_float", zero_point_float},
      {"zero_point_count", zero_point_count},
      {"zero_point_of_int32", zero_point_of_int32},
      {"quantize_to_int32", quantize_to_int32},
      {"quantize_output_type", output_type},
      {"block_negative", block_negative},
      {"block_count", block_count},
      {"block_rank", block_rank},
      {"block_scale", block_scale},
      {"int4_too_short", int4_too_short},
      {"cast_to_int4", cast_to_int4},
      {"activation_scales", activation_scales},
      {"activation_zero_point", activation_zero_point},
      {"qlinear_bias", qlinear_bias},
      {"qlinear_concat", qlinear_concat},
      {"integer_type", integer_type},
      {"integer_weights", integer_weights},
      {"integer_zero_points", integer_zero_points},
      {"integer_sum", integer_sum},
  }));
  INFO(c.name);
  CHECK(problem_of_model(c) == "");
}

}  // namespace
}  // namespace motec::test
