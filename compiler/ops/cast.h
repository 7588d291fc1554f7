// Conversion between element types.
#pragma once
#include "ir/op_def.h"
#include "mote/cast.h"

namespace motec {

struct CastAttrs {
  DType to = DType::F32;
  MOTE_FIELDS(to)
  bool operator==(const CastAttrs&) const = default;
};

// Type argument of mote::cast for an element type: float16 and bool are no plain C++ types.
std::string cast_type(DType dtype);

namespace ops {
extern const OpDef cast;
}

}  // namespace motec
