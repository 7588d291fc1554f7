// Operators that only move elements: Transpose, Slice, Expand. All three run as one strided walk.
#pragma once
#include "ir/op_def.h"
#include "mote/strided_copy.h"

namespace motec {

struct TransposeAttrs {
  std::vector<int> perm;  // result dimension i is operand dimension perm[i]
  MOTE_FIELDS(perm)
  bool operator==(const TransposeAttrs&) const = default;
};

// Result dimension d runs over operand positions start[d] + i * step[d], i < size[d].
struct SliceAttrs {
  std::vector<int64_t> start, step, size;
  MOTE_FIELDS(start, step, size)
  bool operator==(const SliceAttrs&) const = default;
};

struct ExpandAttrs {
  Shape shape;  // the result's; the operand is broadcast to it
  MOTE_FIELDS(shape)
  bool operator==(const ExpandAttrs&) const = default;
};

// The walk of any of the three operators.
mote::StridedCopyShape move_shape(const Op& op, const Shape& x, const Shape& y);

Shape permuted(const Shape& shape, const std::vector<int>& perm);
std::vector<int> inverse(const std::vector<int>& perm);

namespace ops {
extern const OpDef transpose, slice, expand;
}

}  // namespace motec
