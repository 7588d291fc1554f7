// sink_transposes: from ONNX's NCHW to NHWC.
#include <catch2/catch.hpp>

#include "ops/arg_reduce.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/dense.h"
#include "ops/gather.h"
#include "ops/matmul.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/select.h"
#include "ops/softmax.h"
#include "support/pass_case.h"

namespace motec::test {
namespace {

// A convolution on either side shows that nothing is left between them.
void through_elementwise(GraphBuilder& b) {
  ValueId x = b.conv_nchw(b.input("x", {1, 2, 4, 4}), 3, 1);
  x = b.unary(UnaryFn::Relu, b.binary(BinaryFn::Add, x, b.random({1, 3, 1, 1})));
  x = b.binary(BinaryFn::Mul, b.random({3, 1, 1}), b.binary(BinaryFn::Sub, x, b.scalar(1)));
  b.output("y", b.conv_nchw(x, 2, 1));
}

void through_residual(GraphBuilder& b) {
  const ValueId x = b.conv_nchw(b.input("x", {1, 2, 4, 4}), 3, 1);
  const ValueId y = b.conv_nchw(b.unary(UnaryFn::Relu, x), 3, 1);
  b.output("y", b.conv_nchw(b.binary(BinaryFn::Add, x, y), 2, 1));
}

void through_select_and_cast(GraphBuilder& b) {
  const ValueId x = b.conv_nchw(b.input("x", {1, 2, 4, 4}), 3, 1);
  const ValueId positive = b.binary(BinaryFn::Greater, x, b.scalar(0));
  const ValueId chosen = b.op(ops::select, NoAttrs{}, {positive, x, b.random({3, 1, 1})});
  b.output("y", b.to_nhwc(b.op(ops::cast, CastAttrs{DType::F64}, {chosen})));
}

void through_slice_and_pad(GraphBuilder& b) {
  ValueId x = b.conv_nchw(b.input("x", {1, 2, 4, 4}), 3, 1);
  x = b.op(ops::slice, SliceAttrs{{0, 1, 3, 0}, {1, 1, -1, 1}, {1, 2, 4, 3}}, {x});
  x = b.op(ops::pad, PadAttrs{{0, 0, 1, 0}, {0, 1, 0, 2}}, {x, b.scalar(1)});
  b.output("y", b.conv_nchw(x, 2, 1));
}

void through_concat(GraphBuilder& b) {
  const ValueId x = b.conv_nchw(b.input("x", {1, 2, 4, 4}), 3, 1);
  const ValueId y = b.unary(UnaryFn::Relu, x);
  b.output("y",
           b.conv_nchw(b.op(ops::concat, ConcatAttrs{1}, {x, y, b.random({1, 1, 4, 4})}), 2, 1));
}

void through_softmax_and_gather(GraphBuilder& b) {
  ValueId x = b.conv_nchw(b.input("x", {1, 2, 4, 4}), 3, 1);
  x = b.op(ops::softmax, SoftmaxAttrs{SoftmaxKind::Softmax, 1}, {x});
  x = b.op(ops::gather, GatherAttrs{2}, {x, b.ints({3, 0, 1})});
  b.output("y", b.conv_nchw(x, 2, 1));
}

void through_reductions(GraphBuilder& b) {
  const ValueId x = b.conv_nchw(b.input("x", {1, 2, 4, 5}), 3, 1);
  b.output("mean",
           b.dense(b.op(ops::reduce, ReduceAttrs{ReduceKind::Mean, {2, 3}, false}, {x}), 2));
  b.output("kept",
           b.conv_nchw(b.op(ops::reduce, ReduceAttrs{ReduceKind::Max, {2}, true}, {x}), 2, 1));
  b.output("class", b.op(ops::arg_reduce, ArgReduceAttrs{Extreme::Greatest, 1, true, false}, {x}));
}

// A convolution of [N,C,W] as import writes it.
ValueId conv_1d(GraphBuilder& b, ValueId x, int64_t outputs) {
  const Shape in = b.shape(x);
  const ValueId map = b.to_nhwc(b.reshape(x, {in[0], in[1], 1, in[2]}));
  const ValueId w = b.random({outputs, 1, 3, in[1]});
  const ValueId y = b.to_nchw(b.op(ops::conv2d, Conv2dAttrs{}, {map, w, b.random({outputs})}));
  return b.reshape(y, {in[0], outputs, in[2] - 2});
}

void chain_of_1d_maps(GraphBuilder& b) {
  ValueId x = conv_1d(b, b.input("x", {1, 2, 12}), 4);
  x = conv_1d(b, b.unary(UnaryFn::Relu, x), 3);
  b.output("y", conv_1d(b, b.binary(BinaryFn::Add, x, b.random({1, 3, 1})), 2));
}

void flatten_and_dense(GraphBuilder& b) {
  const ValueId x = b.conv_nchw(b.input("x", {2, 2, 4, 4}), 3, 1);
  b.output("y", b.dense(b.reshape(b.unary(UnaryFn::Relu, x), {2, 48}), 5));
}

void transposed_operand_of_matmul(GraphBuilder& b) {
  const ValueId q = b.input("q", {2, 3, 4}), k = b.input("k", {2, 5, 4});
  b.output("scores", b.op(ops::matmul, MatMulAttrs{}, {q, b.transpose(k, {0, 2, 1})}));
}

// Transposes that disagree, or meet what they cannot pass, stay.
void transposes_that_stay(GraphBuilder& b) {
  const ValueId x = b.input("x", {2, 2, 2, 2});
  const ValueId p = b.to_nhwc(x);
  b.output("disagree", b.binary(BinaryFn::Add, p, b.to_nchw(x)));
  b.output("shape", b.reshape(p, {4, 4}));
  b.output("at the end", b.unary(UnaryFn::Relu, p));
}

TEST_CASE("sink-transposes") {
  const PassCase c = GENERATE(values<PassCase>({
      {"through_elementwise", sink_transposes, through_elementwise},
      {"through_residual", sink_transposes, through_residual},
      {"through_select_and_cast", sink_transposes, through_select_and_cast},
      {"through_slice_and_pad", sink_transposes, through_slice_and_pad},
      {"through_concat", sink_transposes, through_concat},
      {"through_softmax_and_gather", sink_transposes, through_softmax_and_gather},
      {"through_reductions", sink_transposes, through_reductions},
      {"chain_of_1d_maps", sink_transposes, chain_of_1d_maps},
      {"flatten_and_dense", sink_transposes, flatten_and_dense},
      {"transposed_operand_of_matmul", sink_transposes, transposed_operand_of_matmul},
      {"transposes_that_stay", sink_transposes, transposes_that_stay},
  }));
  INFO(c.name);
  CHECK(problem_of(c) == "");
}

}  // namespace
}  // namespace motec::test
