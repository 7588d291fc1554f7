// Convolutions, pools and matrix products as core ops, for every ONNX operator that has one inside.
// Attributes are read from the node; the operands are given.
#pragma once
#include <functional>

#include "import/node.h"
#include "ops/pool.h"

namespace motec {

// Conv-22. The weights [O, I/groups, ...] and the bias (optional) must be constants; `at` is the
// weights' place among the node's operands, for messages.
ValueId make_conv(Node& n, ValueId x, ValueId w, ValueId bias, size_t at);
ValueId make_pool(Node& n, PoolKind kind, ValueId x);
// Gemm-13: alpha * A' * B' + beta * C.
ValueId make_gemm(Node& n, ValueId a, ValueId b, ValueId c);
// MatMul-13, with operands of any rank.
ValueId make_matmul(Node& n, ValueId a, ValueId b);
// The same with any `product` of operands of at least two dimensions, whose batches are equal or of
// one matrix.
using Product = std::function<ValueId(ValueId a, ValueId b)>;
ValueId make_product(Node& n, ValueId a, ValueId b, const Product& product);

}  // namespace motec
