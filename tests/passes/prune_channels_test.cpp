// prune-channels on small graphs: one rule each, with the channels that must be left.
#include <catch2/catch.hpp>

#include "ops/concat.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/qbinary.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "passes/passes.h"
#include "support/integer_layers.h"
#include "support/pruning.h"

namespace motec::test {
namespace {

constexpr int32_t kLo = -100;  // what a dead channel holds

QConv2dAttrs attrs(int64_t pad = 0, int32_t pad_value = kLo) {
  return {.pad = {pad, pad, pad, pad},
          .pad_value = pad_value,
          .store = {.zp = -50, .lo = kLo, .hi = 120}};
}
ValueId image(GraphBuilder& b, int64_t channels = 3, int64_t size = 5) {
  return b.input("x", {1, size, size, channels}, DType::S8);
}
// Five channels, 1 and 3 of which are dead.
ValueId five(GraphBuilder& b, ValueId x) {
  return integer_conv(b, x, {.outputs = 5, .attrs = attrs(), .dead = {1, 3}});
}
// Reads all channels, none dead.
void finish(GraphBuilder& b, ValueId x, int64_t kernel = 1, int64_t pad = 0,
            int32_t pad_value = kLo) {
  b.output("y", integer_conv(b, x, {4, kernel, attrs(pad, pad_value)}));
}
ValueId dequantize(GraphBuilder& b, ValueId x) {
  return b.op(ops::dequantize, DequantizeAttrs{{0.5f}, {0}, -1}, {x});
}

ValueId sum(GraphBuilder& b, ValueId x, ValueId y) {
  const QAddAttrs attrs{
      .a_mult = 1000, .b_mult = -900, .offset = 512, .right = 10, .lo = -120, .hi = 127};
  return b.op(ops::qadd, attrs, {x, y});
}

void pointwise(GraphBuilder& b) { finish(b, five(b, image(b))); }
void looked_up(GraphBuilder& b) {
  const ValueId x = five(b, image(b));
  std::vector<int8_t> table(256);
  for (int i = 0; i < 256; ++i) table[static_cast<size_t>(i)] = static_cast<int8_t>(~i);
  finish(b, lookup(b, x, table));
}
void unpadded(GraphBuilder& b) { finish(b, five(b, image(b)), 3); }
void padded_with_constant(GraphBuilder& b) { finish(b, five(b, image(b)), 3, 1); }
void padded_with_other(GraphBuilder& b) { finish(b, five(b, image(b)), 3, 1, kLo + 1); }
// Every output pixel has its padding at the same taps.
void padded_alike(GraphBuilder& b) { finish(b, five(b, image(b, 3, 1)), 3, 1, 7); }
void padded_without_weights(GraphBuilder& b) {
  const ValueId x = five(b, image(b));
  b.output("y", integer_conv(b, x, {4, 3, attrs(1, 9), {}, {1, 3}}));
}
void depthwise(GraphBuilder& b) {
  finish(b, integer_depthwise(b, five(b, image(b)), {0, 3, attrs(1)}));
}
void depthwise_unpadded(GraphBuilder& b) {
  finish(b, integer_depthwise(b, five(b, image(b)), {0, 3, attrs()}));
}
// The border shows: the interior is constant, but not the channel.
void depthwise_border(GraphBuilder& b) {
  finish(b, integer_depthwise(b, five(b, image(b)), {0, 3, attrs(1, 60)}));
}
void depthwise_border_clamped(GraphBuilder& b) {
  finish(b, integer_depthwise(b, five(b, image(b)), {0, 3, attrs(1, 60), {1, 3, 4}}));
}
// The border differs from the interior, but what is greater does not depend on the input.
void depthwise_border_pooled(GraphBuilder& b) {
  const ValueId x = integer_depthwise(b, five(b, image(b)), {0, 3, attrs(1, 60)});
  finish(b, integer_pool(b, x, {.kernel = {5, 5}}));
}
// Constant where all inputs under the kernel are equal, which they need not be.
void depthwise_differences(GraphBuilder& b) {
  const ValueId x = integer_depthwise(b, five(b, image(b)), {0, 3, attrs()});
  Tensor w = *b.graph().constant(b.graph().ops.back().in[1]);
  for (int64_t i = 0; i < w.elements(); ++i)
    w.data<int8_t>()[i] = static_cast<int8_t>(i % 9 == 4 ? 80 : -10);
  b.graph().ops.back().in[1] = b.constant(std::move(w));
  finish(b, x);
}
void depthwise_twice_as_many(GraphBuilder& b) {
  const ValueId x = five(b, image(b));
  finish(b, integer_depthwise(b, x, {10, 3, attrs(1), {2, 3, 5, 8}}));
}
void grouped(GraphBuilder& b) {
  QConv2dAttrs a = attrs(1);
  a.groups = 3;
  const ValueId x = integer_conv(b, image(b), {6, 1, attrs(), {0, 1, 2}});
  finish(b, integer_conv(b, x, {9, 3, a, {3, 4}}));
}

void residual(GraphBuilder& b) {
  const ValueId x = image(b);
  const ValueId other = integer_conv(b, x, {5, 1, attrs(), {0, 1}});
  finish(b, sum(b, five(b, x), other));
}
void residual_around_layer(GraphBuilder& b) {
  const ValueId x = five(b, image(b));
  const ValueId inner = integer_conv(b, x, {5, 3, attrs(1), {1, 2}});
  finish(b, sum(b, inner, x));
}
void sum_with_constant(GraphBuilder& b) {
  finish(b, sum(b, random_int8(b, {5}), five(b, image(b))));
}
void sum_with_one_channel(GraphBuilder& b) {
  const ValueId one = integer_conv(b, image(b), {1, 1, attrs()});
  finish(b, sum(b, five(b, b.graph().inputs[0].value), one));
}
void product_with_gate(GraphBuilder& b) {
  const ValueId x = five(b, image(b));
  const ValueId mean = integer_pool(b, x, {.kind = PoolKind::Average, .kernel = {5, 5}});
  finish(b, integer_mul(b, x, integer_conv(b, mean, {5, 1, attrs(), {1}})));
}

void joined_channels(GraphBuilder& b) {
  const ValueId x = image(b);
  const ValueId other = integer_conv(b, x, {3, 1, attrs(), {0}});
  finish(b, b.op(ops::concat, ConcatAttrs{3}, {other, five(b, x), random_int8(b, {1, 5, 5, 4})}));
}
void joined_rows(GraphBuilder& b) {
  const ValueId x = image(b);
  const ValueId other = integer_conv(b, x, {5, 1, attrs(), {1, 2}});
  finish(b, b.op(ops::concat, ConcatAttrs{1}, {other, five(b, x)}));
}
void max_pool(GraphBuilder& b) {
  const PoolAttrs window{.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}};
  finish(b, integer_pool(b, five(b, image(b)), window));
}
void average_pool(GraphBuilder& b) {
  const PoolAttrs window{
      .kind = PoolKind::Average, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}};
  finish(b, integer_pool(b, five(b, image(b)), window));
}
// Means over fewer cells at the borders: of a constant other than zero they differ.
void average_pool_with_padding(GraphBuilder& b) {
  const PoolAttrs window{
      .kind = PoolKind::Average, .kernel = {3, 3}, .pad = {1, 1, 1, 1}, .count_include_pad = true};
  finish(b, integer_pool(b, five(b, image(b)), window));
}
void flattened(GraphBuilder& b) {
  const ValueId flat = b.reshape(five(b, image(b)), {1, 125});
  b.output("y", integer_dense(b, flat, {.outputs = 4, .attrs = attrs()}));
}
void dense(GraphBuilder& b) {
  const ValueId x = b.input("x", {2, 6}, DType::S8);
  const ValueId hidden = integer_dense(b, x, {.outputs = 7, .attrs = attrs(), .dead = {0, 6}});
  b.output("y", integer_dense(b, hidden, {.outputs = 3, .attrs = attrs()}));
}
void moved(GraphBuilder& b, int8_t padding) {
  const ValueId x = b.op(ops::transpose, TransposeAttrs{{0, 2, 1, 3}}, {five(b, image(b))});
  const SliceAttrs window{{0, 4, 0, 1}, {1, -2, 1, 1}, {1, 2, 5, 4}};  // channels 1 .. 4
  const ValueId value = b.constant(Tensor::of<int8_t>(DType::S8, {}, {padding}));
  finish(b, b.op(ops::pad, PadAttrs{{0, 1, 0, 2}, {0, 0, 1, 1}},
                 {b.op(ops::slice, window, {x}), value}));
}
void moved_and_padded_alike(GraphBuilder& b) { moved(b, kLo); }
void moved_and_padded(GraphBuilder& b) { moved(b, 5); }
void highest(GraphBuilder& b) {
  finish(b, b.op(ops::reduce, ReduceAttrs{ReduceKind::Max, {1}, true}, {five(b, image(b))}));
}
void seen_as_uint8(GraphBuilder& b) {
  const ValueId flipped = b.op(ops::flip_sign, NoAttrs{}, {five(b, image(b))});
  finish(b, b.op(ops::flip_sign, NoAttrs{}, {b.reshape(flipped, {1, 25, 1, 5})}));
}

