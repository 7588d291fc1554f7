// y[i] = F(x[i]).
#pragma once
#include "unary_fn.h"

namespace mote {

struct UnaryShape {
  int32_t count;      // elements
  float alpha, beta;  // parameters of F, if it has any
  MOTE_FIELDS(count, alpha, beta)
};

// `y` may be `x`. To is what F returns for a From: the same type, or uint8_t (bool) for tests.
template <class F, class From, class To, class S>
MOTE_KERNEL void unary(const S& s, const From* x, To* y) {
  for (int32_t i = 0; i < s.count; ++i) y[i] = F::apply(s, x[i]);
}

}  // namespace mote
