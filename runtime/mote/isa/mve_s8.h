// Helium (MVE), integers.
#pragma once
#include "scalar_s8.h"

namespace mote::isa {

struct MveS8 : ScalarS8 {
  static constexpr const char* kName = "mve";
};

}  // namespace mote::isa
