// Convolutions, fully connected layers, recurrent layers, pools.
#include "export/writers.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose.h"
#include "ops/dense.h"
#include "ops/pool.h"
#include "ops/recurrent.h"
#include "support/diag.h"

namespace motec {
namespace {

using Ints = std::vector<int64_t>;

void require_plain(const Activation& act) {
  internal_check(act.fn == UnaryFn::Identity, "a fused {} reaches the ONNX writer",
                 name_of(act.fn));
}

// Weights in ONNX's order, real or quantized.
std::string weights(const WriteCtx& c, ValueId id, const std::vector<int>& perm) {
  const Value& value = c.graph[id];
  if (value.quantized) return c.model.dequantized(value.name, transposed(*value.quantized, perm));
  return c.model.constant(value.name, transposed(*value.constant, perm));
}

std::string optional(const WriteCtx& c, const Op& op, size_t i) {
  return i < op.in.size() && op.in[i] ? c.names.get(op.in[i]) : std::string();
}

bool write_conv(const Op& op, WriteCtx& c) {
  const auto& a = op.as<Conv2dAttrs>();
  require_plain(a.act);
  if (!c.graph.constant(op.in[1])) return false;
  const std::string x = c.names.get(op.in[0], Order::ChannelsFirst);
  const std::string w = weights(c, op.in[1], kChannelsFirst), b = optional(c, op, 2);
  c.write(op, "Conv", {x, w, b}, Order::ChannelsFirst);
  const Shape& shape = c.type(op.in[1]).shape;
  c.model.attr("dilations", Ints(a.dilation.begin(), a.dilation.end()));
  c.model.attr("group", a.groups);
  c.model.attr("kernel_shape", Ints{shape[1], shape[2]});
  c.model.attr("pads", Ints(a.pad.begin(), a.pad.end()));
  c.model.attr("strides", Ints(a.stride.begin(), a.stride.end()));
  return true;
}

// [O, KH, KW, C/groups] as ONNX's [C, O/groups, KH, KW].
Tensor conv_transpose_weights(const Tensor& w, int64_t groups) {
  const Tensor first = transposed(w, kChannelsFirst);  // [O, C/groups, KH, KW]
  const int64_t per_out = first.shape[0] / groups, per_in = first.shape[1];
  const int64_t taps = first.shape[2] * first.shape[3];
  Tensor result =
      Tensor::zeros(DType::F32, {per_in * groups, per_out, first.shape[2], first.shape[3]});
  for (int64_t o = 0; o < first.shape[0]; ++o)
    for (int64_t i = 0; i < per_in; ++i)
      for (int64_t t = 0; t < taps; ++t)
        result.data<float>()[((o / per_out * per_in + i) * per_out + o % per_out) * taps + t] =
            first.data<float>()[(o * per_in + i) * taps + t];
  return result;
}

bool write_conv_transpose(const Op& op, WriteCtx& c) {
  const auto& a = op.as<ConvTranspose2dAttrs>();
  require_plain(a.act);
  const Tensor* w = c.graph.constant(op.in[1]);
  if (!w) return false;
  Ints pads = {a.pad[0], a.pad[1], 0, 0}, beyond = {0, 0};
  const Shape& x = c.type(op.in[0]).shape;
  for (size_t i = 0; i < 2; ++i) {
    const int64_t full =
        a.stride[i] * (x[1 + i] - 1) + a.dilation[i] * (w->shape[1 + i] - 1) + 1 - a.pad[i];
    pads[2 + i] = std::max<int64_t>(full - a.out[i], 0);
    beyond[i] = std::max<int64_t>(a.out[i] - full, 0);
  }
  const std::string operand = c.names.get(op.in[0], Order::ChannelsFirst);
  const std::string kernel =
      c.model.constant(c.graph[op.in[1]].name, conv_transpose_weights(*w, a.groups));
  c.write(op, "ConvTranspose", {operand, kernel, optional(c, op, 2)}, Order::ChannelsFirst);
  c.model.attr("dilations", Ints(a.dilation.begin(), a.dilation.end()));
  c.model.attr("group", a.groups);
  c.model.attr("output_padding", beyond);
  c.model.attr("pads", pads);
  c.model.attr("strides", Ints(a.stride.begin(), a.stride.end()));
  return true;
}

bool write_dense(const Op& op, WriteCtx& c) {
  require_plain(op.as<DenseAttrs>().act);
  const std::string x = c.names.get(op.in[0]);
  if (!c.graph.constant(op.in[1])) return false;
  if (c.type(op.in[0]).shape.size() == 2) {
    const std::string w = c.names.get(op.in[1]), b = optional(c, op, 2);
    c.write(op, "Gemm", {x, w, b});
    c.model.attr("transB", int64_t{1});
    return true;
  }
  const std::string w = weights(c, op.in[1], {1, 0}), b = optional(c, op, 2);
  if (b.empty()) return c.write(op, "MatMul", {x, w}), true;
  const std::string product = c.model.node("MatMul", {x, w}, c.model.fresh(w + "_product"));
  c.write(op, "Add", {product, b});
  return true;
}

bool write_pool(const Op& op, WriteCtx& c) {
  const auto& a = op.as<PoolAttrs>();
  const bool dilated = a.dilation != std::array<int64_t, 2>{1, 1};
  if (dilated && a.kind != PoolKind::Max) return false;
  constexpr const char* kTypes[] = {"MaxPool", "AveragePool", "LpPool"};
  const std::string x = c.names.get(op.in[0], Order::ChannelsFirst);
  c.write(op, kTypes[static_cast<size_t>(a.kind)], {x}, Order::ChannelsFirst);
  c.model.attr("kernel_shape", Ints(a.kernel.begin(), a.kernel.end()));
  c.model.attr("pads", Ints(a.pad.begin(), a.pad.end()));
  c.model.attr("strides", Ints(a.stride.begin(), a.stride.end()));
  bool rounds_up = false;
  const Shape& shape = c.type(op.in[0]).shape;
  for (size_t i = 0; i < 2; ++i)
    rounds_up |= a.out[i] > window_count(shape[1 + i], a.pad[i] + a.pad[2 + i], a.kernel[i],
                                         a.stride[i], a.dilation[i]);
  if (a.kind == PoolKind::Lp) {
    if (rounds_up) return false;
    c.model.attr("p", a.p);
    return true;
  }
  c.model.attr("ceil_mode", int64_t{rounds_up});
  if (a.kind == PoolKind::Max)
    c.model.attr("dilations", Ints(a.dilation.begin(), a.dilation.end()));
  else
    c.model.attr("count_include_pad", int64_t{a.count_include_pad});
  return true;
}

bool write_recurrent(const Op& op, WriteCtx& c) {
  const auto& a = op.as<RecurrentAttrs>();
  constexpr const char* kTypes[] = {"RNN", "GRU", "LSTM"};
  std::vector<std::string> in;
  for (size_t i = 0; i < op.in.size(); ++i) in.push_back(optional(c, op, i));
  std::vector<std::string> results(a.kind == CellKind::Lstm ? 3 : 2);
  size_t next = 0;
  const bool wanted[] = {a.y, a.y_h, a.y_c};
  for (size_t i = 0; i < results.size(); ++i) {
    if (!wanted[i]) continue;
    results[i] = c.names.fresh(op.out[next]);
    c.names.set(op.out[next++], Order::AsIs, results[i]);
  }
  while (results.size() > 1 && results.back().empty()) results.pop_back();
  const Shape& r = c.type(op.in[RecurrentIn::R]).shape;
  c.model.nodes(kTypes[static_cast<size_t>(a.kind)], in, results);
  c.model.attr("hidden_size", r[2]);
  c.model.attr("direction", std::string(r[0] == 2    ? "bidirectional"
                                        : a.backward ? "reverse"
                                                     : "forward"));
  std::vector<std::string> activations;
  std::vector<float> alphas, betas;
  for (const CellActivation& activation : a.activations) {
    activations.emplace_back(name_of(activation.fn));
    if (takes_alpha(activation.fn)) alphas.push_back(activation.alpha);
    if (takes_beta(activation.fn)) betas.push_back(activation.beta);
  }
  c.model.attr("activations", activations);
  if (!alphas.empty()) c.model.attr("activation_alpha", alphas);
  if (!betas.empty()) c.model.attr("activation_beta", betas);
  if (a.clip != 0) c.model.attr("clip", a.clip);
  if (a.kind == CellKind::Gru) c.model.attr("linear_before_reset", int64_t{a.linear_before_reset});
  if (a.input_forget) c.model.attr("input_forget", int64_t{1});
  return true;
}

const OpWriter kWriters[] = {
    {&ops::conv2d, write_conv},         {&ops::conv_transpose2d, write_conv_transpose},
    {&ops::dense, write_dense},         {&ops::pool, write_pool},
    {&ops::recurrent, write_recurrent},
};

}  // namespace

std::span<const OpWriter> layer_writers() { return kWriters; }

}  // namespace motec
