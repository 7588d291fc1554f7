// Softmax of int8 values. Operands: x, and the table of exponentials, int32 [256].
#pragma once
#include "ir/op_def.h"
#include "mote/softmax_s8.h"

namespace motec {

struct QSoftmaxAttrs {
  int axis = 0;                       // >= 0
  int32_t inverse_scale = 0, zp = 0;  // of the result, see runtime/mote/softmax_s8.h
  MOTE_FIELDS(axis, inverse_scale, zp)
  bool operator==(const QSoftmaxAttrs&) const = default;
};

mote::SoftmaxS8Shape qsoftmax_shape(const QSoftmaxAttrs& attrs, const Shape& x);
// The table for operands of this scale.
Tensor softmax_table(float scale);

namespace ops {
extern const OpDef qsoftmax;
}

}  // namespace motec
