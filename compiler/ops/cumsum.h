// Running sums along one dimension.
#pragma once
#include "ir/op_def.h"
#include "mote/cumsum.h"

namespace motec {

struct CumSumAttrs {
  int axis = 0;
  bool exclusive = false;  // an element is not part of its own sum
  bool reverse = false;    // from the last element to the first
  MOTE_FIELDS(axis, exclusive, reverse)
  bool operator==(const CumSumAttrs&) const = default;
};

mote::CumSumShape cumsum_shape(const CumSumAttrs& attrs, const Shape& x);

namespace ops {
extern const OpDef cumsum;
}

}  // namespace motec
