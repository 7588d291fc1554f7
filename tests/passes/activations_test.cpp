// recognize_activations and fuse_activations.
#include <catch2/catch.hpp>

#include "ops/conv_transpose.h"
#include "ops/matmul.h"
#include "support/pass_case.h"

namespace motec::test {
namespace {

constexpr float kSqrt2 = 1.41421356f;

ValueId mul(GraphBuilder& b, ValueId x, ValueId y) { return b.binary(BinaryFn::Mul, x, y); }
ValueId add(GraphBuilder& b, ValueId x, float c) { return b.binary(BinaryFn::Add, x, b.scalar(c)); }
ValueId div(GraphBuilder& b, ValueId x, float c) { return b.binary(BinaryFn::Div, x, b.scalar(c)); }
ValueId relu6(GraphBuilder& b, ValueId x) { return b.unary(UnaryFn::Clip, x, 0, 6); }
// 1 + Erf(x / sqrt(2))
ValueId erf_term(GraphBuilder& b, ValueId x) {
  return add(b, b.unary(UnaryFn::Erf, div(b, x, kSqrt2)), 1);
}

void silu(GraphBuilder& b) {
  const ValueId x = b.input("x", {4});
  b.output("a", mul(b, x, b.unary(UnaryFn::Sigmoid, x)));
  b.output("b", mul(b, b.unary(UnaryFn::Sigmoid, x), x));
}

void hard_swish(GraphBuilder& b) {
  const ValueId x = b.input("x", {4});
  b.output("gated", mul(b, x, b.unary(UnaryFn::HardSigmoid, x, 1.0f / 6, 0.5f)));
  b.output("divided gate", mul(b, x, div(b, relu6(b, add(b, x, 3)), 6)));
  b.output("scaled gate", mul(b, mul(b, relu6(b, add(b, x, 3)), b.scalar(1.0f / 6)), x));
  b.output("divided product", div(b, mul(b, x, relu6(b, add(b, x, 3))), 6));
}

void mish(GraphBuilder& b) {
  const ValueId x = b.input("x", {4});
  b.output("y", mul(b, x, b.unary(UnaryFn::Tanh, b.unary(UnaryFn::Softplus, x))));
}

void gelu(GraphBuilder& b) {
  const ValueId x = b.input("x", {4});
  b.output("half last", mul(b, mul(b, x, erf_term(b, x)), b.scalar(0.5f)));
  b.output("half first", mul(b, mul(b, x, b.scalar(0.5f)), erf_term(b, x)));
  b.output("half inside", mul(b, x, mul(b, b.scalar(0.5f), erf_term(b, x))));
  const ValueId scaled = mul(b, x, b.scalar(1 / kSqrt2));
  const ValueId term = add(b, b.unary(UnaryFn::Erf, scaled), 1);
  b.output("reciprocal", mul(b, b.scalar(0.5f), mul(b, term, x)));
}

void bounded(GraphBuilder& b) {
  const ValueId x = b.input("x", {4});
  const auto max = [&](ValueId v, float c) { return b.binary(BinaryFn::Max, v, b.scalar(c)); };
  const auto min = [&](ValueId v, float c) { return b.binary(BinaryFn::Min, b.scalar(c), v); };
  b.output("relu", max(x, 0)).output("clip", min(max(x, -1), 2));
  b.output("relu6", min(b.unary(UnaryFn::Relu, x), 6));
  b.output("narrower", b.unary(UnaryFn::Clip, b.unary(UnaryFn::Clip, x, -1, 1), -0.5f, 2));
  b.output("leaky", b.binary(BinaryFn::PRelu, x, b.floats({1}, {0.1f})));
}

// Like an activation, but something is different.
void no_activations(GraphBuilder& b) {
  const ValueId x = b.input("x", {4}), z = b.input("z", {4}), row = b.input("row", {1});
  b.output("other operand", mul(b, z, b.unary(UnaryFn::Sigmoid, x)));
  b.output("other slope", mul(b, x, b.unary(UnaryFn::HardSigmoid, x, 0.2f, 0.5f)));
  b.output("other shift", div(b, relu6(b, add(b, x, 2)), 6));
  b.output("other divisor", mul(b, x, mul(b, b.scalar(0.25f), erf_term(b, x))));
  b.output("other way round", b.binary(BinaryFn::Div, b.scalar(6), relu6(b, add(b, x, 3))));
  b.output("repeats", b.binary(BinaryFn::Max, row, b.floats({1, 1}, {0})));
  b.output("slopes", b.binary(BinaryFn::PRelu, x, b.floats({4}, {0.1f, 0.2f, 0.3f, 0.4f})));
  b.output("ends below", b.unary(UnaryFn::Clip, b.unary(UnaryFn::Clip, x, 1, 2), -1, 0));
}

void fused(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 4, 4, 2});
  b.output("conv", b.unary(UnaryFn::Relu, b.conv(x, 3, 3)));
  b.output("dense", b.unary(UnaryFn::Clip, b.dense(x, 3), 0, 6));
  b.output("sum", b.unary(UnaryFn::Tanh, b.binary(BinaryFn::Add, x, b.random({2}))));
  b.output("matmul",
           b.unary(UnaryFn::Silu, b.op(ops::matmul, MatMulAttrs{}, {x, b.random({2, 3})})));
  const ConvTranspose2dAttrs up{.stride = {2, 2}, .out = {8, 8}};
  b.output("up",
           b.unary(UnaryFn::Relu, b.op(ops::conv_transpose2d, up, {x, b.random({3, 2, 2, 2})})));
}

void fused_through_reshape(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 4, 4, 2});
  const ValueId flat = b.reshape(b.reshape(b.conv(x, 3, 3), {1, 12}), {12});
  b.output("y", b.unary(UnaryFn::Relu, flat));
}

void not_fused(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 4, 4, 2}), n = b.input("n", {4}, DType::S32);
  const ValueId shared = b.conv(x, 3, 3);
  b.output("used twice", b.binary(BinaryFn::Add, shared, b.unary(UnaryFn::Relu, shared)));
  const ValueId shown = b.conv(x, 3, 3);
  b.output("shown", shown).output("an output", b.unary(UnaryFn::Relu, shown));
  b.output("integer", b.unary(UnaryFn::Relu, b.binary(BinaryFn::Add, n, n)));
  b.output("pool", b.unary(UnaryFn::Relu, b.pool(x, PoolKind::Average, 2, 2)));
  Conv2dAttrs attrs;
  attrs.act = {UnaryFn::Relu, 0, 0};
  b.output("second", b.unary(UnaryFn::Tanh, b.conv(x, 3, 1, attrs)));
}

TEST_CASE("recognize-activations, fuse-activations") {
  const PassCase c = GENERATE(values<PassCase>({
      {"silu", recognize_activations, silu},
      {"hard_swish", recognize_activations, hard_swish},
      {"mish", recognize_activations, mish},
      {"gelu", recognize_activations, gelu},
      {"bounded", recognize_activations, bounded},
      {"no_activations", recognize_activations, no_activations},
      {"fused", fuse_activations, fused},
      {"fused_through_reshape", fuse_activations, fused_through_reshape},
      {"not_fused", fuse_activations, not_fused},
  }));
  INFO(c.name);
  CHECK(problem_of(c) == "");
}

}  // namespace
}  // namespace motec::test
