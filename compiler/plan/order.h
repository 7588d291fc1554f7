// Operator order: which topological order keeps the fewest bytes alive at once.
#pragma once
#include "ir/graph.h"

namespace motec {

// The peak of live bytes when the ops run in the order they stand in. Results that take over an
// operand's memory are not credited: order is judged before kernels are known.
int64_t peak_live_bytes(const Graph& graph);

// Reorders graph.ops for the smallest peak: exactly where the number of reachable states is small
// (every model without wide parallel branches), otherwise the better of the given order and a
// greedy one. Ties keep the given order.
void order_ops(Graph& graph);

}  // namespace motec
