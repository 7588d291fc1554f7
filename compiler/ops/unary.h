// y[i] = fn(x[i]), and the activation that other operators apply to their results.
#pragma once
#include "ir/op_def.h"
#include "mote/unary.h"

namespace motec {

enum class UnaryFn : uint8_t {
#define MOTEC_UNARY(name, types) name,
#include "ops/unary_fn.inc"
#undef MOTEC_UNARY
};

std::string_view name_of(UnaryFn fn);

// `alpha` and `beta` are the parameters of the function, as runtime/mote/unary_fn.h reads them.
struct UnaryAttrs {
  UnaryFn fn = UnaryFn::Identity;
  float alpha = 0, beta = 0;
  MOTE_FIELDS(fn, alpha, beta)
  bool operator==(const UnaryAttrs&) const = default;
};

// A function fused into the store of another operator.
using Activation = UnaryAttrs;

// "mote::fn::Relu"
std::string functor(UnaryFn fn);

// Applies an activation in place to the float32 result of an operator that fuses it. Emitted code
// applies it in the kernel's store, with the same bits.
void apply_activation(const Activation& act, Tensor& tensor);

namespace ops {
extern const OpDef unary;
}

}  // namespace motec
