// Folds multiplications and additions by constants (what BatchNormalization is after import) into
// the weights and biases of the convolution or fully connected layer before or behind them.
#include <algorithm>
#include <array>
#include <optional>

#include "ir/rewriter.h"
#include "ops/binary.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose.h"
#include "ops/dense.h"
#include "ops/reshape.h"
#include "passes/passes.h"
#include "passes/rules.h"

namespace motec {
namespace {

// y = x * scale + shift, per channel (the last dimension).
struct Affine {
  std::vector<float> scale, shift;
};

// The constant operand as one number per channel, or nothing if it varies otherwise. Where the
// result has but one element per channel, its shape does not matter.
std::optional<std::vector<float>> per_channel(const Tensor* constant, int64_t channels,
                                              int64_t elements) {
  if (!constant || constant->dtype != DType::F32) return {};
  const Shape& shape = constant->shape;
  const int64_t n = constant->elements();
  if (n != 1 && (n != channels || (shape.back() != channels && elements != channels))) return {};
  std::vector<float> values(static_cast<size_t>(channels));
  for (size_t i = 0; i < values.size(); ++i) values[i] = constant->data<float>()[n == 1 ? 0 : i];
  return values;
}

// A Binary with a constant operand as an affine function of the other operand `*x`, which has that
// many channels.
std::optional<Affine> as_affine(const Rewriter& r, const Op& op, int64_t channels, ValueId* x) {
  if (op.def != &ops::binary || op.as<BinaryAttrs>().act.fn != UnaryFn::Identity) return {};
  const Type& y = r.type(op.out[0]);
  if (y.dtype != DType::F32 || y.shape.empty()) return {};
  const BinaryFn fn = op.as<BinaryAttrs>().fn;
  const size_t c = r.constant(op.in[1]) ? 1 : 0;  // the constant operand
  *x = op.in[1 - c];
  const auto values = per_channel(r.constant(op.in[c]), channels, y.elements());
  if (!values || r.type(*x) != y) return {};
  const size_t n = values->size();
  Affine affine{std::vector<float>(n, 1.0f), std::vector<float>(n, 0.0f)};
  for (size_t i = 0; i < n; ++i) {
    const float v = (*values)[i];
    switch (fn) {
      case BinaryFn::Mul:
        affine.scale[i] = v;
        break;
      case BinaryFn::Add:
        affine.shift[i] = v;
        break;
      case BinaryFn::Sub:
        affine.scale[i] = c == 1 ? 1.0f : -1.0f;
        affine.shift[i] = c == 1 ? -v : v;
        break;
      case BinaryFn::Div:
        if (c == 0) return {};
        affine.scale[i] = 1.0f / v;
        break;
      default:
        return {};
    }
  }
  return affine;
}

// What the three weighted layers have in common. Weights of Conv2D and ConvTranspose2D
// ([O,KH,KW,I]) and of Dense ([O,I]) alike are rows of outputs, with the inputs innermost.
struct Layer {
  Activation act;
  int64_t groups = 1;
  // Whether every result sums the same number of operand elements: a shift of the operand is then
  // one of the result. At a padded border it is not.
  bool is_uniform = true;
};

std::optional<Layer> as_layer(const Rewriter& r, const Op* op) {
  if (!op || op->in.size() < 2 || !r.constant(op->in[1])) return {};
  if (op->in.size() > 2 && op->in[2] && !r.constant(op->in[2])) return {};
  if (op->def == &ops::dense) return Layer{op->as<DenseAttrs>().act, 1, true};
  if (op->def == &ops::conv2d) {
    const auto& a = op->as<Conv2dAttrs>();
    return Layer{a.act, a.groups, a.pad == std::array<int64_t, 4>{}};
  }
  if (op->def == &ops::conv_transpose2d) {
    const auto& a = op->as<ConvTranspose2dAttrs>();
    return Layer{a.act, a.groups, false};
  }
  return {};
}

std::vector<float> bias_of(const Rewriter& r, const Op& op, int64_t outputs) {
  if (op.in.size() < 3 || !op.in[2]) return std::vector<float>(static_cast<size_t>(outputs));
  const auto values = r.constant(op.in[2])->values<float>();
  return {values.begin(), values.end()};
}

ValueId emit_with(Rewriter& r, const Op& like, ValueId x, Tensor weights,
                  const std::vector<float>& bias) {
  const ValueId w = r.constant("weights", std::move(weights));
  const ValueId b = r.constant("bias", f32_tensor({std::ssize(bias)}, bias));
  return r.emit(*like.def, like.attrs, {x, w, b}, like.origin);
}

bool fold_into(Rewriter& r, const Op& op, const Op& layer, const Affine& affine) {
  Tensor weights = *r.constant(layer.in[1]);
  const int64_t outputs = weights.shape[0],
                row = weights.elements() / std::max<int64_t>(outputs, 1);
  std::vector<float> bias = bias_of(r, layer, outputs);
  for (int64_t o = 0; o < outputs; ++o) {
    const auto i = static_cast<size_t>(o);
    for (int64_t k = 0; k < row; ++k) weights.data<float>()[o * row + k] *= affine.scale[i];
    bias[i] = bias[i] * affine.scale[i] + affine.shift[i];
  }
  const Op copy = layer;
  const Shape& shape = r.type(op.out[0]).shape;
  ValueId y = emit_with(r, copy, copy.in[0], std::move(weights), bias);
  if (r.type(y).shape != shape) y = r.emit(ops::reshape, ReshapeAttrs{shape}, {y}, op.origin);
  r.replace(op.out[0], y);
  return true;
}

// affine(layer(x)) -> layer'(x)
bool fold_behind(Rewriter& r, const Op& op) {
  if (op.def != &ops::binary) return false;
  const int64_t elements = r.type(op.out[0]).elements();
  for (const ValueId operand : op.in) {
    const Op* layer = r.producer(operand);
    ValueId made = operand;
    // One element per channel may have been given another shape.
    const bool reshaped = layer && layer->def == &ops::reshape && r.use_count(operand) == 1;
    if (reshaped) {
      made = layer->in[0];
      layer = r.producer(made);
    }
    const auto facts = as_layer(r, layer);
    if (!facts || r.use_count(made) != 1 || facts->act.fn != UnaryFn::Identity) continue;
    const int64_t channels = r.constant(layer->in[1])->shape[0];
    if (reshaped ? channels != elements : r.type(op.out[0]).shape.back() != channels) continue;
    ValueId x;
    const auto affine = as_affine(r, op, channels, &x);
    if (affine && x == operand) return fold_into(r, op, *layer, *affine);
  }
  return false;
}

// layer(affine(x)) -> layer'(x). A shift before a padded convolution stays: the border is zero, not
// shifted.
bool fold_before(Rewriter& r, const Op& op) {
  const auto layer = as_layer(r, &op);
  if (!layer) return false;
  const Op* before = r.producer(op.in[0]);
  if (!before || r.use_count(op.in[0]) != 1) return false;
  ValueId x;
  const auto affine = as_affine(r, *before, r.type(op.in[0]).shape.back(), &x);
  if (!affine) return false;
  const bool shifts =
      std::any_of(affine->shift.begin(), affine->shift.end(), [](float s) { return s != 0.0f; });
  if (shifts && !layer->is_uniform) return false;
  Tensor weights = *r.constant(op.in[1]);
  const int64_t outputs = weights.shape[0],
                row = weights.elements() / std::max<int64_t>(outputs, 1);
  const int64_t inputs = weights.shape.back();  // of a group
  std::vector<float> bias = bias_of(r, op, outputs);
  for (int64_t o = 0; o < outputs; ++o) {
    const int64_t first = o / (outputs / layer->groups) * inputs;  // input channel of the group
    double shift = 0;
    for (int64_t k = 0; k < row; ++k) {
      float& w = weights.data<float>()[o * row + k];
      const auto c = static_cast<size_t>(first + k % inputs);
      shift += static_cast<double>(w) * affine->shift[c];
      w *= affine->scale[c];
    }
    bias[static_cast<size_t>(o)] += static_cast<float>(shift);
  }
  r.replace(op.out[0], emit_with(r, op, x, std::move(weights), bias));
  return true;
}

// (x * a) * b -> x * (a * b), and likewise for sums: chains of constants become one.
bool merge_constants(Rewriter& r, const Op& op) {
  if (op.def != &ops::binary || op.as<BinaryAttrs>().act.fn != UnaryFn::Identity) return false;
  const BinaryFn fn = op.as<BinaryAttrs>().fn;
  if ((fn != BinaryFn::Mul && fn != BinaryFn::Add) || !is_float(r.type(op.out[0]).dtype))
    return false;
  const size_t c = r.constant(op.in[1]) ? 1 : 0;
  if (!r.constant(op.in[c])) return false;
  const Op* first = r.sole_producer(op.in[1 - c], ops::binary);
  if (!first || first->as<BinaryAttrs>() != op.as<BinaryAttrs>()) return false;
  const size_t d = r.constant(first->in[1]) ? 1 : 0;
  if (!r.constant(first->in[d]) || r.type(first->in[1 - d]) != r.type(op.out[0])) return false;
  const ValueId x = first->in[1 - d], inner = first->in[d];
  const ValueId constant = r.emit(ops::binary, op.attrs, {inner, op.in[c]}, op.origin);
  r.replace(op.out[0], r.emit(ops::binary, op.attrs, {x, constant}, op.origin));
  return true;
}

}  // namespace

bool fold_affine(Graph& graph, PassCtx& ctx) {
  std::vector<Rule> rules = simplify_rules();
  rules.insert(rules.end(), {fold_behind, fold_before, merge_constants});
  return rewrite(graph, rules, ctx.rewrites_left);
}

}  // namespace motec
