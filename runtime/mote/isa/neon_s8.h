// NEON of AArch64 and Armv7-A without dot products.
#pragma once
#include "scalar_s8.h"

namespace mote::isa {

struct NeonS8 : ScalarS8 {
  static constexpr const char* kName = "neon";
};

}  // namespace mote::isa
