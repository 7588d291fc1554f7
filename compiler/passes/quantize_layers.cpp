// Convolutions and fully connected layers between Dequantize and Quantize: int8 (or int16) by int8
// weights, summed exactly in int32 and rounded once.
#include <algorithm>
#include <cmath>

#include "ops/binary.h"
#include "ops/conv2d.h"
#include "ops/dense.h"
#include "ops/qconv2d.h"
#include "ops/qdense.h"
#include "passes/quantized.h"

namespace motec {
namespace {

// A layer's constants as integers.
struct Layer {
  Tensor weights;             // without zero point; output channels outermost
  std::vector<double> scale;  // of the weights, per output channel
  std::vector<int64_t> bias;  // at scale x * w
};

// The integers of operand 1, whose dimension 0 is the output channels.
std::optional<Layer> integer_weights(const Rewriter& r, ValueId id) {
  const auto& source = r.graph()[id].quantized;
  if (!source || (source->quant.axis > 0)) return {};
  const Tensor& q = source->q;
  if (q.dtype != DType::S8 && q.dtype != DType::S16) return {};
  const Quant& quant = source->quant;
  if (q.elements() == 0) return {};
  const int64_t channels = q.shape[0], depth = q.elements() / channels;
  std::vector<int64_t> values = to_int64s(q);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t c = static_cast<size_t>(static_cast<int64_t>(i) / depth);
    values[i] -= quant.zero_point[quant.axis < 0 ? 0 : c];
    if (values[i] < -32768 || values[i] > 32767) return {};
  }
  Layer layer{weights_tensor(q.shape, values), {}, {}};
  for (int64_t c = 0; c < channels; ++c)
    layer.scale.push_back(quant.scale[quant.axis < 0 ? 0 : static_cast<size_t>(c)]);
  return layer;
}

// The bias at scale x * w: the model's own integers where they have that scale, otherwise rounded.
bool read_bias(const Rewriter& r, ValueId id, double x_scale, Layer& layer) {
  const size_t channels = layer.scale.size();
  layer.bias.assign(channels, 0);
  if (!id) return true;
  const Tensor* real = r.constant(id);
  if (!real || (real->elements() != 1 && real->elements() != static_cast<int64_t>(channels)))
    return false;
  const auto& source = r.graph()[id].quantized;
  const std::vector<double> values = to_doubles(*real);
  const std::vector<int64_t> integers =
      source ? to_int64s(source->q) : std::vector<int64_t>(values.size());
  for (size_t c = 0; c < channels; ++c) {
    const size_t i = values.size() == 1 ? 0 : c;
    const double scale = x_scale * layer.scale[c];
    const double own = source ? source->quant.scale[source->quant.axis < 0 ? 0 : i] : 0.0;
    const bool exact = source && source->quant.zero_point[source->quant.axis < 0 ? 0 : i] == 0 &&
                       std::abs(own - scale) <= 1e-4 * scale;
    const double b = exact ? static_cast<double>(integers[i]) : std::nearbyint(values[i] / scale);
    if (!(std::abs(b) < 2147483648.0)) return false;
    layer.bias[c] = static_cast<int64_t>(b);
  }
  return true;
}

// The operator, with an addition of a constant per output channel that follows it as its bias.
struct Linear {
  const Op* op = nullptr;
  ValueId bias;
};

std::optional<Linear> linear_before(const Rewriter& r, const Op& op) {
  const Op* layer = &op;
  ValueId bias;
  if (op.def == &ops::binary) {
    if (op.as<BinaryAttrs>().fn != BinaryFn::Add) return {};
    const size_t constant = r.constant(op.in[1]) ? 1 : 0;
    const Tensor* b = r.constant(op.in[constant]);
    if (!b || (b->elements() != 1 && (b->shape.empty() || b->shape.back() != b->elements())))
      return {};
    layer = r.producer(op.in[1 - constant]);
    if (!layer || r.type(layer->out[0]).shape != r.type(op.out[0]).shape) return {};
    if (layer->in.size() > 2 && layer->in[2]) return {};
    bias = op.in[constant];
  }
  if (layer->def != &ops::conv2d && layer->def != &ops::dense) return {};
  if (layer->in.size() > 2 && layer->in[2]) bias = layer->in[2];
  return Linear{layer, bias};
}

bool quantize_layer(Rewriter& r, const Op& op) {
  const auto before = operator_before(r, op);
  if (!before) return false;
  const auto linear = linear_before(r, *before->op);
  if (!linear) return false;
  const auto x = behind_dequantize(r, linear->op->in[0]);
  if (!x) return false;
  auto layer = integer_weights(r, linear->op->in[1]);
  if (!layer || !read_bias(r, linear->bias, x->affine.scale, *layer)) return false;

  // The zero point of x goes into the bias; what is left bounds the sums.
  const std::vector<int64_t> w = to_int64s(layer->weights);
  const size_t channels = layer->scale.size(), depth = w.size() / channels;
  std::vector<ChannelScale> scales;
  Tensor bias = Tensor::zeros(DType::S32, {static_cast<int64_t>(channels)});
  const int64_t x_lowest = lowest_of(x->dtype), x_highest = highest_of(x->dtype);
  for (size_t c = 0; c < channels; ++c) {
    int64_t sum = layer->bias[c], lowest = 0, highest = 0;
    for (size_t i = c * depth; i < (c + 1) * depth; ++i) {
      sum -= x->affine.zp * w[i];
      lowest += std::min(w[i] * x_lowest, w[i] * x_highest);
      highest += std::max(w[i] * x_lowest, w[i] * x_highest);
    }
    // Partial sums, in whatever order a kernel adds, stay within these, too.
    const int64_t partial = std::abs(sum) + std::max(-lowest, highest);
    if (partial >= int64_t{1} << 31) return false;
    scales.push_back(
        {x->affine.scale * layer->scale[c] / before->y.scale, sum + lowest, sum + highest});
    bias.data<int32_t>()[c] = static_cast<int32_t>(sum);
  }
  const auto requant = requantization(before->store, scales);
  if (!requant) return false;
  for (size_t c = 0; c < channels; ++c) {
    if (!requant->constant_sum[c]) continue;
    bias.data<int32_t>()[c] = *requant->constant_sum[c];
    const auto bytes = depth * static_cast<size_t>(size_of(layer->weights.dtype));
    std::fill_n(layer->weights.bytes.begin() + static_cast<ptrdiff_t>(c * bytes), bytes,
                std::byte{});
  }

  const Op source = *linear->op;
  const std::vector<ValueId> in = {x->q, r.constant("weights", std::move(layer->weights)),
                                   r.constant("bias", std::move(bias)),
                                   r.constant("multipliers", s32_vector(requant->mult))};
  if (source.def == &ops::dense) {
    r.replace(op.out[0], r.emit(ops::qdense, QDenseAttrs{requant->store}, in, source.origin));
    return true;
  }
  const auto& a = source.as<Conv2dAttrs>();
  const QConv2dAttrs attrs{.stride = a.stride,
                           .dilation = a.dilation,
                           .pad = a.pad,
                           .groups = a.groups,
                           .pad_value = x->affine.zp,
                           .store = requant->store};
  r.replace(op.out[0], r.emit(ops::qconv2d, attrs, in, source.origin));
  return true;
}

}  // namespace

std::vector<Rule> quantize_layers_rules() { return {quantize_layer}; }

}  // namespace motec
