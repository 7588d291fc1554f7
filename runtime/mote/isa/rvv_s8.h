// RISC-V V 1.0, any VLEN from 128 bits.
#pragma once
#include "scalar_s8.h"

namespace mote::isa {

struct RvvS8 : ScalarS8 {
  static constexpr const char* kName = "rvv";
};

}  // namespace mote::isa
