// Integers of one scale and type as those of another, where at least one of them is int16: between
// int8 values that is a Lookup.
#pragma once
#include "ir/op_def.h"
#include "mote/rescale.h"
#include "ops/store.h"

namespace motec {

struct RescaleAttrs {
  int32_t in_zp = 0, mult = 0;
  Store store = {};  // High
  MOTE_FIELDS(in_zp, mult, store)
  bool operator==(const RescaleAttrs&) const = default;
};

mote::RescaleShape rescale_shape(const RescaleAttrs& attrs, const Shape& x);

namespace ops {
extern const OpDef rescale;
}

}  // namespace motec
