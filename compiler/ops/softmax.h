// Softmax, LogSoftmax and Hardmax along one dimension.
#pragma once
#include "ir/op_def.h"
#include "mote/softmax.h"

namespace motec {

enum class SoftmaxKind : uint8_t { Softmax, LogSoftmax, Hardmax };

std::string_view name_of(SoftmaxKind kind);

struct SoftmaxAttrs {
  SoftmaxKind kind = SoftmaxKind::Softmax;
  int axis = 0;
  MOTE_FIELDS(kind, axis)
  bool operator==(const SoftmaxAttrs&) const = default;
};

mote::SoftmaxShape softmax_shape(const SoftmaxAttrs& attrs, const Shape& x);

namespace ops {
extern const OpDef softmax;
}

}  // namespace motec
