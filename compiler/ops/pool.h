// Max, average and Lp pooling of NHWC maps.
#pragma once
#include <array>

#include "ir/op_def.h"
#include "mote/pool_f32.h"

namespace motec {

enum class PoolKind : uint8_t { Max, Average, Lp };
std::string_view name_of(PoolKind kind);

struct PoolAttrs {
  PoolKind kind = PoolKind::Max;
  std::array<int64_t, 2> kernel{1, 1}, stride{1, 1}, dilation{1, 1};
  std::array<int64_t, 4> pad{};  // top, left, bottom, right
  std::array<int64_t, 2> out{};  // rows and columns of the result; ceil_mode may add one
  bool count_include_pad = false;
  int64_t p = 2;
  MOTE_FIELDS(kind, kernel, stride, dilation, pad, out, count_include_pad, p)
  bool operator==(const PoolAttrs&) const = default;
};

mote::PoolShape pool_shape(const PoolAttrs& attrs, const Shape& x);

namespace ops {
extern const OpDef pool;
}

}  // namespace motec
