// The same elements under another shape: no code and no memory.
#pragma once
#include "ir/op_def.h"

namespace motec {

struct ReshapeAttrs {
  Shape shape;
  MOTE_FIELDS(shape)
  bool operator==(const ReshapeAttrs&) const = default;
};

namespace ops {
extern const OpDef reshape;
}

}  // namespace motec
