// Integer operators for tests: layers whose channels are constant, unread, or nearly so by design,
// and operands that reach the ends of every range.
#pragma once
#include "ops/qconv2d.h"
#include "support/graph_builder.h"

namespace motec::test {

struct IntegerLayer {
  int64_t outputs = 1, kernel = 1;
  QConv2dAttrs attrs = {};           // a dense layer takes the store alone
  std::vector<int64_t> dead = {};    // outputs that cannot rise above store.lo
  std::vector<int64_t> unread = {};  // inputs without weights, counted within a group
  std::vector<int64_t> edge = {};    // outputs that rise above store.lo hardly, or just not
  int64_t largest_weight = 20;
  int64_t kernel_w = 0;  // 0: the kernel is square
};

// Random weights, biases and multipliers.
ValueId integer_conv(GraphBuilder& b, ValueId x, IntegerLayer layer);
ValueId integer_depthwise(GraphBuilder& b, ValueId x, IntegerLayer layer);  // outputs: x's, or more
ValueId integer_dense(GraphBuilder& b, ValueId x, const IntegerLayer& layer);

ValueId integer_add(GraphBuilder& b, ValueId x, ValueId y);
ValueId integer_mul(GraphBuilder& b, ValueId x, ValueId y);
ValueId integer_pool(GraphBuilder& b, ValueId x, PoolAttrs window);
ValueId lookup(GraphBuilder& b, ValueId x, const std::vector<int8_t>& table);
ValueId random_int8(GraphBuilder& b, Shape shape);  // a constant

// Sets of operands for a graph of int8 and float32 inputs: random ones, all elements least, all
// greatest, and two that alternate.
std::vector<std::vector<Tensor>> extreme_inputs(const Graph& graph, uint32_t seed);

}  // namespace motec::test
