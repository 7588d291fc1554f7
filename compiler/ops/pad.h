// Surrounds a tensor with a constant. Operands: the tensor, the constant (a scalar of its type).
#pragma once
#include "ir/op_def.h"
#include "mote/pad.h"

namespace motec {

struct PadAttrs {
  std::vector<int64_t> begin, end;  // elements before and after, per dimension; >= 0
  MOTE_FIELDS(begin, end)
  bool operator==(const PadAttrs&) const = default;
};

mote::PadShape pad_shape(const PadAttrs& attrs, const Shape& x);

namespace ops {
extern const OpDef pad;
}

}  // namespace motec
