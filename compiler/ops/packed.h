// What operators make of their constant operands for evaluation: once for many evaluations
// (OpDef::prepare), or on the spot.
#pragma once
#include <optional>
#include <vector>

#include "ir/op_def.h"

namespace motec {

// Weights and bias in the order in which float kernels read them.
struct PackedWeights {
  std::vector<float> weights, bias;
};

// What the op's `prepare` made, or else what `make` makes now.
template <class P>
class Prepared {
 public:
  template <class Make>
  Prepared(const EvalCtx& ctx, Make make) : given_(static_cast<const P*>(ctx.prepared)) {
    if (!given_) given_ = &made_.emplace(make());
  }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  const P* operator->() const { return given_; }

 private:
  std::optional<P> made_;
  const P* given_;
};

// Operand `i`, or null where it is absent.
inline const Tensor* optional_operand(const std::vector<const Tensor*>& in, size_t i) {
  return i < in.size() ? in[i] : nullptr;
}

}  // namespace motec
