#include "quant/forms.h"

#include <algorithm>

#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/dense.h"
#include "ops/matmul.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/recurrent.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "ops/unary.h"

namespace motec {
namespace {

bool is_real(const Graph& graph, ValueId id) { return graph.type(id).dtype == DType::F32; }

bool is_scalar_constant(const Graph& graph, ValueId id) {
  const Tensor* constant = graph.constant(id);
  return constant && constant->elements() == 1;
}

bool has_identity(const Activation& act) { return act.fn == UnaryFn::Identity; }

Form form_of_recurrent(const Graph& graph, const Op& op) {
  using In = RecurrentIn;
  const auto& a = op.as<RecurrentAttrs>();
  const auto has = [&](size_t i) { return i < op.in.size() && op.in[i]; };
  if (a.kind == CellKind::Rnn || a.clip != 0 || a.input_forget) return Form::Float;
  if (has(In::Lengths) || has(In::H0) || has(In::C0) || has(In::P)) return Form::Float;
  for (size_t i = 0; i < a.activations.size(); ++i) {
    const CellFn fn = i % activation_count(a.kind) == 0 ? CellFn::Sigmoid : CellFn::Tanh;
    if (a.activations[i] != cell_activation(fn)) return Form::Float;
  }
  const bool constant = graph.constant(op.in[In::W]) && graph.constant(op.in[In::R]) &&
                        (!has(In::B) || graph.constant(op.in[In::B]));
  return constant ? Form::Recurrent : Form::Float;
}

Form form_of_reduce(const ReduceAttrs& a) {
  if (a.kind == ReduceKind::Max || a.kind == ReduceKind::Min) return Form::Move;
  if (a.kind != ReduceKind::Mean || a.axes.empty()) return Form::Float;
  for (size_t i = 1; i < a.axes.size(); ++i)
    if (a.axes[i] != a.axes[i - 1] + 1) return Form::Float;
  return Form::Element;
}

bool is_arithmetic(const Op& op) {
  if (op.def != &ops::binary) return false;
  const auto& a = op.as<BinaryAttrs>();
  return has_identity(a.act) &&
         (a.fn == BinaryFn::Add || a.fn == BinaryFn::Sub || a.fn == BinaryFn::Mul);
}

bool is_layer(const Graph& graph, const Op& op) {
  if (op.def == &ops::conv2d ? !has_identity(op.as<Conv2dAttrs>().act)
                             : op.def != &ops::dense || !has_identity(op.as<DenseAttrs>().act))
    return false;
  const Tensor* weights = graph.constant(op.in[1]);
  const bool bias = op.in.size() < 3 || !op.in[2] || graph.constant(op.in[2]);
  return weights && weights->elements() > 0 && bias;
}

}  // namespace

bool is_table(const Graph& graph, const Op& op) {
  if (op.def == &ops::unary) return op.as<UnaryAttrs>().fn != UnaryFn::Identity;
  if (op.def != &ops::binary || !has_identity(op.as<BinaryAttrs>().act)) return false;
  for (size_t i = 0; i < 2; ++i)
    if (is_scalar_constant(graph, op.in[i]))
      return graph.type(op.in[1 - i]).shape == graph.type(op.out[0]).shape;
  return false;
}

Form form_of(const Graph& graph, const Op& op) {
  for (const ValueId id : op.out)
    if (!is_real(graph, id) || graph.type(id).elements() == 0) return Form::Float;
  if (op.in.empty() || !is_real(graph, op.in[0])) return Form::Float;
  if (op.def->moved_axis || op.def == &ops::concat || is_choice(op)) return Form::Move;
  if (op.def == &ops::pad) {
    const Tensor* value = graph.constant(op.in[1]);
    return value && to_doubles(*value)[0] == 0 ? Form::Move : Form::Float;
  }
  if (is_layer(graph, op)) return Form::Layer;
  if (op.def == &ops::recurrent) return form_of_recurrent(graph, op);
  if (op.def == &ops::reduce) return form_of_reduce(op.as<ReduceAttrs>());
  if (op.def == &ops::pool)
    return op.as<PoolAttrs>().kind == PoolKind::Average ? Form::Element : Form::Float;
  if (op.def == &ops::softmax)
    return op.as<SoftmaxAttrs>().kind == SoftmaxKind::Softmax ? Form::Element : Form::Float;
  if (op.def == &ops::matmul)
    return has_identity(op.as<MatMulAttrs>().act) ? Form::Element : Form::Float;
  return is_arithmetic(op) || is_table(graph, op) ? Form::Element : Form::Float;
}

bool takes_clamp(const Graph& graph, const Op& op) {
  switch (form_of(graph, op)) {
    case Form::Layer:
      return true;
    case Form::Element:
      return op.def != &ops::softmax;
    default:
      return false;
  }
}

bool is_clamp(const Op& op) {
  if (op.def != &ops::unary) return false;
  const UnaryFn fn = op.as<UnaryAttrs>().fn;
  return fn == UnaryFn::Relu || fn == UnaryFn::Clip;
}

bool is_choice(const Op& op) {
  if (op.def == &ops::pool) return op.as<PoolAttrs>().kind == PoolKind::Max;
  return op.def == &ops::reduce && form_of_reduce(op.as<ReduceAttrs>()) == Form::Move;
}

std::optional<Range> known_range(const Op& op) {
  // 255/256: with 256 steps the scale is a power of two, and 0 is exact.
  if (op.def == &ops::softmax) return Range{0, 255.0 / 256};
  if (op.def == &ops::unary && op.as<UnaryAttrs>().fn == UnaryFn::Sigmoid)
    return Range{0, 255.0 / 256};
  return {};
}

}  // namespace motec
