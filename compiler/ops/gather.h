// Picks elements by index. Gather picks slices along one axis; GatherElements and GatherND have
// indices that vary from element to element, or name several dimensions at once.
// Operands: the tensor, the indices (int32 or int64). Constant indices are in [0, n).
#pragma once
#include "ir/op_def.h"
#include "mote/gather.h"
#include "mote/gather_nd.h"

namespace motec {

// The result has the indices' dimensions in place of the axis.
struct GatherAttrs {
  int axis = 0;  // >= 0
  MOTE_FIELDS(axis)
  bool operator==(const GatherAttrs&) const = default;
};

struct GatherElementsAttrs {
  int axis = 0;  // >= 0
  MOTE_FIELDS(axis)
  bool operator==(const GatherElementsAttrs&) const = default;
};

struct GatherNdAttrs {
  int64_t batch_dims = 0;
  MOTE_FIELDS(batch_dims)
  bool operator==(const GatherNdAttrs&) const = default;
};

mote::GatherShape gather_shape(const GatherAttrs& attrs, const Shape& x, const Shape& index);
mote::GatherElementsShape gather_elements_shape(const GatherElementsAttrs& attrs, const Shape& x,
                                                const Shape& index);
mote::GatherNdShape gather_nd_shape(const GatherNdAttrs& attrs, const Shape& x, const Shape& index);

// Fails with E3113 unless `indices` is of an integer type that kernels read, and, where it is
// constant, leads into [0, n).
void require_indices(std::string_view what, const Type& type, const Tensor* constant, int64_t n);

// Calls body.template operator()<I>() with the type of the indices.
template <class Body>
void dispatch_index(DType dtype, Body body) {
  dtype == DType::S32 ? body.template operator()<int32_t>() : body.template operator()<int64_t>();
}

namespace ops {
extern const OpDef gather, gather_elements, gather_nd;
}

}  // namespace motec
