// Operator order: which topological order keeps the fewest bytes alive at once.
#pragma once
#include "ir/graph.h"

namespace motec {

// What is known of an order. Bytes are those of the values alive while an op runs; results that
// take over an operand's memory are not credited: order is judged before kernels are known.
struct OrderFacts {
  int64_t peak_bytes = 0;
  int64_t lower_bound = 0;  // no order has a smaller peak
  bool optimal() const { return peak_bytes == lower_bound; }
};

// The peak of live bytes when the ops run in the order they stand in.
int64_t peak_live_bytes(const Graph& graph);

// Reorders graph.ops for the smallest peak: exactly where the number of reachable states is small
// (every model without wide parallel branches), otherwise the better of the given order and a
// greedy one. Ties keep the given order. Beyond `max_states` visited states the exact search gives
// up; 20 000 take a few milliseconds.
OrderFacts order_ops(Graph& graph, size_t max_states = 20000);

}  // namespace motec
