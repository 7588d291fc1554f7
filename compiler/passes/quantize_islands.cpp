// Integer operators from float ones between Dequantize and Quantize. Every rewriting keeps the
// meaning that ONNX gives the graph, up to the one rounding of the result. What has no integer form
// stays float. Runs after sink-transposes, which brings the operators together, and before
// fold-affine, which changes weights and so loses the integers that they were.
#include "passes/passes.h"
#include "passes/quantized.h"
#include "passes/rules.h"

namespace motec {

std::optional<QuantizedValue> behind_dequantize(const Rewriter& r, ValueId id) {
  const Op* op = r.producer(id);
  if (!op || op->def != &ops::dequantize) return {};
  const auto& a = op->as<DequantizeAttrs>();
  const DType dtype = r.type(op->in[0]).dtype;
  if (!a.per_tensor() || (dtype != DType::S8 && dtype != DType::S16)) return {};
  return QuantizedValue{op->in[0], dtype, {a.scale[0], a.zero_point[0]}};
}

std::optional<Affine> as_quantize(const Op& op) {
  if (op.def != &ops::quantize) return {};
  const auto& a = op.as<QuantizeAttrs>();
  if (!a.per_tensor() || (a.to != DType::S8 && a.to != DType::S16)) return {};
  return Affine{a.scale[0], a.zero_point[0]};
}

std::optional<Store> clamped_store(const UnaryAttrs& act, const Affine& y, DType out) {
  Store store{.out = out, .zp = y.zp, .lo = lowest_of(out), .hi = highest_of(out)};
  // Rounding is monotone: clamping before it is clamping to the rounded limits after it.
  const auto rounded = [&](float limit) {
    return mote::quantize_one(store, limit, 1.0f / static_cast<float>(y.scale), y.zp);
  };
  switch (act.fn) {
    case UnaryFn::Identity:
      return store;
    case UnaryFn::Relu:
      store.lo = y.zp;
      return store;
    case UnaryFn::Clip: {
      const int32_t lo = rounded(act.alpha), hi = rounded(act.beta);
      store.lo = lo;
      store.hi = hi;
      return lo <= hi ? std::optional(store) : std::nullopt;
    }
    default:
      return {};
  }
}

std::optional<Quantized> operator_before(const Rewriter& r, const Op& quantize) {
  const auto y = as_quantize(quantize);
  if (!y) return {};
  const Op* op = r.producer(quantize.in[0]);
  UnaryAttrs act;
  if (op && op->def == &ops::unary) {
    act = op->as<UnaryAttrs>();
    op = r.producer(op->in[0]);
  }
  const auto store = clamped_store(act, *y, quantize.as<QuantizeAttrs>().to);
  if (!op || !store) return {};
  return Quantized{op, *store, *y};
}

bool quantize_islands(Graph& graph, PassCtx& ctx) {
  std::vector<Rule> rules = simplify_rules();
  for (const std::vector<Rule>& more :
       {quantize_moves_rules(), quantize_layers_rules(), quantize_elements_rules()})
    rules.insert(rules.end(), more.begin(), more.end());
  rules.push_back(make_lookup);
  bool changed = rewrite(graph, rules, ctx.rewrites_left);
  while (quantize_recurrent(graph, ctx.rewrites_left)) {
    changed = true;
    rewrite(graph, rules, ctx.rewrites_left);
  }
  return changed;
}

}  // namespace motec
