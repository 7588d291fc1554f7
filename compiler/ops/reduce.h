// Reductions over a set of dimensions.
#pragma once
#include "ir/op_def.h"
#include "mote/reduce.h"

namespace motec {

enum class ReduceKind : uint8_t { Sum, Mean, Prod, Max, Min, SumAbs, SumSquare };

std::string_view name_of(ReduceKind kind);
// "mote::fold::Sum"
std::string functor(ReduceKind kind);

struct ReduceAttrs {
  ReduceKind kind = ReduceKind::Sum;
  std::vector<int> axes;  // ascending; need not be neighbours
  bool keepdims = true;   // reduced dimensions stay, as 1
  MOTE_FIELDS(kind, axes, keepdims)
  bool operator==(const ReduceAttrs&) const = default;
};

mote::ReduceShape reduce_shape(const ReduceAttrs& attrs, const Shape& x);

namespace ops {
extern const OpDef reduce;
}

}  // namespace motec
