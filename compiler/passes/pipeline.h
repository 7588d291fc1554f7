// The ordered list of passes.
#pragma once
#include <cstdint>
#include <limits>
#include <string>

#include "ir/graph.h"

namespace motec {

struct PassOptions {
  std::string dump;          // "after:PASS", "before:PASS" or "all": prints the graph to stderr
  bool prune = true;         // removes constant channels of integer layers
  bool verify_each = false;  // evaluates the graph before and after each pass on random inputs
  int64_t rewrite_limit = std::numeric_limits<int64_t>::max();  // matches, over all passes
};

struct PassCtx {
  int64_t rewrites_left;
};

struct Pass {
  std::string_view name;
  bool (*run)(Graph&, PassCtx&);  // whether anything changed
};

// The canonical form that the quantizer expects, for a graph in float: what can be folded into
// weights is, channels are innermost, activations stand alone.
void prepare_for_quantizer(Graph& graph);

// Canonical form, fusions and layout. Fails with E1120 when options.dump names no pass.
void run_passes(Graph& graph, const PassOptions& options);

}  // namespace motec
