// y = act(fn(a, b)) with NumPy broadcasting.
#pragma once
#include "mote/binary.h"
#include "ops/unary.h"

namespace motec {

enum class BinaryFn : uint8_t {
#define MOTEC_BINARY(name, types, result) name,
#include "ops/binary_fn.inc"
#undef MOTEC_BINARY
};

std::string_view name_of(BinaryFn fn);

struct BinaryAttrs {
  BinaryFn fn = BinaryFn::Add;
  Activation act = {};  // float32 only
  MOTE_FIELDS(fn, act)
  bool operator==(const BinaryAttrs&) const = default;
};

mote::BinaryShape binary_shape(const BinaryAttrs& attrs, const Shape& a, const Shape& b);

namespace ops {
extern const OpDef binary;
}

}  // namespace motec
