// Makes every graph output something that the last steps leave in memory.
#pragma once
#include "ir/graph.h"

namespace motec {

// Appends copies: of outputs that are constants or old values of a state, and of state outputs into
// their state inputs' memory. Runs after the operators have been ordered, because the copies into
// the state must stay last.
void copy_ports(Graph& graph);

}  // namespace motec
