// Operators without weights between Dequantize and Quantize: changes of scale, sums, products,
// averages, Softmax, and matrix products of two activations.
#include <algorithm>
#include <cmath>

#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/matmul.h"
#include "ops/qbinary.h"
#include "ops/qmatmul.h"
#include "ops/qpool.h"
#include "ops/qsoftmax.h"
#include "ops/reduce.h"
#include "ops/rescale.h"
#include "ops/reshape.h"
#include "ops/softmax.h"
#include "passes/quantized.h"

namespace motec {
namespace {

// An operand of int8 or int16: behind a Dequantize, or a constant that was integer in the model.
std::optional<QuantizedValue> integer_operand(Rewriter& r, ValueId id) {
  if (auto value = behind_dequantize(r, id)) return value;
  const auto source = r.graph()[id].quantized;
  if (!source || source->quant.axis >= 0 || !is_narrow_signed(source->q.dtype)) return {};
  return QuantizedValue{r.constant("constant", source->q),
                        source->q.dtype,
                        {source->quant.scale[0], source->quant.zero_point[0]}};
}

// The same integers as int16: they keep their scale and zero point.
ValueId as_int16(Rewriter& r, const QuantizedValue& x, const Origin& origin) {
  return x.dtype == DType::S16 ? x.q : r.emit(ops::cast, CastAttrs{DType::S16}, {x.q}, origin);
}

// Whether operands and result are int8, for which there is arithmetic of its own.
bool are_int8(const Quantized& y, std::initializer_list<DType> x) {
  return y.store.out == DType::S8 &&
         std::ranges::all_of(x, [](DType dtype) { return dtype == DType::S8; });
}

// The largest |q - zero point|.
int64_t reach_of(const QuantizedValue& x) {
  return std::max<int64_t>(highest_of(x.dtype) - x.affine.zp, x.affine.zp - lowest_of(x.dtype));
}

// One multiplier for all channels.
std::optional<Requantization> one_scale(const Store& range, double ratio, int64_t largest) {
  auto result = requantization(range, {{ratio, -largest, largest}});
  return result && result->store.form == StoreForm::High ? result : std::nullopt;
}

// Another scale for integers of which int16 is the operand's or the result's type.
bool quantize_rescaling(Rewriter& r, const Op& op) {
  const auto before = operator_before(r, op);
  if (!before || before->op->def != &ops::dequantize) return false;
  const auto x = behind_dequantize(r, before->op->out[0]);
  if (!x || are_int8(*before, {x->dtype})) return false;
  const auto requant = one_scale(before->store, x->affine.scale / before->y.scale, reach_of(*x));
  if (!requant) return false;
  const Op* last = r.producer(op.in[0]);
  const Origin origin = last->def == &ops::dequantize ? op.origin : last->origin;
  const RescaleAttrs attrs{x->affine.zp, requant->mult[0], requant->store};
  r.replace(op.out[0], r.emit(ops::rescale, attrs, {x->q}, origin));
  return true;
}

bool quantize_product(Rewriter& r, const Op& op, const Op& source, const Quantized& before,
                      const QuantizedValue& a, const QuantizedValue& b, bool narrow) {
  const double ratio = a.affine.scale * b.affine.scale / before.y.scale;
  const int64_t largest = reach_of(a) * reach_of(b);
  const auto requant = narrow ? one_scale(before.store, ratio, largest)
                              : wide_requantization(before.store, {ratio, -largest, largest});
  if (!requant) return false;
  const QMulAttrs attrs{a.affine.zp, b.affine.zp, requant->mult[0], narrow ? 0 : requant->mult[1],
                        requant->store};
  const std::vector<ValueId> in =
      narrow ? std::vector{a.q, b.q}
             : std::vector{as_int16(r, a, source.origin), as_int16(r, b, source.origin)};
  r.replace(op.out[0], r.emit(ops::qmul, attrs, in, source.origin));
  return true;
}

bool quantize_binary(Rewriter& r, const Op& op) {
  const auto before = operator_before(r, op);
  if (!before || before->op->def != &ops::binary) return false;
  const Op source = *before->op;
  const BinaryFn fn = source.as<BinaryAttrs>().fn;
  if (fn != BinaryFn::Add && fn != BinaryFn::Sub && fn != BinaryFn::Mul) return false;
  if (source.as<BinaryAttrs>().act.fn != UnaryFn::Identity) return false;
  const auto a = integer_operand(r, source.in[0]), b = integer_operand(r, source.in[1]);
  if (!a || !b) return false;
  const bool narrow = are_int8(*before, {a->dtype, b->dtype});
  if (fn == BinaryFn::Mul) return quantize_product(r, op, source, *before, *a, *b, narrow);
  const bool subtract = fn == BinaryFn::Sub;
  auto attrs = narrow ? addition(a->affine, b->affine, subtract, before->y)
                      : addition_s16(a->affine, b->affine, subtract, before->y, before->store);
  if (!attrs) return false;
  attrs->lo = before->store.lo;
  attrs->hi = before->store.hi;
  const std::vector<ValueId> in =
      narrow ? std::vector{a->q, b->q}
             : std::vector{as_int16(r, *a, source.origin), as_int16(r, *b, source.origin)};
  r.replace(op.out[0], r.emit(ops::qadd, *attrs, in, source.origin));
  return true;
}

// Multipliers of means of x over first .. last cells.
std::optional<Requantization> means(const Quantized& y, const QuantizedValue& x, int64_t first,
                                    int64_t last) {
  const double ratio = x.affine.scale / y.y.scale;
  const int64_t largest = last * (x.dtype == DType::S8 ? 256 : reach_of(x));
  std::vector<ChannelScale> scales;
  for (int64_t n = first; n <= last; ++n)
    scales.push_back({ratio / static_cast<double>(n), -largest, largest});
  auto result = requantization(y.store, scales);
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
  if (!before || before->op->def != &ops::pool) return false;
  const Op source = *before->op;
  const auto& window = source.as<PoolAttrs>();
  const auto x = behind_dequantize(r, source.in[0]);
  if (window.kind != PoolKind::Average || !x) return false;
  // Without padding every window is whole, unless ceil_mode lets one reach beyond the border.
  const Shape& shape = r.type(source.in[0]).shape;
  const int64_t cells = window.kernel[0] * window.kernel[1];
  bool whole = window.pad == std::array<int64_t, 4>{};
  for (size_t i = 0; i < 2; ++i)
    whole &= (window.out[i] - 1) * window.stride[i] + window.dilation[i] * (window.kernel[i] - 1) <
             shape[1 + i];
  const int64_t first = whole ? cells : 1;
  const auto requant = means(*before, *x, first, cells);
  if (!requant) return false;
  r.replace(op.out[0], emit_average(r, source, x->q, window, x->affine.zp, first, *requant));
  return true;
}

// A mean over neighbouring dimensions is an average pool over the operand as [outer, 1, n, inner].
bool quantize_mean(Rewriter& r, const Op& op) {
  const auto before = operator_before(r, op);
  if (!before || before->op->def != &ops::reduce) return false;
  const Op source = *before->op;
  const auto& a = source.as<ReduceAttrs>();
  const auto x = behind_dequantize(r, source.in[0]);
  if (a.kind != ReduceKind::Mean || !x || a.axes.empty()) return false;
  for (size_t i = 1; i < a.axes.size(); ++i)
    if (a.axes[i] != a.axes[i - 1] + 1) return false;
  const Shape shape = r.type(source.in[0]).shape;
  const auto begin = static_cast<size_t>(a.axes.front()),
             end = static_cast<size_t>(a.axes.back()) + 1;
  const int64_t n = product(shape, begin, end);
  if (n == 0) return false;
  const auto requant = means(*before, *x, n, n);
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
  if (!before || before->op->def != &ops::softmax) return false;
  const Store& store = before->store;
  if (store.lo != lowest_of(store.out) || store.hi != highest_of(store.out)) return false;
  const Op source = *before->op;
  const auto& a = source.as<SoftmaxAttrs>();
  const auto x = behind_dequantize(r, source.in[0]);
  const int64_t n = r.type(source.in[0]).shape[static_cast<size_t>(a.axis)];
  if (a.kind != SoftmaxKind::Softmax || !x || n >= 1 << 20) return false;
  const bool narrow = are_int8(*before, {x->dtype});
  const double inverse = std::round((narrow ? 65536.0 : 32768.0) / before->y.scale);
  if (inverse < 1 || inverse > 1 << 30) return false;
  const ValueId q = narrow ? x->q : as_int16(r, *x, source.origin);
  const ValueId table = r.constant(
      "exponentials", softmax_table(static_cast<float>(x->affine.scale), r.type(q).dtype));
  const QSoftmaxAttrs attrs{a.axis, static_cast<int32_t>(inverse), before->y.zp, store.out};
  r.replace(op.out[0], r.emit(ops::qsoftmax, attrs, {q, table}, source.origin));
  return true;
}

// With int16, sums have 64 bits, of which the last ones are rounded away first.
std::optional<QMatMulAttrs> long_product(const QuantizedValue& x, const QuantizedValue& y,
                                         const Quantized& before, int64_t k) {
  for (const QuantizedValue* operand : {&x, &y})
    if (operand->dtype == DType::S16 && operand->affine.zp != 0) return {};
  const double ratio = x.affine.scale * y.affine.scale / before.y.scale;
  const int64_t largest = reach_of(x) * reach_of(y) * k;
  int narrow = 0;
  while ((largest >> narrow) + 1 >= int64_t{1} << 31) ++narrow;
  if (narrow > 0 && !(std::ldexp(ratio, narrow - 1) < 1.0 / 256)) return {};
  const int64_t rest = (largest >> narrow) + 1;
  const auto requant = wide_requantization(before.store, {std::ldexp(ratio, narrow), -rest, rest});
  if (!requant) return {};
  return QMatMulAttrs{.a_zp = x.affine.zp,
                      .b_zp = y.affine.zp,
                      .mult = requant->mult[0],
                      .store = requant->store,
                      .narrow = narrow,
                      .right = requant->mult[1]};
}

std::optional<QMatMulAttrs> narrow_product(const QuantizedValue& x, const QuantizedValue& y,
                                           const Quantized& before, int64_t k) {
  const double ratio = x.affine.scale * y.affine.scale / before.y.scale;
  const auto requant = one_scale(before.store, ratio, 255 * 255 * k);
  if (!requant) return {};
  return QMatMulAttrs{
      .a_zp = x.affine.zp, .b_zp = y.affine.zp, .mult = requant->mult[0], .store = requant->store};
}

bool quantize_matmul(Rewriter& r, const Op& op) {
  const auto before = operator_before(r, op);
  if (!before || before->op->def != &ops::matmul) return false;
  const Op source = *before->op;
  const auto& a = source.as<MatMulAttrs>();
  const auto x = integer_operand(r, source.in[0]), y = integer_operand(r, source.in[1]);
  if (!x || !y || a.act.fn != UnaryFn::Identity) return false;
  const bool narrow = are_int8(*before, {x->dtype, y->dtype});
  const int64_t k = r.type(source.in[0]).shape.back();
  auto attrs = (narrow ? narrow_product : long_product)(*x, *y, *before, k);
  if (!attrs) return false;
  attrs->transpose_b = a.transpose_b;
  r.replace(op.out[0], r.emit(ops::qmatmul, *attrs, {x->q, y->q}, source.origin));
  return true;
}

}  // namespace

std::vector<Rule> quantize_elements_rules() {
  return {quantize_rescaling, quantize_binary,  quantize_average_pool,
          quantize_mean,      quantize_softmax, quantize_matmul};
}

}  // namespace motec
