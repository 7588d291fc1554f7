// Resizes one axis of a float32 tensor: every result is a weighted sum of neighbouring elements.
// Operands: the tensor, the first element of each sum (int32 [count], constant), the weights
// (float32 [count, taps], constant).
#pragma once
#include "ir/op_def.h"
#include "mote/resample.h"

namespace motec {

struct ResampleAttrs {
  int axis = 0;  // >= 0
  MOTE_FIELDS(axis)
  bool operator==(const ResampleAttrs&) const = default;
};

mote::ResampleShape resample_shape(const ResampleAttrs& attrs, const Shape& x,
                                   const Shape& weights);

namespace ops {
extern const OpDef resample;
}

}  // namespace motec
