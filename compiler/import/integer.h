// ConvInteger-10 and MatMulInteger-10: exact int32 sums, without scales. Zero points of activations
// may be known at run time only (DynamicQuantizeLinear makes them); weights must be constants.
#pragma once
#include "import/node.h"

namespace motec {

ValueId make_integer_conv(Node& n);
ValueId make_integer_matmul(Node& n);

}  // namespace motec
