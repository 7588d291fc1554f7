// fold_affine and fold_pads.
#include <catch2/catch.hpp>

#include "ops/pad.h"
#include "support/pass_case.h"

namespace motec::test {
namespace {

// What BatchNormalization is after import and layout.
ValueId batch_norm(GraphBuilder& b, ValueId x) {
  const int64_t channels = b.shape(x).back();
  const ValueId scaled = b.binary(BinaryFn::Mul, x, b.random({channels}));
  return b.binary(BinaryFn::Add, scaled, b.random({channels}));
}

Conv2dAttrs padded() {
  Conv2dAttrs attrs;
  attrs.pad = {1, 1, 1, 1};
  return attrs;
}

void norm_behind_conv(GraphBuilder& b) {
  b.output("y", batch_norm(b, b.conv(b.input("x", {1, 5, 5, 2}), 3, 3, padded())));
}

void norm_before_conv(GraphBuilder& b) {
  b.output("y", b.conv(batch_norm(b, b.input("x", {1, 5, 5, 2})), 3, 3));
}

// At the border a padded convolution sees zeros, not shifted values.
void norm_before_padded_conv(GraphBuilder& b) {
  b.output("y", b.conv(batch_norm(b, b.input("x", {1, 5, 5, 2})), 3, 3, padded()));
}

void scale_before_padded_conv(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 5, 5, 2});
  b.output("y", b.conv(b.binary(BinaryFn::Mul, x, b.random({2})), 3, 3, padded()));
}

void norm_around_depthwise(GraphBuilder& b) {
  const ValueId x = batch_norm(b, b.input("x", {1, 5, 5, 4}));
  b.output("y", batch_norm(b, b.depthwise(x, 3)));
}

void norm_around_grouped(GraphBuilder& b) {
  const ValueId x = batch_norm(b, b.input("x", {1, 5, 5, 4}));
  Conv2dAttrs attrs;
  attrs.groups = 2;
  b.output("y", batch_norm(b, b.conv(x, 6, 3, attrs)));
}

void norm_around_dense(GraphBuilder& b) {
  b.output("y", batch_norm(b, b.dense(batch_norm(b, b.input("x", {2, 5})), 3)));
}

// The last convolution of a classifier: one element per channel, in two shapes.
void norm_behind_reshaped(GraphBuilder& b) {
  const ValueId x = b.reshape(b.conv(b.input("x", {1, 3, 3, 2}), 5, 3), {1, 5, 1, 1});
  const ValueId y = b.binary(BinaryFn::Mul, x, b.random({1, 5, 1, 1}));
  b.output("y", b.binary(BinaryFn::Add, y, b.random({1, 5, 1, 1})));
  // Rows are no channels.
  const ValueId rows = b.reshape(b.conv(b.input("z", {1, 5, 1, 2}), 1, 1), {1, 1, 5, 1});
  b.output("rows", b.binary(BinaryFn::Mul, rows, b.random({1, 1, 5, 1})));
}

void subtractions_and_quotients(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 5, 5, 2});
  const ValueId a = b.binary(BinaryFn::Sub, b.conv(x, 3, 1), b.random({3}));
  const ValueId c = b.binary(BinaryFn::Sub, b.random({3}), a);
  b.output("y", b.binary(BinaryFn::Div, c, b.scalar(4)));
}

// No constant of one entry per channel, or a result that something else reads, too.
void not_folded(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 4, 4, 3});
  b.output("rows", b.binary(BinaryFn::Mul, b.conv(x, 3, 1), b.random({4, 1})));
  const ValueId y = b.conv(x, 3, 1);
  b.output("used twice", b.binary(BinaryFn::Add, y, b.random({3}))).output("shown", y);
  b.output("reciprocal", b.binary(BinaryFn::Div, b.scalar(1), b.conv(x, 3, 1)));
  Conv2dAttrs attrs;
  attrs.act = {UnaryFn::Relu, 0, 0};
  b.output("behind activation", b.binary(BinaryFn::Mul, b.conv(x, 3, 1, attrs), b.random({3})));
}

void constants_merge(GraphBuilder& b) {
  ValueId x = b.input("x", {2, 3});
  for (int i = 0; i < 3; ++i) x = b.binary(BinaryFn::Mul, x, b.random({3}));
  for (int i = 0; i < 3; ++i) x = b.binary(BinaryFn::Add, b.random({3}), x);
  b.output("y", x);
}

ValueId pad(GraphBuilder& b, ValueId x, std::vector<int64_t> begin, std::vector<int64_t> end,
            float value) {
  return b.op(ops::pad, PadAttrs{std::move(begin), std::move(end)}, {x, b.scalar(value)});
}

void pad_before_conv(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 4, 4, 2});
  b.output("y", b.conv(pad(b, x, {0, 1, 0, 0}, {0, 2, 1, 0}, 0), 3, 3, padded()));
}

void pads_that_stay(GraphBuilder& b) {
  const ValueId x = b.input("x", {1, 4, 4, 2});
  b.output("ones", b.conv(pad(b, x, {0, 1, 1, 0}, {0, 1, 1, 0}, 1), 3, 3));
  b.output("channels", b.conv(pad(b, x, {0, 0, 0, 1}, {0, 0, 0, 0}, 0), 3, 3));
  b.output("batch", b.conv(pad(b, x, {1, 0, 0, 0}, {0, 0, 0, 0}, 0), 3, 3));
  const ValueId shared = pad(b, x, {0, 1, 1, 0}, {0, 1, 1, 0}, 0);
  b.output("shown", shared).output("used twice", b.conv(shared, 3, 3));
}

TEST_CASE("fold-affine, fold-pads") {
  const PassCase c = GENERATE(values<PassCase>({
      {"norm_behind_conv", fold_affine, norm_behind_conv},
      {"norm_before_conv", fold_affine, norm_before_conv},
      {"norm_before_padded_conv", fold_affine, norm_before_padded_conv},
      {"scale_before_padded_conv", fold_affine, scale_before_padded_conv},
      {"norm_around_depthwise", fold_affine, norm_around_depthwise},
      {"norm_around_grouped", fold_affine, norm_around_grouped},
      {"norm_around_dense", fold_affine, norm_around_dense},
      {"norm_behind_reshaped", fold_affine, norm_behind_reshaped},
      {"subtractions_and_quotients", fold_affine, subtractions_and_quotients},
      {"not_folded", fold_affine, not_folded},
      {"constants_merge", fold_affine, constants_merge},
      {"pad_before_conv", fold_pads, pad_before_conv},
      {"pads_that_stay", fold_pads, pads_that_stay},
  }));
  INFO(c.name);
  CHECK(problem_of(c) == "");
}

// A wrong rewrite is found by halving the number of rewrites: each number gives a correct graph.
TEST_CASE("the rewrite limit stops passes anywhere") {
  const int64_t limit = GENERATE(0, 1, 2, 3, 5, 8, 100);
  GraphBuilder b;
  const ValueId x = b.to_nhwc(b.input("x", {1, 2, 5, 5}));
  const ValueId y = batch_norm(b, b.conv(batch_norm(b, x), 3, 3));
  b.output("y", b.to_nchw(b.unary(UnaryFn::Relu, b.binary(BinaryFn::Mul, y, b.scalar(1)))));
  PassOptions options;
  options.verify_each = true;
  options.rewrite_limit = limit;
  Graph graph = b.graph();
  run_passes(graph, options);
  if (limit == 0) CHECK(graph.ops.size() == b.graph().ops.size());
  if (limit == 100) CHECK(graph.ops.size() < b.graph().ops.size());
}

}  // namespace
}  // namespace motec::test
