// Rules that several passes run beside their own.
#pragma once
#include <vector>

#include "ir/rewriter.h"

namespace motec {

// Those of simplify.cpp: rewriting leaves identities and chains of Reshapes behind.
std::vector<Rule> simplify_rules();

// Those of sink_reshapes.cpp: elementwise ops move up through Reshapes, towards what makes their
// operand.
std::vector<Rule> sink_reshapes_rules();

// Those of sink_axes.cpp, a part of sink_transposes.
std::vector<Rule> sink_axes_rules();

}  // namespace motec
