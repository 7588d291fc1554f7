// NEON with dot products (Armv8.2-A and later).
#pragma once
#include "scalar_s8.h"

namespace mote::isa {

struct DotS8 : ScalarS8 {
  static constexpr const char* kName = "dot";
};

}  // namespace mote::isa
