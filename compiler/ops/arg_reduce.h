// Positions of the greatest or least elements along one dimension.
#pragma once
#include "ir/op_def.h"
#include "mote/arg_reduce.h"

namespace motec {

// What comes first in an order of elements.
enum class Extreme : uint8_t { Greatest, Least };

std::string_view name_of(Extreme extreme);
// The comparison by which an element comes before another: "mote::fn::Greater"
std::string functor(Extreme extreme);

// Result: int64.
struct ArgReduceAttrs {
  Extreme extreme = Extreme::Greatest;
  int axis = 0;
  bool keepdims = true;
  bool select_last = false;  // of equal elements
  MOTE_FIELDS(extreme, axis, keepdims, select_last)
  bool operator==(const ArgReduceAttrs&) const = default;
};

mote::ArgReduceShape arg_reduce_shape(const ArgReduceAttrs& attrs, const Shape& x);

namespace ops {
extern const OpDef arg_reduce;
}

}  // namespace motec
