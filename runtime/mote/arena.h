// Typed access to the arena and to the state, which are plain bytes to their owner.
#pragma once
#include <string.h>

#include "config.h"

namespace mote {

template <class T>
MOTE_INLINE T* at(void* base, uint32_t offset) {
  return reinterpret_cast<T*>(static_cast<uint8_t*>(base) + offset);
}

template <class T>
MOTE_INLINE const T* at(const void* base, uint32_t offset) {
  return reinterpret_cast<const T*>(static_cast<const uint8_t*>(base) + offset);
}

}  // namespace mote
