// Which layers keep their weights as they are where memory does not suffice for expanding all.
#pragma once
#include <optional>

#include "plan/program.h"

namespace motec {

// The result of the step whose expanded weights (Weights::Expanded) save the fewest cycles for
// their bytes; empty if there are none.
std::optional<ValueId> least_worthwhile(const Program& program);
// The results of all such steps, those during which most bytes are alive first.
std::vector<ValueId> expanded_by_memory(const Program& program);

}  // namespace motec
