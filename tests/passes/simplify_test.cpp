// simplify, merge_common and drop_dead.
#include <catch2/catch.hpp>

#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/gather.h"
#include "ops/move.h"
#include "ops/reshape.h"
#include "support/pass_case.h"

namespace motec::test {
namespace {

void identities(GraphBuilder& b) {
  ValueId x = b.input("x", {2, 3});
  x = b.unary(UnaryFn::Identity, x);
  x = b.op(ops::cast, CastAttrs{DType::F32}, {x});
  x = b.reshape(x, {2, 3});
  x = b.op(ops::expand, ExpandAttrs{{2, 3}}, {x});
  x = b.op(ops::slice, SliceAttrs{{0, 0}, {1, 1}, {2, 3}}, {x});
  b.output("y", b.unary(UnaryFn::Relu, b.transpose(x, {0, 1})));
}

void reversal_stays(GraphBuilder& b) {
  const ValueId x = b.input("x", {2, 3});
  b.output("y", b.op(ops::slice, SliceAttrs{{0, 2}, {1, -1}, {2, 3}}, {x}));
}

void neutral_constants(GraphBuilder& b) {
  ValueId x = b.input("x", {2, 3});
  x = b.binary(BinaryFn::Mul, x, b.scalar(1));
  x = b.binary(BinaryFn::Mul, b.floats({3}, {1, 1, 1}), x);
  x = b.binary(BinaryFn::Add, x, b.scalar(0));
  x = b.binary(BinaryFn::Sub, x, b.scalar(0));
  x = b.binary(BinaryFn::Div, x, b.scalar(1));
  b.output("y", x);
}

void no_neutral_constants(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 3});
  ValueId y = b.binary(BinaryFn::Sub, b.scalar(0), x);
  y = b.binary(BinaryFn::Div, b.scalar(1), y);
  y = b.binary(BinaryFn::Add, y, b.floats({2, 1}, {0, 0}));  // repeats the row
  b.output("y", b.binary(BinaryFn::Mul, y, b.floats({3}, {1, 1, 2})));
}

void reshapes(GraphBuilder& b) {
  const ValueId x = b.input("x", {2, 12});
  b.output("y", b.reshape(b.reshape(b.reshape(x, {24}), {4, 6}), {3, 8}));
  b.output("x", b.reshape(b.reshape(x, {24}), {2, 12}));
}

void transposes(GraphBuilder& b) {
  const ValueId x = b.input("x", {2, 3, 4});
  b.output("merged", b.transpose(b.transpose(x, {1, 0, 2}), {0, 2, 1}));
  b.output("gone", b.transpose(b.transpose(x, {1, 2, 0}), {2, 0, 1}));
}

void transpose_of_units(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 3, 1, 4});
  b.output("moves", b.transpose(x, {3, 1, 0, 2}));
  b.output("moves nothing", b.transpose(x, {1, 0, 3, 2}));
}

// What is left of a chain that computes a shape.
void shape_chain(GraphBuilder& b) {
  const ValueId x = b.input("x", {2, 3, 4});
  const ValueId shape = b.ints({2, 3, 4});
  const ValueId n = b.unfolded(ops::gather, GatherAttrs{0}, {shape, b.ints({0})});
  const ValueId doubled = b.unfolded(ops::binary, BinaryAttrs{BinaryFn::Mul, {}}, {n, b.ints({2})});
  const ValueId rest = b.ints({-1});
  const ValueId joined = b.unfolded(ops::concat, ConcatAttrs{0}, {doubled, rest});
  const ValueId flat = b.unfolded(ops::reshape, ReshapeAttrs{{1, 2}}, {joined});
  b.output("y", b.unary(UnaryFn::Relu, x)).output("shape", flat);
}

void constants_too_large(GraphBuilder& b) {
  const ValueId zeros = b.unfolded(ops::expand, ExpandAttrs{{100, 1000}}, {b.scalar(0.5f)});
  b.output("y", b.binary(BinaryFn::Add, b.input("x", {1000}), zeros));
}

void common(GraphBuilder& b) {
  const ValueId x = b.input("x", {4});
  const ValueId p = b.binary(BinaryFn::Mul, b.unary(UnaryFn::Exp, x), b.scalar(2));
  const ValueId q = b.binary(BinaryFn::Mul, b.unary(UnaryFn::Exp, x), b.scalar(2));
  b.output("y", b.binary(BinaryFn::Add, p, q)).output("p", p).output("q", q);
}

void not_common(GraphBuilder& b) {
  const ValueId x = b.input("x", {4}), z = b.input("z", {4});
  b.output("a", b.binary(BinaryFn::Sub, x, z)).output("b", b.binary(BinaryFn::Sub, z, x));
  b.output("c", b.unary(UnaryFn::LeakyRelu, x, 0.1f));
  b.output("d", b.unary(UnaryFn::LeakyRelu, x, 0.2f));
  b.output("e", b.binary(BinaryFn::Mul, x, b.scalar(1)));
  b.output("f", b.binary(BinaryFn::Mul, x, b.floats({1}, {1})));  // another shape
}

void dead(GraphBuilder& b) {
  const ValueId x = b.input("x", {4});
  b.unary(UnaryFn::Exp, b.unary(UnaryFn::Neg, x));
  b.output("y", b.unary(UnaryFn::Relu, x));
}

TEST_CASE("simplify, merge-common, drop-dead") {
  const PassCase c = GENERATE(values<PassCase>({
      {"identities", simplify, identities},
      {"reversal_stays", simplify, reversal_stays},
      {"neutral_constants", simplify, neutral_constants},
      {"no_neutral_constants", simplify, no_neutral_constants},
      {"reshapes", simplify, reshapes},
      {"transposes", simplify, transposes},
      {"transpose_of_units", simplify, transpose_of_units},
      {"shape_chain", simplify, shape_chain},
      {"constants_too_large", simplify, constants_too_large},
      {"common", merge_common, common},
      {"not_common", merge_common, not_common},
      {"dead", drop_dead, dead},
  }));
  INFO(c.name);
  CHECK(problem_of(c) == "");
}

}  // namespace
}  // namespace motec::test
