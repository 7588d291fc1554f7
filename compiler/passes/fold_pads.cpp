// Folds a Pad of zeros into the padding of the convolution that follows. Runs after
// sink-transposes: rows and columns are dimensions 1 and 2.
#include <algorithm>

#include "ir/rewriter.h"
#include "ops/conv2d.h"
#include "ops/pad.h"
#include "ops/qconv2d.h"
#include "passes/passes.h"
#include "passes/rules.h"

namespace motec {
namespace {

// The Pad that makes operand 0 of `op`, if it pads rows and columns with `value`.
const Op* pad_before(const Rewriter& r, const Op& op, double value) {
  const Op* pad = r.sole_producer(op.in[0], ops::pad);
  if (!pad) return nullptr;
  const Tensor* given = r.constant(pad->in[1]);
  if (!given || given->elements() != 1 || to_doubles(*given)[0] != value) return nullptr;
  const auto& p = pad->as<PadAttrs>();
  return p.begin[0] || p.end[0] || p.begin[3] || p.end[3] ? nullptr : pad;
}

template <class Attrs>
bool fold_pad(Rewriter& r, const Op& op, double value) {
  const Op* pad = pad_before(r, op, value);
  if (!pad) return false;
  const auto& p = pad->as<PadAttrs>();
  Attrs attrs = op.as<Attrs>();
  for (size_t i = 0; i < 2; ++i) {
    attrs.pad[i] += p.begin[1 + i];
    attrs.pad[2 + i] += p.end[1 + i];
  }
  std::vector<ValueId> in = op.in;
  in[0] = pad->in[0];
  r.replace(op.out[0], r.emit(*op.def, attrs, in, op.origin));
  return true;
}

bool fold_pad_into_conv2d(Rewriter& r, const Op& op) {
  return op.def == &ops::conv2d && fold_pad<Conv2dAttrs>(r, op, 0.0);
}

// Integer convolutions pad with the zero point of their operand.
bool fold_pad_into_qconv2d(Rewriter& r, const Op& op) {
  if (op.def != &ops::qconv2d) return false;
  const auto& a = op.as<QConv2dAttrs>();
  // Padding that is there already lies outside the Pad's, and has the same value.
  return fold_pad<QConv2dAttrs>(r, op, a.pad_value);
}

}  // namespace

bool fold_pads(Graph& graph, PassCtx& ctx) {
  std::vector<Rule> rules = simplify_rules();
  rules.push_back(fold_pad_into_conv2d);
  rules.push_back(fold_pad_into_qconv2d);
  return rewrite(graph, rules, ctx.rewrites_left);
}

}  // namespace motec
