// One pass on one small graph: the text before and after, and equal results.
#pragma once
#include <string>

#include "passes/passes.h"
#include "support/graph_builder.h"

namespace motec::test {

struct PassCase {
  const char* name;  // of the expected text, below tests/passes/expected/
  bool (*pass)(Graph&, PassCtx&);
  void (*build)(GraphBuilder&);
};

// Runs the pass, verifies the graph, evaluates it before and after on random inputs, and compares
// its text with the expected one. A second run must find nothing more to do. Returns what is wrong,
// or "".
std::string problem_of(const PassCase& c);

}  // namespace motec::test
