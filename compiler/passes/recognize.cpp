// Recognizes activations that exporters spell out in several operators: x * Sigmoid(x) is Silu, and
// so on. One op costs one pass over memory, and can be fused into the operator before.
#include <cmath>
#include <optional>

#include "ir/rewriter.h"
#include "ops/binary.h"
#include "passes/passes.h"
#include "passes/rules.h"

namespace motec {
namespace {

// A Binary of this function without activation.
const Op* binary_of(const Rewriter& r, ValueId id, BinaryFn fn) {
  const Op* op = r.producer(id);
  const bool is = op && op->def == &ops::binary && op->as<BinaryAttrs>() == BinaryAttrs{fn, {}};
  return is ? op : nullptr;
}

const Op* unary_of(const Rewriter& r, ValueId id, UnaryFn fn) {
  const Op* op = r.producer(id);
  return op && op->def == &ops::unary && op->as<UnaryAttrs>().fn == fn ? op : nullptr;
}

// A constant of one element.
std::optional<float> scalar(const Rewriter& r, ValueId id) {
  const Tensor* tensor = r.constant(id);
  if (!tensor || tensor->dtype != DType::F32 || tensor->elements() != 1) return {};
  return tensor->data<float>()[0];
}

bool near(std::optional<float> value, double want) {
  return value && std::abs(*value - want) <= 1e-4 * std::abs(want);
}

// fn(x, constant) in either order of operands (if it commutes): x, and the constant.
struct WithScalar {
  ValueId x;
  float c;
};
std::optional<WithScalar> with_scalar(const Rewriter& r, const Op* op, bool commutes = true) {
  if (!op) return {};
  if (const auto c = scalar(r, op->in[1])) return WithScalar{op->in[0], *c};
  if (const auto c = scalar(r, op->in[0]); c && commutes) return WithScalar{op->in[1], *c};
  return {};
}

void become(Rewriter& r, const Op& op, UnaryAttrs attrs, ValueId x) {
  r.replace(op.out[0], r.emit(ops::unary, attrs, {x}, op.origin));
}

bool is_plain(const Op& op, BinaryFn fn) {
  return op.def == &ops::binary && op.as<BinaryAttrs>() == BinaryAttrs{fn, {}};
}

// x * f(x) with the same x: Silu, HardSwish, Mish.
bool self_gated(Rewriter& r, const Op& op) {
  if (!is_plain(op, BinaryFn::Mul)) return false;
  for (size_t i = 0; i < 2; ++i) {
    const ValueId x = op.in[i];
    const Op* gate = r.producer(op.in[1 - i]);
    if (!gate || gate->def != &ops::unary) continue;
    const auto& a = gate->as<UnaryAttrs>();
    if (gate->in[0] == x && a.fn == UnaryFn::Sigmoid)
      return become(r, op, {UnaryFn::Silu, 0, 0}, x), true;
    if (gate->in[0] == x && a.fn == UnaryFn::HardSigmoid && near(a.alpha, 1.0 / 6) &&
        near(a.beta, 0.5))
      return become(r, op, {UnaryFn::HardSwish, 0, 0}, x), true;
    const Op* soft = unary_of(r, gate->in[0], UnaryFn::Softplus);
    if (a.fn == UnaryFn::Tanh && soft && soft->in[0] == x)
      return become(r, op, {UnaryFn::Mish, 0, 0}, x), true;
  }
  return false;
}

// Clip(x + 3, 0, 6) / 6, or * 1/6: HardSigmoid(1/6, 1/2).
bool relu6_gate(Rewriter& r, const Op& op) {
  const bool divides = is_plain(op, BinaryFn::Div);
  if (!divides && !is_plain(op, BinaryFn::Mul)) return false;
  const auto scaled = with_scalar(r, &op, !divides);
  if (!scaled || !near(scaled->c, divides ? 6.0 : 1.0 / 6)) return false;
  const Op* clip = unary_of(r, scaled->x, UnaryFn::Clip);
  if (!clip || clip->as<UnaryAttrs>().alpha != 0.0f || clip->as<UnaryAttrs>().beta != 6.0f)
    return false;
  const auto sum = with_scalar(r, binary_of(r, clip->in[0], BinaryFn::Add));
  if (!sum || sum->c != 3.0f || r.type(sum->x) != r.type(op.out[0])) return false;
  become(r, op, {UnaryFn::HardSigmoid, 1.0f / 6, 0.5f}, sum->x);
  return true;
}

// (x * Clip(x + 3, 0, 6)) / 6: the product is divided, not the gate.
bool relu6_swish(Rewriter& r, const Op& op) {
  const bool divides = is_plain(op, BinaryFn::Div);
  if (!divides && !is_plain(op, BinaryFn::Mul)) return false;
  const auto scaled = with_scalar(r, &op, !divides);
  if (!scaled || !near(scaled->c, divides ? 6.0 : 1.0 / 6)) return false;
  const Op* product = binary_of(r, scaled->x, BinaryFn::Mul);
  for (size_t i = 0; product && i < 2; ++i) {
    const Op* clip = unary_of(r, product->in[i], UnaryFn::Clip);
    if (!clip || clip->as<UnaryAttrs>().alpha != 0.0f || clip->as<UnaryAttrs>().beta != 6.0f)
      continue;
    const auto sum = with_scalar(r, binary_of(r, clip->in[0], BinaryFn::Add));
    if (!sum || sum->c != 3.0f || sum->x != product->in[1 - i]) continue;
    return become(r, op, {UnaryFn::HardSwish, 0, 0}, sum->x), true;
  }
  return false;
}

// 1 + Erf(x / sqrt(2)): x.
std::optional<ValueId> erf_term(const Rewriter& r, ValueId id) {
  const auto sum = with_scalar(r, binary_of(r, id, BinaryFn::Add));
  if (!sum || sum->c != 1.0f) return {};
  const Op* erf = unary_of(r, sum->x, UnaryFn::Erf);
  if (!erf) return {};
  const auto quotient = with_scalar(r, binary_of(r, erf->in[0], BinaryFn::Div), false);
  if (quotient && near(quotient->c, std::sqrt(2.0))) return quotient->x;
  const auto product = with_scalar(r, binary_of(r, erf->in[0], BinaryFn::Mul));
  if (product && near(product->c, std::sqrt(0.5))) return product->x;
  return {};
}

// Gelu, 0.5 * x * (1 + Erf(x / sqrt(2))), with its two products in any order.
bool erf_gelu(Rewriter& r, const Op& op) {
  if (!is_plain(op, BinaryFn::Mul)) return false;
  for (size_t i = 0; i < 2; ++i) {
    const ValueId a = op.in[i], b = op.in[1 - i];
    // (x * (1 + erf)) * 0.5
    if (const Op* inner = binary_of(r, a, BinaryFn::Mul); inner && near(scalar(r, b), 0.5)) {
      for (size_t k = 0; k < 2; ++k)
        if (const auto x = erf_term(r, inner->in[k]); x && *x == inner->in[1 - k])
          return become(r, op, {UnaryFn::Gelu, 0, 0}, *x), true;
    }
    const auto x = erf_term(r, a);
    if (!x) continue;
    // (1 + erf) * (x * 0.5)
    const auto half = with_scalar(r, binary_of(r, b, BinaryFn::Mul));
    if (half && near(half->c, 0.5) && half->x == *x)
      return become(r, op, {UnaryFn::Gelu, 0, 0}, *x), true;
  }
  // x * ((1 + erf) * 0.5)
  for (size_t i = 0; i < 2; ++i) {
    const auto half = with_scalar(r, binary_of(r, op.in[1 - i], BinaryFn::Mul));
    if (!half || !near(half->c, 0.5)) continue;
    if (const auto x = erf_term(r, half->x); x && *x == op.in[i])
      return become(r, op, {UnaryFn::Gelu, 0, 0}, *x), true;
  }
  return false;
}

// Max(x, 0) is Relu; Min(Max(x, a), b) is Clip; PRelu with one slope is LeakyRelu.
bool bounded(Rewriter& r, const Op& op) {
  if (op.def != &ops::binary || r.type(op.out[0]).dtype != DType::F32) return false;
  const bool is_max = is_plain(op, BinaryFn::Max), is_min = is_plain(op, BinaryFn::Min);
  const auto pair = with_scalar(r, &op, !is_plain(op, BinaryFn::PRelu));
  if (!pair || r.type(pair->x) != r.type(op.out[0])) return false;
  if (is_plain(op, BinaryFn::PRelu))
    return become(r, op, {UnaryFn::LeakyRelu, pair->c, 0}, pair->x), true;
  if (is_max && pair->c == 0.0f) return become(r, op, {UnaryFn::Relu, 0, 0}, pair->x), true;
  if (is_max) return become(r, op, {UnaryFn::Clip, pair->c, INFINITY}, pair->x), true;
  if (is_min) return become(r, op, {UnaryFn::Clip, -INFINITY, pair->c}, pair->x), true;
  return false;
}

// Clip(Clip(x)), Clip(Relu(x)), Relu(Clip(x)): one interval, if the outer one does not end below
// the inner.
bool merge_clips(Rewriter& r, const Op& op) {
  const auto interval = [](const Op& o) -> std::optional<UnaryAttrs> {
    if (o.def != &ops::unary) return {};
    const auto& a = o.as<UnaryAttrs>();
    if (a.fn == UnaryFn::Clip) return a;
    if (a.fn == UnaryFn::Relu) return UnaryAttrs{UnaryFn::Clip, 0.0f, INFINITY};
    return {};
  };
  const auto outer = interval(op);
  const Op* first = outer ? r.producer(op.in[0]) : nullptr;
  const auto inner = first ? interval(*first) : std::nullopt;
  if (!inner || r.type(op.out[0]).dtype != DType::F32) return false;
  const float low = std::fmax(inner->alpha, outer->alpha),
              high = std::fmin(inner->beta, outer->beta);
  if (low > high) return false;
  const bool is_relu = low == 0.0f && high == INFINITY;
  become(r, op, is_relu ? UnaryAttrs{UnaryFn::Relu, 0, 0} : UnaryAttrs{UnaryFn::Clip, low, high},
         first->in[0]);
  return true;
}

}  // namespace

bool recognize_activations(Graph& graph, PassCtx& ctx) {
  std::vector<Rule> rules = simplify_rules();
  rules.insert(rules.end(), {self_gated, relu6_swish, relu6_gate, erf_gelu, bounded, merge_clips});
  return rewrite(graph, rules, ctx.rewrites_left);
}

}  // namespace motec
