// Any function of one int16 value, as int8 or int16. Operands: x, the blocks of its table (uint16
// [64]), and the knots (int16 [n]); see runtime/mote/lookup_s16.h.
#pragma once
#include "ir/op_def.h"
#include "mote/lookup_s16.h"
#include "ops/store.h"

namespace motec {

struct LookupS16Attrs {
  DType out = DType::S16;
  MOTE_FIELDS(out)
  bool operator==(const LookupS16Attrs&) const = default;
};

namespace ops {
extern const OpDef lookup_s16;
}

}  // namespace motec
