// A window over a stream moves on: the oldest rows leave it, and new ones come in.
#pragma once
#include "ir/op_def.h"
#include "mote/slide.h"

namespace motec {

// Operands: the window, and the new rows, of which there are fewer along the axis. The result is
// the next window.
struct SlideAttrs {
  int axis = 0;  // >= 0
  MOTE_FIELDS(axis)
  bool operator==(const SlideAttrs&) const = default;
};

mote::SlideShape slide_shape(const SlideAttrs& attrs, const Shape& window, const Shape& rows);

namespace ops {
extern const OpDef slide;
}

}  // namespace motec
