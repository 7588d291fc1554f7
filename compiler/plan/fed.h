// An input whose rows the caller hands over one by one, so that it never stands whole in memory.
#pragma once
#include <string>

#include "plan/streaming.h"

namespace motec {

// The root of the input `name`, whose rows go through all layers that read it. Fails with E1115 if
// there is no such input, and with E4103, naming the layer and the reason, if rows do not get
// through.
size_t fed_input(const Program& program, const Values& values, const RowCalls& rows,
                 const std::string& name);

}  // namespace motec
