// Folds a Pad of zeros into the padding of the convolution that follows. Runs after
// sink-transposes: rows and columns are dimensions 1 and 2.
#include <algorithm>

#include "ir/rewriter.h"
#include "ops/conv2d.h"
#include "ops/pad.h"
#include "passes/passes.h"
#include "passes/rules.h"

namespace motec {
namespace {

bool fold_pad(Rewriter& r, const Op& op) {
  if (op.def != &ops::conv2d) return false;
  const Op* pad = r.sole_producer(op.in[0], ops::pad);
  if (!pad) return false;
  const Tensor* value = r.constant(pad->in[1]);
  if (!value || value->elements() != 1 || to_doubles(*value)[0] != 0.0) return false;
  const auto& p = pad->as<PadAttrs>();
  if (p.begin[0] || p.end[0] || p.begin[3] || p.end[3]) return false;
  Conv2dAttrs attrs = op.as<Conv2dAttrs>();
  for (size_t i = 0; i < 2; ++i) {
    attrs.pad[i] += p.begin[1 + i];
    attrs.pad[2 + i] += p.end[1 + i];
  }
  std::vector<ValueId> in = op.in;
  in[0] = pad->in[0];
  r.replace(op.out[0], r.emit(ops::conv2d, attrs, in, op.origin));
  return true;
}

}  // namespace

bool fold_pads(Graph& graph, PassCtx& ctx) {
  std::vector<Rule> rules = simplify_rules();
  rules.push_back(fold_pad);
  return rewrite(graph, rules, ctx.rewrites_left);
}

}  // namespace motec
