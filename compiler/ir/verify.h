// Checks that a graph is well formed: every operand is defined before its use, every result is made
// once, and every type is what inference says. Runs after every pass; a failure is a bug in motec.
#pragma once
#include <string_view>

#include "ir/graph.h"

namespace motec {

void verify(const Graph& graph, std::string_view after);

}  // namespace motec
