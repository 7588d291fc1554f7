#include "ir/rewriter.h"
#include "passes/passes.h"

namespace motec {

bool drop_dead(Graph& graph, PassCtx&) { return drop_dead_ops(graph); }

}  // namespace motec
