// Fully connected layer in integers. Operands, of which all but x are constant: x int8 or int16
// [..., K]; weights int8, or int16 if they had a zero point, [N, K]; bias int32 [N], with the zero
// point of x folded in; multipliers int32 [N] ([2 N] for Wide). Result [..., N].
#pragma once
#include "ir/op_def.h"
#include "mote/gemm_s8.h"
#include "ops/store.h"

namespace motec {

struct QDenseAttrs {
  Store store = {};
  MOTE_FIELDS(store)
  bool operator==(const QDenseAttrs&) const = default;
};

mote::GemmS8Shape qgemm_shape(const Store& store, const Shape& x, const Shape& w);

namespace ops {
extern const OpDef qdense;
}

}  // namespace motec
