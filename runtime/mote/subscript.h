// How an index that a model computes becomes a position in a tensor. Kernels check nothing, so an
// index must not lead outside the tensor, whatever its value.
#pragma once
#include "config.h"

namespace mote {

// Policies by which kernels read their indices.
struct AnyIndex {  // made at run time: negative ones count from the end, the rest is clamped
  template <class I>
  static MOTE_INLINE int32_t at(I index, int32_t n) {
    const I wrapped = index < I(0) ? I(index + I(n)) : index;
    return wrapped < I(0) ? 0 : wrapped >= I(n) ? n - 1 : (int32_t)wrapped;
  }
};
struct KnownIndex {  // constant: the compiler has checked that it is in [0, n)
  template <class I>
  static MOTE_INLINE int32_t at(I index, int32_t) {
    return (int32_t)index;
  }
};

}  // namespace mote
