// The k greatest or least elements along one dimension, in order, with their positions (ONNX TopK).
#pragma once
#include "binary_fn.h"

namespace mote {

struct TopKShape {
  int32_t outer, n, inner;  // the operand as [outer, n, inner]
  int32_t k;                // 1 <= k <= n; the results are [outer, k, inner]
  MOTE_FIELDS(outer, n, inner, k)
};

// Before::apply(a, b) says that a comes before b: fn::Greater or fn::Less. Elements are inserted
// into the ordered results one by one, behind equal ones, so that of those the lower position
// comes first; it takes no memory, and at most n * k steps. The results may not overlap `x`.
template <class Before, class T, class S>
MOTE_KERNEL void topk(const S& s, const T* MOTE_RESTRICT x, T* MOTE_RESTRICT values,
                      int64_t* MOTE_RESTRICT indices) {
  for (int32_t o = 0; o < s.outer; ++o) {
    for (int32_t i = 0; i < s.inner; ++i) {
      const T* from = x + o * s.n * s.inner + i;
      T* value = values + o * s.k * s.inner + i;
      int64_t* index = indices + o * s.k * s.inner + i;
      for (int32_t j = 0; j < s.n; ++j, from += s.inner) {
        const T v = *from;
        const int32_t last = s.k - 1;
        if (j > last && !Before::apply(v, value[last * s.inner])) continue;
        int32_t at = j > last ? last : j;
        for (; at > 0 && Before::apply(v, value[(at - 1) * s.inner]); --at) {
          value[at * s.inner] = value[(at - 1) * s.inner];
          index[at * s.inner] = index[(at - 1) * s.inner];
        }
        value[at * s.inner] = v;
        index[at * s.inner] = j;
      }
    }
  }
}

}  // namespace mote
