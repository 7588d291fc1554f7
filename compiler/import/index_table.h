// Indices at import: constant ones are checked, made non-negative, and recognized where a slice
// does.
#pragma once
#include "import/node.h"

namespace motec {

Tensor s32_tensor(Shape shape, const std::vector<int64_t>& values);

// Operand `i`, which holds indices of a dimension of `n`. Constant ones become int32 in [0, n);
// what is outside [-n, n) is an error. Others are left to the kernel.
ValueId indices_in(Node& node, size_t i, int64_t n);

// The slices of x that the table names along an axis, in place of the axis. A table with an even
// step is a Slice.
ValueId pick(Node& node, ValueId x, int axis, const std::vector<int64_t>& table);

// The elements of x, taken as a list, that the table names, as a tensor of the given shape.
ValueId pick_elements(Node& node, ValueId x, const std::vector<int64_t>& table, Shape shape);

}  // namespace motec
