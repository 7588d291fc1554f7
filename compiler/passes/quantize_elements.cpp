// Operators without weights between Dequantize and Quantize: sums, products, averages, Softmax, and
// matrix products of two activations.
#include <algorithm>
#include <cmath>

#include "ops/binary.h"
#include "ops/matmul.h"
#include "ops/qbinary.h"
#include "ops/qmatmul.h"
#include "ops/qpool.h"
#include "ops/qsoftmax.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/softmax.h"
#include "passes/quantized.h"

namespace motec {
namespace {

// An int8 operand: behind a Dequantize, or a constant that was int8 in the model.
std::optional<QuantizedValue> int8_operand(Rewriter& r, ValueId id) {
  if (auto value = behind_dequantize(r, id))
    return value->dtype == DType::S8 ? value : std::nullopt;
  const auto source = r.graph()[id].quantized;
  if (!source || source->quant.axis >= 0 || source->q.dtype != DType::S8) return {};
  return QuantizedValue{r.constant("constant", source->q),
                        DType::S8,
                        {source->quant.scale[0], source->quant.zero_point[0]}};
}

// One multiplier for all channels.
std::optional<Requantization> one_scale(const Store& range, double ratio, int64_t largest) {
  auto result = requantization(range, {{ratio, -largest, largest}});
  return result && result->store.form == StoreForm::High ? result : std::nullopt;
}

bool quantize_binary(Rewriter& r, const Op& op) {
  const auto before = operator_before(r, op);
  if (!before || before->op->def != &ops::binary || before->store.out != DType::S8) return false;
  const Op source = *before->op;
  const BinaryFn fn = source.as<BinaryAttrs>().fn;
  if (fn != BinaryFn::Add && fn != BinaryFn::Sub && fn != BinaryFn::Mul) return false;
  if (source.as<BinaryAttrs>().act.fn != UnaryFn::Identity) return false;
  const auto a = int8_operand(r, source.in[0]), b = int8_operand(r, source.in[1]);
  if (!a || !b) return false;
  if (fn == BinaryFn::Mul) {
    const auto requant =
        one_scale(before->store, a->affine.scale * b->affine.scale / before->y.scale, 255 * 255);
    if (!requant) return false;
    const QMulAttrs attrs{a->affine.zp, b->affine.zp, requant->mult[0], requant->store};
    r.replace(op.out[0], r.emit(ops::qmul, attrs, {a->q, b->q}, source.origin));
    return true;
  }
  auto attrs = addition(a->affine, b->affine, fn == BinaryFn::Sub, before->y);
  if (!attrs) return false;
  attrs->lo = before->store.lo;
  attrs->hi = before->store.hi;
  r.replace(op.out[0], r.emit(ops::qadd, *attrs, {a->q, b->q}, source.origin));
  return true;
}

// Multipliers of means over first .. last cells.
std::optional<Requantization> means(const Store& range, double ratio, int64_t first, int64_t last) {
  std::vector<ChannelScale> scales;
  for (int64_t n = first; n <= last; ++n)
    scales.push_back({ratio / static_cast<double>(n), -256 * last, 256 * last});
  auto result = requantization(range, scales);
  return result && result->store.form == StoreForm::High ? result : std::nullopt;
}

ValueId emit_average(Rewriter& r, const Op& source, ValueId q, const PoolAttrs& window,
                     int32_t in_zp, int64_t first, const Requantization& requant) {
  const ValueId mult = r.constant("multipliers", s32_vector(requant.mult));
  return r.emit(ops::qpool, QPoolAttrs{window, in_zp, static_cast<int32_t>(first), requant.store},
                {q, mult}, source.origin);
}

bool quantize_average_pool(Rewriter& r, const Op& op) {
  const auto before = operator_before(r, op);
  if (!before || before->op->def != &ops::pool || before->store.out != DType::S8) return false;
  const Op source = *before->op;
  const auto& window = source.as<PoolAttrs>();
  const auto x = behind_dequantize(r, source.in[0]);
  if (window.kind != PoolKind::Average || !x || x->dtype != DType::S8) return false;
  // Without padding every window is whole, unless ceil_mode lets one reach beyond the border.
  const Shape& shape = r.type(source.in[0]).shape;
  const int64_t cells = window.kernel[0] * window.kernel[1];
  bool whole = window.pad == std::array<int64_t, 4>{};
  for (size_t i = 0; i < 2; ++i)
    whole &= (window.out[i] - 1) * window.stride[i] + window.dilation[i] * (window.kernel[i] - 1) <
             shape[1 + i];
  const int64_t first = whole ? cells : 1;
  const auto requant = means(before->store, x->affine.scale / before->y.scale, first, cells);
  if (!requant) return false;
  r.replace(op.out[0], emit_average(r, source, x->q, window, x->affine.zp, first, *requant));
  return true;
}

// A mean over neighbouring dimensions is an average pool over the operand as [outer, 1, n, inner].
bool quantize_mean(Rewriter& r, const Op& op) {
  const auto before = operator_before(r, op);
  if (!before || before->op->def != &ops::reduce || before->store.out != DType::S8) return false;
  const Op source = *before->op;
  const auto& a = source.as<ReduceAttrs>();
  const auto x = behind_dequantize(r, source.in[0]);
  if (a.kind != ReduceKind::Mean || !x || x->dtype != DType::S8 || a.axes.empty()) return false;
  for (size_t i = 1; i < a.axes.size(); ++i)
    if (a.axes[i] != a.axes[i - 1] + 1) return false;
  const Shape shape = r.type(source.in[0]).shape;
  const auto begin = static_cast<size_t>(a.axes.front()),
             end = static_cast<size_t>(a.axes.back()) + 1;
  const int64_t n = product(shape, begin, end);
  if (n == 0) return false;
  const auto requant = means(before->store, x->affine.scale / before->y.scale, n, n);
  if (!requant) return false;
  const Shape view = {product(shape, 0, begin), 1, n, product(shape, end, shape.size())};
  const PoolAttrs window{.kind = PoolKind::Average, .kernel = {1, n}, .out = {1, 1}};
  const ValueId flat = r.emit(ops::reshape, ReshapeAttrs{view}, {x->q}, source.origin);
  const ValueId mean = emit_average(r, source, flat, window, x->affine.zp, n, *requant);
  const Shape y = r.type(op.out[0]).shape;
  r.replace(op.out[0], r.emit(ops::reshape, ReshapeAttrs{y}, {mean}, source.origin));
  return true;
}

bool quantize_softmax(Rewriter& r, const Op& op) {
  const auto before = operator_before(r, op);
  if (!before || before->op->def != &ops::softmax || before->store.out != DType::S8) return false;
  if (before->store.lo != -128 || before->store.hi != 127) return false;
  const Op source = *before->op;
  const auto& a = source.as<SoftmaxAttrs>();
  const auto x = behind_dequantize(r, source.in[0]);
  const int64_t n = r.type(source.in[0]).shape[static_cast<size_t>(a.axis)];
  if (a.kind != SoftmaxKind::Softmax || !x || x->dtype != DType::S8 || n >= 1 << 20) return false;
  const double inverse = std::round(65536.0 / before->y.scale);
  if (inverse < 1 || inverse > 1 << 30) return false;
  const ValueId table =
      r.constant("exponentials", softmax_table(static_cast<float>(x->affine.scale)));
  const QSoftmaxAttrs attrs{a.axis, static_cast<int32_t>(inverse), before->y.zp};
  r.replace(op.out[0], r.emit(ops::qsoftmax, attrs, {x->q, table}, source.origin));
  return true;
}

bool quantize_matmul(Rewriter& r, const Op& op) {
  const auto before = operator_before(r, op);
  if (!before || before->op->def != &ops::matmul || before->store.out != DType::S8) return false;
  const Op source = *before->op;
  const auto& a = source.as<MatMulAttrs>();
  const auto x = int8_operand(r, source.in[0]), y = int8_operand(r, source.in[1]);
  if (!x || !y || a.act.fn != UnaryFn::Identity) return false;
  const int64_t k = r.type(source.in[0]).shape.back();
  const auto requant =
      one_scale(before->store, x->affine.scale * y->affine.scale / before->y.scale, 255 * 255 * k);
  if (!requant) return false;
  const QMatMulAttrs attrs{a.transpose_b, x->affine.zp, y->affine.zp, requant->mult[0],
                           requant->store};
  r.replace(op.out[0], r.emit(ops::qmatmul, attrs, {x->q, y->q}, source.origin));
  return true;
}

}  // namespace

std::vector<Rule> quantize_elements_rules() {
  return {quantize_binary, quantize_average_pool, quantize_mean, quantize_softmax, quantize_matmul};
}

}  // namespace motec
