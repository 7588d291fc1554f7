// Reductions as importers build them.
#pragma once
#include "import/node.h"
#include "ops/reduce.h"

namespace motec {

// Reduces `x` over `axes` (in any order, no negative ones, none twice). Over dimensions of 1 only,
// a sum, product, mean or extreme is the operand itself.
//
//   const ValueId mean = reduce(n, ReduceKind::Mean, x, {2, 3}, /*keepdims=*/true);
ValueId reduce(Node& n, ReduceKind kind, ValueId x, std::vector<int> axes, bool keepdims);

// log(sum(exp(x))), which does not overflow.
ValueId reduce_log_sum_exp(Node& n, ValueId x, const std::vector<int>& axes, bool keepdims);

// All dimensions of `x` from `first` on.
std::vector<int> axes_from(const Node& n, ValueId x, size_t first);

// A function of real numbers applied to any numbers: integers go through double and back.
ValueId real_unary(Node& n, UnaryFn fn, ValueId x);

}  // namespace motec
