// Moves an activation into the store of the operator that makes its operand.
#include "ir/rewriter.h"
#include "ops/binary.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose.h"
#include "ops/dense.h"
#include "ops/matmul.h"
#include "passes/passes.h"
#include "passes/rules.h"

namespace motec {
namespace {

// The activation slot of an op that has one.
template <class Ops>
Activation* activation_slot(Ops& op) {
  if (op.def == &ops::conv2d) return &op.template as<Conv2dAttrs>().act;
  if (op.def == &ops::conv_transpose2d) return &op.template as<ConvTranspose2dAttrs>().act;
  if (op.def == &ops::dense) return &op.template as<DenseAttrs>().act;
  if (op.def == &ops::matmul) return &op.template as<MatMulAttrs>().act;
  if (op.def == &ops::binary) return &op.template as<BinaryAttrs>().act;
  return nullptr;
}

bool fuse(Rewriter& r, const Op& op) {
  if (op.def != &ops::unary || r.type(op.out[0]).dtype != DType::F32) return false;
  const auto& act = op.as<UnaryAttrs>();
  const Op* before = r.producer(op.in[0]);
  if (!before || r.use_count(op.in[0]) != 1 || r.type(op.in[0]).dtype != DType::F32) return false;
  Op fused = *before;
  Activation* slot = activation_slot(fused);
  if (!slot || slot->fn != UnaryFn::Identity) return false;
  *slot = act;
  r.replace(op.out[0], r.emit(*fused.def, fused.attrs, fused.in, fused.origin));
  return true;
}

}  // namespace

bool fuse_activations(Graph& graph, PassCtx& ctx) {
  std::vector<Rule> rules = simplify_rules();
  rules.push_back(fuse);
  for (const Rule rule : sink_reshapes_rules()) rules.push_back(rule);
  return rewrite(graph, rules, ctx.rewrites_left);
}

}  // namespace motec
