// Softmax of int8 values as int8, or of int16 values as either. Operands: x, and the table of
// exponentials, int32 [256], of int16 values [512].
#pragma once
#include "ir/op_def.h"
#include "mote/softmax_s8.h"
#include "ops/store.h"

namespace motec {

struct QSoftmaxAttrs {
  int axis = 0;                       // >= 0
  int32_t inverse_scale = 0, zp = 0;  // of the result, see runtime/mote/softmax_s8.h
  DType out = DType::S8;
  MOTE_FIELDS(axis, inverse_scale, zp, out)
  bool operator==(const QSoftmaxAttrs&) const = default;
};

mote::SoftmaxS8Shape qsoftmax_shape(const QSoftmaxAttrs& attrs, const Shape& x);
// The table for operands of this scale and type, int8 or int16.
Tensor softmax_table(float scale, DType dtype);

namespace ops {
extern const OpDef qsoftmax;
}

}  // namespace motec
