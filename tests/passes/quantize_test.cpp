// quantize-islands: which operators between Dequantize and Quantize become integers, and how.
#include <catch2/catch.hpp>
#include <limits>

#include "ops/concat.h"
#include "ops/dense.h"
#include "ops/matmul.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "support/pass_case.h"

namespace motec::test {
namespace {

ValueId dequantize(GraphBuilder& b, ValueId q, float scale = 0.05f, int32_t zp = 3) {
  return b.op(ops::dequantize, DequantizeAttrs{{scale}, {zp}, -1}, {q});
}
ValueId quantize(GraphBuilder& b, ValueId x, float scale = 0.1f, int32_t zp = -7,
                 DType to = DType::S8) {
  return b.op(ops::quantize, QuantizeAttrs{{scale}, {zp}, -1, to}, {x});
}
ValueId input(GraphBuilder& b, Shape shape, const char* name = "x") {
  return dequantize(b, b.input(name, std::move(shape), DType::S8));
}
void finish(GraphBuilder& b, ValueId x) { b.output("y", quantize(b, x)); }

// A constant of the model's that it holds in integers, `largest` at most.
ValueId integers(GraphBuilder& b, const Shape& shape, DType dtype, int64_t largest, Quant quant) {
  Tensor q = Tensor::zeros(dtype, shape);
  dispatch(dtype, [&]<class T>() {
    for (int64_t i = 0; i < q.elements(); ++i)
      q.data<T>()[i] = static_cast<T>(b.random_in(-largest, largest + 1));
  });
  const QuantizedConstant constant{q, std::move(quant)};
  const ValueId id = b.constant(dequantized(constant));
  b.graph()[id].quantized = std::make_shared<const QuantizedConstant>(constant);
  return id;
}
const Quant kChannels{{0.011f, 0.02f}, {0, 0}, 0};  // of weights with two outputs
ValueId weights(GraphBuilder& b, Shape shape) {
  return integers(b, shape, DType::S8, 127, kChannels);
}
// At the scale of an input of `scale` and the weights above.
ValueId bias(GraphBuilder& b, float scale = 0.05f) {
  return integers(b, {2}, DType::S32, 1000, {{scale * 0.011f, scale * 0.02f}, {0, 0}, 0});
}

void layer(GraphBuilder& b) {
  const ValueId x = input(b, {1, 4, 4, 3});
  Conv2dAttrs attrs;
  attrs.pad = {1, 1, 1, 1};
  const ValueId y = b.op(ops::conv2d, attrs, {x, weights(b, {2, 3, 3, 3}), bias(b)});
  finish(b, b.unary(UnaryFn::Relu, y));
}

// The bias stands behind the convolution, as floats, and the activation has two limits.
void layer_and_addition(GraphBuilder& b) {
  const ValueId y =
      b.op(ops::conv2d, Conv2dAttrs{}, {input(b, {1, 4, 4, 3}), weights(b, {2, 1, 1, 3})});
  finish(b,
         b.unary(UnaryFn::Clip, b.binary(BinaryFn::Add, y, b.floats({2}, {0.5f, -0.25f})), 0, 6));
}

void dense_layer(GraphBuilder& b) {
  finish(b, b.op(ops::dense, DenseAttrs{}, {input(b, {3, 5}), weights(b, {2, 5}), bias(b)}));
}

// uint8 at both ends is int8 behind FlipSigns; the ones between the layers cancel.
void unsigned_layers(GraphBuilder& b) {
  const auto flip = [&](ValueId q) { return b.op(ops::flip_sign, NoAttrs{}, {q}); };
  const ValueId x = dequantize(b, flip(b.input("x", {3, 2}, DType::U8)));
  const ValueId y = quantize(b, b.op(ops::dense, DenseAttrs{}, {x, weights(b, {2, 2}), bias(b)}));
  const ValueId again = dequantize(b, flip(b.reshape(flip(y), {3, 1, 2})), 0.1f, -7);
  const ValueId z = b.op(ops::dense, DenseAttrs{}, {again, weights(b, {2, 2}), bias(b, 0.1f)});
  b.output("y", flip(quantize(b, z)));
}

// Zero points of weights, and -128, ask for more than eight bits.
void wide_weights(GraphBuilder& b) {
  const ValueId w = integers(b, {2, 5}, DType::S8, 127, {{0.01f}, {-31}, -1});
  finish(b, b.op(ops::dense, DenseAttrs{}, {input(b, {3, 5}), w}));
}

void int16_layer(GraphBuilder& b) {
  const ValueId x = dequantize(b, b.input("x", {3, 5}, DType::S16), 0.001f, 0);
  const ValueId y = b.op(ops::dense, DenseAttrs{}, {x, weights(b, {2, 5}), bias(b, 0.001f)});
  const ValueId q = quantize(b, y, 0.0005f, 0, DType::S16);
  b.output("y", quantize(b, dequantize(b, q, 0.0005f, 0), 0.0005f, 0, DType::S16));
}

ValueId input_int16(GraphBuilder& b, Shape shape, const char* name, float scale) {
  return dequantize(b, b.input(name, std::move(shape), DType::S16), scale, 0);
}
ValueId quantize_int16(GraphBuilder& b, ValueId x, float scale, int32_t zp = 0) {
  return quantize(b, x, scale, zp, DType::S16);
}

// Changes of scale and type, with what only clamps; moves and choices at one scale.
void int16_moves(GraphBuilder& b) {
  const ValueId x = input_int16(b, {1, 4, 4, 2}, "x", 0.001f);
  const ValueId narrow = input(b, {1, 4, 4, 2}, "narrow");
  b.output("scale", quantize_int16(b, x, 0.0007f, 11));
  b.output("clamped", quantize_int16(b, b.unary(UnaryFn::Clip, x, 0, 6), 0.0002f));
  b.output("narrowed", quantize(b, b.unary(UnaryFn::Relu, x)));
  b.output("widened", quantize_int16(b, narrow, 0.0002f));
  const ValueId zeros = b.op(ops::pad, PadAttrs{{0, 1, 1, 0}, {0, 1, 1, 0}}, {x, b.scalar(0)});
  b.output("chosen", quantize_int16(b, b.to_nchw(b.pool(zeros, PoolKind::Max, 2, 2)), 0.001f));
  b.output("joined", quantize_int16(b, b.op(ops::concat, ConcatAttrs{3}, {x, narrow}), 0.001f));
}

void int16_arithmetic(GraphBuilder& b) {
  const ValueId x = input_int16(b, {1, 4, 4, 2}, "x", 0.001f);
  const ValueId y = input_int16(b, {2}, "y", 0.0004f), z = input(b, {1, 4, 4, 2}, "z");
  b.output("sum", quantize_int16(b, b.unary(UnaryFn::Relu, b.binary(BinaryFn::Add, x, y)), 0.001f));
  b.output("difference", quantize(b, b.binary(BinaryFn::Sub, x, z), 0.3f));
  b.output("product", quantize_int16(b, b.binary(BinaryFn::Mul, x, y), 0.013f));
  const ValueId c = integers(b, {2}, DType::S16, 32767, {{0.00003f}, {0}, -1});
  b.output("constant", quantize_int16(b, b.binary(BinaryFn::Mul, x, c), 0.001f));
  b.output("pool", quantize_int16(b, b.pool(x, PoolKind::Average, 2, 2), 0.0009f));
  const ReduceAttrs mean{.kind = ReduceKind::Mean, .axes = {1, 2}, .keepdims = false};
  b.output("mean", quantize(b, b.op(ops::reduce, mean, {x})));
}

// Functions of one value, and of int8 as int16.
void int16_functions(GraphBuilder& b) {
  const ValueId x = input_int16(b, {2, 3}, "x", 0.001f), narrow = input(b, {2, 3}, "narrow");
  b.output("activation", quantize_int16(b, b.unary(UnaryFn::Sigmoid, x), 1 / 32768.0f));
  const ValueId scaled = b.binary(BinaryFn::Mul, x, b.scalar(0.5f));
  b.output("spelled out", quantize(b, b.binary(BinaryFn::Mul, b.unary(UnaryFn::Tanh, scaled), x)));
  b.output("widened", quantize_int16(b, b.unary(UnaryFn::Tanh, narrow), 1 / 32768.0f));
  const ValueId wave = b.unary(UnaryFn::Sin, b.binary(BinaryFn::Mul, x, b.scalar(500)));
  b.output("too many knots", quantize_int16(b, wave, 1 / 32768.0f));
}

void int16_attention(GraphBuilder& b) {
  const ValueId q = input_int16(b, {2, 3, 8}, "q", 0.0001f);
  const ValueId k = input_int16(b, {2, 8, 4}, "k", 0.00007f);
  const auto product = [&](ValueId x, ValueId y) {
    return b.op(ops::matmul, MatMulAttrs{}, {x, y});
  };
  const auto softmax = [&](ValueId x) { return b.op(ops::softmax, SoftmaxAttrs{.axis = 2}, {x}); };
  const ValueId scores = dequantize(b, quantize_int16(b, product(q, k), 0.0004f), 0.0004f, 0);
  const ValueId p = quantize_int16(b, softmax(scores), 1 / 32768.0f);
  const ValueId v = dequantize(b, b.input("v", {2, 4, 5}, DType::S8), 0.04f, 2);
  finish(b, product(dequantize(b, p, 1 / 32768.0f, 0), v));
  b.output("narrow", quantize(b, softmax(scores), 1 / 256.0f, -128));
  const ValueId w = input(b, {1, 1, 4}, "w");
  b.output("widened", quantize_int16(b, softmax(w), 1 / 32768.0f));
  const ValueId offset = dequantize(b, b.input("offset", {2, 8, 4}, DType::S16), 0.0001f, 5);
  b.output("zero point", quantize_int16(b, product(q, offset), 0.0004f));
}

void sums_and_products(GraphBuilder& b) {
  const ValueId x = input(b, {2, 3});
  const ValueId y = dequantize(b, b.input("other", {2, 3}, DType::S8), 0.02f, -5);
  b.output("sum", quantize(b, b.unary(UnaryFn::Relu, b.binary(BinaryFn::Add, x, y))));
  b.output("difference", quantize(b, b.binary(BinaryFn::Sub, x, y)));
  b.output("product", quantize(b, b.binary(BinaryFn::Mul, x, y)));
  const ValueId c = integers(b, {3}, DType::S8, 127, {{0.03f}, {4}, -1});
  b.output("constant", quantize(b, b.binary(BinaryFn::Add, x, c)));
}

void averages(GraphBuilder& b) {
  const ValueId x = input(b, {1, 4, 4, 2});
  const PoolAttrs padded{
      .kind = PoolKind::Average, .kernel = {3, 3}, .pad = {1, 1, 1, 1}, .out = {4, 4}};
  b.output("padded", quantize(b, b.op(ops::pool, padded, {x})));
  b.output("whole", quantize(b, b.pool(x, PoolKind::Average, 2, 2)));
  const ReduceAttrs mean{.kind = ReduceKind::Mean, .axes = {1, 2}, .keepdims = false};
  b.output("mean", quantize(b, b.op(ops::reduce, mean, {x})));
}

void softmax_and_product(GraphBuilder& b) {
  const ValueId scores = input(b, {2, 3, 4}, "scores");
  const ValueId p =
      quantize(b, b.op(ops::softmax, SoftmaxAttrs{.axis = 2}, {scores}), 1 / 256.0f, -128);
  const ValueId v = dequantize(b, b.input("v", {2, 4, 5}, DType::S8), 0.04f, 2);
  finish(b, b.op(ops::matmul, MatMulAttrs{}, {dequantize(b, p, 1 / 256.0f, -128), v}));
}

// Functions of one value: activations, arithmetic with numbers, changes of scale.
void functions(GraphBuilder& b) {
  const ValueId x = input(b, {2, 3});
  b.output("activation", quantize(b, b.unary(UnaryFn::Sigmoid, x), 1 / 256.0f, -128));
  const ValueId scaled = b.binary(BinaryFn::Mul, x, b.scalar(0.5f));
  b.output("spelled out", quantize(b, b.binary(BinaryFn::Mul, b.unary(UnaryFn::Tanh, scaled), x)));
  b.output("scale", quantize(b, x));
  b.output("same scale", quantize(b, x, 0.05f, 3));
}

// A border of what no int8 value stands for, and weights without channels.
void odd_constants(GraphBuilder& b) {
  const ValueId x = input(b, {2, 3});
  const auto padded = [&](float value) {
    return b.op(ops::pad, PadAttrs{{0, 1}, {0, 0}}, {x, b.scalar(value)});
  };
  b.output("between", quantize(b, padded(0.025f), 0.05f, 3));
  b.output("outside", quantize(b, padded(1000), 0.05f, 3));
  b.output("no number", quantize(b, padded(std::numeric_limits<float>::quiet_NaN()), 0.05f, 3));
  const ValueId w = integers(b, {0, 3}, DType::S8, 1, {{1.0f}, {0}, -1});
  b.output("empty", quantize(b, b.op(ops::dense, DenseAttrs{}, {x, w})));
}

// Nothing is computed: elements move, are chosen, or are joined.
void moves(GraphBuilder& b) {
  const ValueId x = input(b, {1, 4, 4, 2});
  const ValueId turned = b.reshape(b.to_nchw(x), {2, 16});
  b.output("moved", quantize(b, turned, 0.05f, 3));
  const ValueId zeros = b.op(ops::pad, PadAttrs{{0, 1, 1, 0}, {0, 1, 1, 0}}, {x, b.scalar(0)});
  b.output("chosen", quantize(b, b.pool(zeros, PoolKind::Max, 2, 2), 0.05f, 3));
  const ValueId y = dequantize(b, b.input("other", {1, 4, 4, 1}, DType::S8), 0.02f, 0);
  b.output("joined", quantize(b, b.op(ops::concat, ConcatAttrs{3}, {x, y}), 0.05f, 3));
}

void not_quantized(GraphBuilder& b) {
  const ValueId x = input(b, {3, 5});
  b.output("float weights", quantize(b, b.dense(x, 2)));
  b.output("float result", b.op(ops::dense, DenseAttrs{}, {x, weights(b, {2, 5}), bias(b)}));
  const ValueId y = b.op(ops::dense, DenseAttrs{}, {x, weights(b, {2, 5})});
  b.output("used twice", quantize(b, y)).output("shown", y);
  b.output("two values",
           quantize(b, b.unary(UnaryFn::Exp, b.binary(BinaryFn::Max, x, input(b, {3, 5}, "z")))));
  const ReduceAttrs mean{.kind = ReduceKind::Mean, .axes = {0, 2}, .keepdims = true};
  b.output("apart", quantize(b, b.op(ops::reduce, mean, {input(b, {2, 3, 2}, "maps")})));
  const ValueId log = b.op(ops::softmax, SoftmaxAttrs{SoftmaxKind::LogSoftmax, 1}, {x});
  b.output("logarithm", quantize(b, log));
  b.output("too fine", quantize(b, y, 1e-18f));
  b.output("uint16", quantize(b, b.unary(UnaryFn::Relu, x), 0.01f, 300, DType::U16));
}

TEST_CASE("quantize-islands") {
  const PassCase c = GENERATE(values<PassCase>({
      {"quantized_layer", quantize_islands, layer},
      {"quantized_layer_and_addition", quantize_islands, layer_and_addition},
      {"quantized_dense", quantize_islands, dense_layer},
      {"quantized_unsigned", quantize_islands, unsigned_layers},
      {"quantized_wide_weights", quantize_islands, wide_weights},
      {"quantized_int16", quantize_islands, int16_layer},
      {"quantized_int16_moves", quantize_islands, int16_moves},
      {"quantized_int16_arithmetic", quantize_islands, int16_arithmetic},
      {"quantized_int16_functions", quantize_islands, int16_functions},
      {"quantized_int16_attention", quantize_islands, int16_attention},
      {"quantized_sums_and_products", quantize_islands, sums_and_products},
      {"quantized_averages", quantize_islands, averages},
      {"quantized_softmax_and_product", quantize_islands, softmax_and_product},
      {"quantized_functions", quantize_islands, functions},
      {"quantized_odd_constants", quantize_islands, odd_constants},
      {"quantized_moves", quantize_islands, moves},
      {"not_quantized", quantize_islands, not_quantized},
  }));
  INFO(c.name);
  CHECK(problem_of(c) == "");
}

}  // namespace
}  // namespace motec::test