void shared(GraphBuilder& b) {
  const ValueId x = five(b, image(b));
  finish(b, x);
  b.output("z", integer_conv(b, x, {2, 3, attrs()}));
}
void shared_with_border(GraphBuilder& b) {
  const ValueId x = five(b, image(b));
  finish(b, x);
  b.output("z", integer_conv(b, x, {2, 3, attrs(1, 3)}));
}
void an_output(GraphBuilder& b) {
  const ValueId x = five(b, image(b));
  b.output("z", x);
  finish(b, x);
}
void read_as_real(GraphBuilder& b) {
  const ValueId x = five(b, image(b));
  b.output("z", dequantize(b, x));
  finish(b, x);
}
void unread(GraphBuilder& b) {
  b.output("y", integer_conv(b, five(b, image(b)), {4, 3, attrs(1, 5), {}, {0, 4}}));
}
void unread_input(GraphBuilder& b) {
  b.output("y", integer_conv(b, image(b), {4, 3, attrs(1, 5), {}, {0}}));
}
// Only a dead channel gives weight to channel 0 of the first layer.
void unread_by_what_lives(GraphBuilder& b) {
  const ValueId x = integer_conv(b, image(b), {3, 1, attrs()});
  QConv2dAttrs a = attrs(1, 5);
  const ValueId y = integer_conv(b, x, {4, 1, a, {2}});
  Tensor w = *b.graph().constant(b.graph().ops.back().in[1]);
  for (const int64_t o : {0, 1, 3}) w.data<int8_t>()[o * 3] = 0;
  b.graph().ops.back().in[1] = b.constant(std::move(w));
  finish(b, y);
}
void all_dead(GraphBuilder& b) { finish(b, integer_conv(b, image(b), {3, 1, attrs(), {0, 1, 2}})); }
void quantized_input(GraphBuilder& b) {
  const ValueId real = b.input("x", {1, 4, 4, 2});
  const ValueId x = b.op(ops::quantize, QuantizeAttrs{{0.1f}, {3}, -1, DType::S8}, {real});
  const ValueId y = integer_conv(b, five(b, x), {4, 3, attrs()});
  b.output("y", dequantize(b, y));
}
void wide(GraphBuilder& b) {
  QConv2dAttrs a = attrs();
  a.store.form = StoreForm::Wide;
  finish(b, integer_conv(b, integer_conv(b, image(b), {5, 1, a, {0}}), {6, 1, a, {1, 5}}));
}
void sixteen_bits(GraphBuilder& b) {
  QConv2dAttrs a = attrs();
  a.store = {.out = DType::S16, .zp = 0, .lo = 0, .hi = 32767, .shift = 2};
  const ValueId x = integer_conv(b, image(b), {5, 3, a, {1, 3}});
  a.store = {.form = StoreForm::Wide, .out = DType::S16, .zp = 0, .lo = -32768, .hi = 32767};
  const ValueId y = integer_conv(b, x, {6, 1, a, {0}});
  a.store = {.form = StoreForm::Raw, .out = DType::S32};
  b.output("y", integer_conv(b, y, {2, 1, a}));
}

