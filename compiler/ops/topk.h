// The k greatest or least elements along one dimension, in order; of equal ones the lower position
// comes first.
#pragma once
#include "mote/topk.h"
#include "ops/arg_reduce.h"

namespace motec {

// Results: values, and positions as int64.
struct TopKAttrs {
  Extreme extreme = Extreme::Greatest;
  int axis = 0;
  int64_t k = 1;
  MOTE_FIELDS(extreme, axis, k)
  bool operator==(const TopKAttrs&) const = default;
};

mote::TopKShape topk_shape(const TopKAttrs& attrs, const Shape& x);

namespace ops {
extern const OpDef topk;
}

}  // namespace motec
