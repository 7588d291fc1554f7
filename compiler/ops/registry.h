// Every core operator.
#pragma once
#include <span>

#include "ir/op_def.h"

namespace motec {

std::span<const OpDef* const> all_ops();

}  // namespace motec
