// Joins any number of tensors along an axis.
#pragma once
#include "ir/op_def.h"
#include "mote/concat.h"

namespace motec {

struct ConcatAttrs {
  int axis = 0;  // >= 0
  MOTE_FIELDS(axis)
  bool operator==(const ConcatAttrs&) const = default;
};

// The part of each operand, for operands and result of these shapes.
std::vector<mote::ConcatPart> concat_parts(const ConcatAttrs& attrs,
                                           const std::vector<const Shape*>& in, const Shape& out);

namespace ops {
extern const OpDef concat;
}

}  // namespace motec
