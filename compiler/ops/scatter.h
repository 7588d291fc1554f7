// Copies a tensor with updates at places that indices name. Operands: the tensor, the indices
// (int32 or int64), the updates, of which there is at least one.
#pragma once
#include "ir/op_def.h"
#include "mote/scatter.h"

namespace motec {

// What becomes of an element that is updated.
enum class ScatterFn : uint8_t { Replace, Add, Mul, Max, Min };

std::string_view name_of(ScatterFn fn);

struct ScatterElementsAttrs {
  int axis = 0;  // >= 0
  ScatterFn fn = ScatterFn::Replace;
  MOTE_FIELDS(axis, fn)
  bool operator==(const ScatterElementsAttrs&) const = default;
};

struct ScatterNdAttrs {
  ScatterFn fn = ScatterFn::Replace;
  MOTE_FIELDS(fn)
  bool operator==(const ScatterNdAttrs&) const = default;
};

mote::ScatterElementsShape scatter_elements_shape(const ScatterElementsAttrs& attrs, const Shape& x,
                                                  const Shape& index);
mote::ScatterNdShape scatter_nd_shape(const Shape& x, const Shape& index);

namespace ops {
extern const OpDef scatter_elements, scatter_nd;
}

}  // namespace motec
