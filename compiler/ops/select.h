// y = condition ? a : b, element by element, with NumPy broadcasting of all three.
#pragma once
#include "ir/op_def.h"
#include "mote/select.h"

namespace motec {

mote::SelectShape select_shape(const Shape& condition, const Shape& a, const Shape& b);

namespace ops {
extern const OpDef select;
}

}  // namespace motec
