// Cortex-M with the DSP extension (M4, M7, M33, M35P).
#pragma once
#include "scalar_s8.h"

namespace mote::isa {

struct DspS8 : ScalarS8 {
  static constexpr const char* kName = "dsp";
};

}  // namespace mote::isa