struct Case {
  const char* name;
  void (*build)(GraphBuilder&);
  std::vector<int64_t> channels;  // left of each layer
};

TEST_CASE("prune-channels") {
  const Case c = GENERATE(values<Case>({
      {"pointwise", pointwise, {3, 4}},
      {"looked up", looked_up, {3, 4}},
      {"unpadded", unpadded, {3, 4}},
      {"padded with the constant", padded_with_constant, {3, 4}},
      {"padded with another value", padded_with_other, {5, 4}},
      {"padded alike everywhere", padded_alike, {3, 4}},
      {"padded, no weights", padded_without_weights, {3, 4}},
      {"depthwise", depthwise, {3, 3, 4}},
      {"depthwise unpadded", depthwise_unpadded, {3, 3, 4}},
      {"depthwise, border shows", depthwise_border, {5, 5, 4}},
      {"depthwise, border clamped", depthwise_border_clamped, {2, 2, 4}},
      {"depthwise, border pooled", depthwise_border_pooled, {3, 3, 4}},
      {"depthwise differences", depthwise_differences, {3, 3, 4}},
      {"depthwise multiplier", depthwise_twice_as_many, {3, 6, 4}},
      {"grouped", grouped, {4, 6, 4}},
      {"residual", residual, {4, 4, 4}},
      {"residual around a layer", residual_around_layer, {4, 4, 4}},
      {"sum with a constant", sum_with_constant, {3, 4}},
      {"sum with one channel", sum_with_one_channel, {1, 5, 4}},
      {"product with a gate", product_with_gate, {4, 4, 4}},
      {"joined channels", joined_channels, {2, 3, 4}},
      {"joined rows", joined_rows, {4, 4, 4}},
      {"max pool", max_pool, {3, 4}},
      {"average pool", average_pool, {3, 4}},
      {"average pool with padding", average_pool_with_padding, {5, 4}},
      {"flattened", flattened, {3, 4}},
      {"dense", dense, {5, 3}},
      {"moved", moved_and_padded_alike, {2, 4}},
      {"moved, border shows", moved_and_padded, {4, 4}},
      {"highest", highest, {3, 4}},
      {"seen as uint8", seen_as_uint8, {3, 4}},
      {"shared", shared, {3, 4, 2}},
      {"shared with a border", shared_with_border, {5, 4, 2}},
      {"an output", an_output, {5, 4}},
      {"read as real", read_as_real, {5, 4}},
      {"unread", unread, {3, 4}},
      {"unread input", unread_input, {4}},
      {"unread by what lives", unread_by_what_lives, {2, 3, 4}},
      {"all dead", all_dead, {1, 4}},
      {"quantized input", quantized_input, {3, 4}},
      {"wide", wide, {4, 4, 4}},
      {"sixteen bits", sixteen_bits, {3, 5, 2}},
  }));
  INFO(c.name);
  GraphBuilder b(7);
  c.build(b);
  const auto inputs = extreme_inputs(b.graph(), 1);
  const Graph after = pruned(b.graph());
  CHECK(layer_channels(after) == c.channels);
  CHECK(range_violation(b.graph(), inputs) == "");
  CHECK(difference(b.graph(), after, inputs) == "");
  CHECK(after.pruned.macs == total_macs(b.graph()) - total_macs(after));
}

