// Layout. Import wraps each convolution and pool in Transposes, because ONNX's maps are NCHW and
// the kernels' are NHWC. Here Transposes move down through whatever can work on the untransposed
// operand, until they meet their inverse and cancel (simplify.cpp merges them), or reach an output.
#include <algorithm>
#include <numeric>
#include <optional>

#include "ir/rewriter.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/dense.h"
#include "ops/matmul.h"
#include "ops/move.h"
#include "ops/quantize.h"
#include "ops/reshape.h"
#include "ops/select.h"
#include "passes/passes.h"
#include "passes/rules.h"

namespace motec {
namespace {

// The Transpose that makes `id`, if one does.
const Op* transpose_of(const Rewriter& r, ValueId id) {
  const Op* op = r.producer(id);
  return op && op->def == &ops::transpose ? op : nullptr;
}

// `id` with leading dimensions of 1 up to `rank`.
ValueId with_rank(Rewriter& r, ValueId id, size_t rank, const Origin& origin) {
  Shape shape = r.type(id).shape;
  if (shape.size() == rank) return id;
  shape.insert(shape.begin(), rank - shape.size(), 1);
  return r.emit(ops::reshape, ReshapeAttrs{shape}, {id}, origin);
}

// Whether a Transpose of a value of this shape moves no element.
bool moves_nothing(Shape shape, const std::vector<int>& perm) {
  shape.insert(shape.begin(), perm.size() - shape.size(), 1);
  int last = -1;
  for (const int axis : perm) {
    if (shape[static_cast<size_t>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

// An operand of an elementwise op, seen from below a Transpose by `perm`: the value that makes it
// when transposed so.
bool can_untranspose(const Rewriter& r, ValueId id, const std::vector<int>& perm) {
  if (const Op* t = transpose_of(r, id)) return t->as<TransposeAttrs>().perm == perm;
  if (r.type(id).shape.size() > perm.size()) return false;
  return r.constant(id) || moves_nothing(r.type(id).shape, inverse(perm));
}

ValueId untransposed(Rewriter& r, ValueId id, const std::vector<int>& perm, const Origin& origin) {
  if (const Op* t = transpose_of(r, id)) return t->in[0];
  const ValueId full = with_rank(r, id, perm.size(), origin);
  return r.emit(ops::transpose, TransposeAttrs{inverse(perm)}, {full}, origin);
}

// op(T(x), T(y), constant ...) -> T(op(x, y, ...)) for ops that work element by element.
bool sink_through_elementwise(Rewriter& r, const Op& op) {
  const OpDef* def = op.def;
  if (def != &ops::unary && def != &ops::binary && def != &ops::select && def != &ops::cast &&
      def != &ops::flip_sign)
    return false;
  std::optional<std::vector<int>> perm;
  for (const ValueId id : op.in)
    if (const Op* t = transpose_of(r, id); t && !perm) perm = t->as<TransposeAttrs>().perm;
  if (!perm || r.type(op.out[0]).shape.size() != perm->size()) return false;
  for (const ValueId id : op.in)
    if (!can_untranspose(r, id, *perm)) return false;
  std::vector<ValueId> in;
  for (const ValueId id : op.in) in.push_back(untransposed(r, id, *perm, op.origin));
  const ValueId y = r.emit(*def, op.attrs, in, op.origin);
  r.replace(op.out[0], r.emit(ops::transpose, TransposeAttrs{*perm}, {y}, op.origin));
  return true;
}

// Quantize(T(x)) -> T(Quantize(x)), and likewise Dequantize. Where each channel has a scale of its
// own, their dimension is renumbered.
template <class Attrs>
bool sink_through_scales(Rewriter& r, const Op& op, const OpDef& def) {
  if (op.def != &def) return false;
  const Op* t = transpose_of(r, op.in[0]);
  if (!t) return false;
  const std::vector<int> perm = t->as<TransposeAttrs>().perm;
  Attrs attrs = op.as<Attrs>();
  if (attrs.axis >= 0) attrs.axis = perm[static_cast<size_t>(attrs.axis)];
  const ValueId y = r.emit(def, attrs, {t->in[0]}, op.origin);
  r.replace(op.out[0], r.emit(ops::transpose, TransposeAttrs{perm}, {y}, op.origin));
  return true;
}
bool sink_through_quantize(Rewriter& r, const Op& op) {
  return sink_through_scales<QuantizeAttrs>(r, op, ops::quantize);
}
bool sink_through_dequantize(Rewriter& r, const Op& op) {
  return sink_through_scales<DequantizeAttrs>(r, op, ops::dequantize);
}

// Slice(T(x)) -> T(Slice'(x)).
bool sink_through_slice(Rewriter& r, const Op& op) {
  if (op.def != &ops::slice) return false;
  const Op* t = transpose_of(r, op.in[0]);
  if (!t) return false;
  const std::vector<int> perm = t->as<TransposeAttrs>().perm;
  const auto& a = op.as<SliceAttrs>();
  const std::vector<int> back = inverse(perm);
  const SliceAttrs moved{permuted(a.start, back), permuted(a.step, back), permuted(a.size, back)};
  const ValueId y = r.emit(ops::slice, moved, {t->in[0]}, op.origin);
  r.replace(op.out[0], r.emit(ops::transpose, TransposeAttrs{perm}, {y}, op.origin));
  return true;
}

std::vector<size_t> long_dims(const Shape& shape) {
  std::vector<size_t> dims;
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1) dims.push_back(i);
  return dims;
}

// Reshape(T(x)) -> T'(Reshape'(x)) where the Reshape only adds or drops dimensions of 1: 1-D maps
// have a height of 1 between their convolutions, and nowhere else.
bool sink_through_unit_reshape(Rewriter& r, const Op& op) {
  if (op.def != &ops::reshape) return false;
  const Op* t = transpose_of(r, op.in[0]);
  if (!t) return false;
  const Shape x = r.type(t->in[0]).shape, mid = r.type(op.in[0]).shape, y = r.type(op.out[0]).shape;
  const std::vector<int> perm = t->as<TransposeAttrs>().perm;
  const std::vector<size_t> mid_long = long_dims(mid), y_long = long_dims(y);
  if (mid_long.size() != y_long.size()) return false;
  for (size_t i = 0; i < y_long.size(); ++i)
    if (mid[mid_long[i]] != y[y_long[i]]) return false;
  // Result dimension y_long[i] shows x's dimension perm[mid_long[i]]. The reshaped x has those in
  // x's order, and its dimensions of 1 first.
  std::vector<std::pair<int, size_t>> by_x;
  for (size_t i = 0; i < y_long.size(); ++i) by_x.emplace_back(perm[mid_long[i]], y_long[i]);
  std::sort(by_x.begin(), by_x.end());
  const size_t units = y.size() - y_long.size();
  Shape reshaped(units, 1);
  std::vector<int> new_perm(y.size(), -1);
  for (size_t i = 0; i < by_x.size(); ++i) {
    reshaped.push_back(x[static_cast<size_t>(by_x[i].first)]);
    new_perm[by_x[i].second] = static_cast<int>(units + i);
  }
  int next_unit = 0;
  for (int& axis : new_perm)
    if (axis < 0) axis = next_unit++;
  const ValueId source = t->in[0];
  const ValueId z = r.emit(ops::reshape, ReshapeAttrs{reshaped}, {source}, op.origin);
  r.replace(op.out[0], r.emit(ops::transpose, TransposeAttrs{new_perm}, {z}, op.origin));
  return true;
}

// Dense(Reshape(T(x))) with one row per batch: the weights' columns are reordered instead.
bool absorb_in_dense(Rewriter& r, const Op& op) {
  if (op.def != &ops::dense || !r.constant(op.in[1])) return false;
  const Op* flat = r.producer(op.in[0]);
  if (!flat || flat->def != &ops::reshape) return false;
  const Op* t = transpose_of(r, flat->in[0]);
  if (!t) return false;
  const std::vector<int> perm = t->as<TransposeAttrs>().perm;
  const Shape x = r.type(t->in[0]).shape, mid = r.type(flat->in[0]).shape;
  const Shape rows = r.type(flat->out[0]).shape;
  const int64_t k = rows.back();
  // The columns must be made of whole trailing dimensions, which the Transpose keeps trailing.
  size_t split = mid.size();
  for (int64_t n = 1; split > 0 && n < k;) n *= mid[--split];
  if (product(mid, split, mid.size()) != k) return false;
  for (size_t i = 0; i < split; ++i)
    if (perm[i] != static_cast<int>(i)) return false;
  const int64_t outputs = r.type(op.in[1]).shape[0];
  Shape w_shape = {outputs};
  w_shape.insert(w_shape.end(), mid.begin() + static_cast<ptrdiff_t>(split), mid.end());
  std::vector<int> tail;
  for (size_t i = split; i < perm.size(); ++i) tail.push_back(perm[i] - static_cast<int>(split));
  std::vector<int> w_perm = {0};
  for (const int axis : inverse(tail)) w_perm.push_back(axis + 1);
  const ValueId source = t->in[0];
  std::vector<ValueId> in = op.in;
  ValueId w = r.emit(ops::reshape, ReshapeAttrs{w_shape}, {op.in[1]}, op.origin);
  w = r.emit(ops::transpose, TransposeAttrs{w_perm}, {w}, op.origin);
  in[1] = r.emit(ops::reshape, ReshapeAttrs{{outputs, k}}, {w}, op.origin);
  in[0] = r.emit(ops::reshape, ReshapeAttrs{rows}, {source}, op.origin);
  r.replace(op.out[0], r.emit(ops::dense, op.attrs, in, op.origin));
  return true;
}

// MatMul(a, T(b)) where T swaps the last two dimensions.
bool absorb_in_matmul(Rewriter& r, const Op& op) {
  if (op.def != &ops::matmul || op.as<MatMulAttrs>().transpose_b) return false;
  const Op* t = transpose_of(r, op.in[1]);
  if (!t) return false;
  std::vector<int> swap(t->as<TransposeAttrs>().perm.size());
  std::iota(swap.begin(), swap.end(), 0);
  std::swap(swap[swap.size() - 1], swap[swap.size() - 2]);
  if (t->as<TransposeAttrs>().perm != swap) return false;
  MatMulAttrs attrs = op.as<MatMulAttrs>();
  attrs.transpose_b = true;
  const ValueId b = t->in[0];
  r.replace(op.out[0], r.emit(ops::matmul, attrs, {op.in[0], b}, op.origin));
  return true;
}

}  // namespace

bool sink_transposes(Graph& graph, PassCtx& ctx) {
  std::vector<Rule> rules = simplify_rules();
  rules.insert(rules.end(),
               {sink_through_elementwise, sink_through_quantize, sink_through_dequantize,
                sink_through_slice, sink_through_unit_reshape, absorb_in_dense, absorb_in_matmul});
  for (const std::vector<Rule>& more : {sink_axes_rules(), sink_reshapes_rules()})
    rules.insert(rules.end(), more.begin(), more.end());
  return rewrite(graph, rules, ctx.rewrites_left);
}

}  // namespace motec
