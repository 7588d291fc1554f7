// Max and average pooling of int8 or int16 maps, NHWC. An average has one more operand: the
// multipliers for a mean over 1, 2, ... cells, int32 [largest number of cells].
#pragma once
#include "mote/pool_s8.h"
#include "ops/pool.h"
#include "ops/store.h"

namespace motec {

struct QPoolAttrs {
  PoolAttrs window = {};    // kind Max or Average
  int32_t in_zp = 0;        // of an average's operand
  int32_t first_cells = 1;  // of an average: the number of cells that the first multiplier is for
  Store store = {};         // of an average: High
  MOTE_FIELDS(window, in_zp, first_cells, store)
  bool operator==(const QPoolAttrs&) const = default;
};

mote::PoolS8Shape qpool_shape(const QPoolAttrs& attrs, const Shape& x);

namespace ops {
extern const OpDef qpool;
}

}  // namespace motec