TEST_CASE("prune-channels leaves groups of int4 weights whole") {
  GraphBuilder b;
  pointwise(b);
  Graph graph = b.graph();
  // Multiples of 16, of which the last one needs more than four bits without the factor.
  Tensor weights = *graph.constant(graph.ops[1].in[1]);
  for (int64_t i = 0; i < weights.elements(); ++i)
    weights.data<int8_t>()[i] = static_cast<int8_t>(16 * (i % 15 - 7));
  graph[graph.ops[1].in[1]].constant = std::make_shared<const Tensor>(std::move(weights));
  CHECK(layer_channels(pruned(graph)) == std::vector<int64_t>{5, 4});
}

TEST_CASE("prune-channels notes what went") {
  GraphBuilder b;
  pointwise(b);
  const Graph after = pruned(b.graph());
  // 25 pixels lose 2 of 5 channels, of 3 weights each, and their share of the 4 that follow.
  CHECK(after.pruned.channels == 2);
  CHECK(after.pruned.macs == 25 * (2 * 3 + 2 * 4));
  CHECK(after.pruned.weight_bytes == 2 * 3 + 2 * 4 + 2 * (4 + 4));
}

TEST_CASE("prune-channels keeps to the rewrite limit") {
  GraphBuilder b;
  pointwise(b);
  Graph graph = b.graph();
  PassCtx ctx{1};
  CHECK(prune_channels(graph, ctx));
  CHECK(layer_channels(graph) == std::vector<int64_t>{4, 4});
  CHECK(difference(b.graph(), graph, extreme_inputs(graph, 2)) == "");
}

TEST_CASE("prune-channels can be switched off") {
  GraphBuilder b;
  pointwise(b);
  Graph on = b.graph(), off = b.graph();
  run_passes(on, {});
  PassOptions options;
  options.prune = false;
  run_passes(off, options);
  CHECK(layer_channels(on) == std::vector<int64_t>{3, 4});
  CHECK(layer_channels(off) == std::vector<int64_t>{5, 4});
}

}  // namespace
}  // namespace motec::test
