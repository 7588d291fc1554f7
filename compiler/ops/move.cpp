#include "ops/move.h"

#include <algorithm>

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer_transpose(const TransposeAttrs& a, const InferCtx& c) {
  std::vector<int> sorted = a.perm;
  std::sort(sorted.begin(), sorted.end());
  bool ok = sorted.size() == c.in[0]->shape.size();
  for (size_t i = 0; ok && i < sorted.size(); ++i) ok = sorted[i] == static_cast<int>(i);
  require(ok, "E3110",
          fmt::format("Transpose: perm {} is no permutation of the dimensions of {}",
                      field_text(a.perm), to_string(c.in[0]->shape)));
  return {{.dtype = c.in[0]->dtype, .shape = permuted(c.in[0]->shape, a.perm)}};
}

std::vector<Type> infer_slice(const SliceAttrs& a, const InferCtx& c) {
  const Shape& x = c.in[0]->shape;
  internal_check(
      a.size.size() == x.size() && a.start.size() == x.size() && a.step.size() == x.size(),
      "Slice: attributes do not have the operand's rank");
  for (size_t d = 0; d < x.size(); ++d) {
    const int64_t last = a.start[d] + (a.size[d] - 1) * a.step[d];
    internal_check(
        a.size[d] == 0 || (a.start[d] >= 0 && a.start[d] < x[d] && last >= 0 && last < x[d]),
        "Slice: reads outside its operand");
  }
  return {{.dtype = c.in[0]->dtype, .shape = a.size}};
}

std::vector<Type> infer_expand(const ExpandAttrs& a, const InferCtx& c) {
  require(broadcast({c.in[0]->shape, a.shape}, "Expand") == a.shape, "E3002",
          fmt::format("Expand: {} cannot be broadcast to {}", to_string(c.in[0]->shape),
                      to_string(a.shape)));
  return {{.dtype = c.in[0]->dtype, .shape = a.shape}};
}

// Where the result's element 0 is read from, and how far each result dimension steps.
struct Source {
  int64_t offset = 0;
  Shape strides;
};

Source source_of(const Op& op, const Shape& x, const Shape& y) {
  if (op.def == &ops::expand) return {0, broadcast_strides(x, y)};
  const Shape dense = strides_of(x);
  Source source{0, Shape(y.size())};
  if (op.def == &ops::transpose) {
    const auto& perm = op.as<TransposeAttrs>().perm;
    for (size_t d = 0; d < y.size(); ++d) source.strides[d] = dense[static_cast<size_t>(perm[d])];
    return source;
  }
  const auto& a = op.as<SliceAttrs>();
  for (size_t d = 0; d < y.size(); ++d) {
    source.offset += a.start[d] * dense[d];
    source.strides[d] = a.step[d] * dense[d];
  }
  return source;
}

void eval(const Op& op, const EvalCtx& c) {
  const mote::StridedCopyShape s = move_shape(op, c.in[0]->shape, c.out[0]->shape);
  dispatch(c.in[0]->dtype,
           [&]<class T>() { mote::strided_copy(s, c.in[0]->data<T>(), c.out[0]->data<T>()); });
}

int moved_by_transpose(const Op& op, const Shape&, const Shape&, int axis) {
  return inverse(op.as<TransposeAttrs>().perm)[static_cast<size_t>(axis)];
}
// A slice or an expansion leaves the dimension where it is, but changes what is in it.
int moved_if_same(const Op&, const Shape& x, const Shape& y, int axis) {
  const int in_y = axis + static_cast<int>(y.size()) - static_cast<int>(x.size());
  return x[static_cast<size_t>(axis)] == y[static_cast<size_t>(in_y)] ? in_y : -1;
}
int moved_by_slice(const Op& op, const Shape& x, const Shape& y, int axis) {
  const auto& a = op.as<SliceAttrs>();
  return a.step[static_cast<size_t>(axis)] == 1 ? moved_if_same(op, x, y, axis) : -1;
}

}  // namespace

mote::StridedCopyShape move_shape(const Op& op, const Shape& x, const Shape& y) {
  const Source source = source_of(op, x, y);
  const Walk walk = merged({y, {source.strides, strides_of(y)}});
  mote::StridedCopyShape s{};
  s.rank = to_i32(std::ssize(walk.dims));
  fill(s.dims, walk.dims);
  fill(s.x_stride, walk.strides[0]);
  fill(s.y_stride, walk.strides[1]);
  s.x_offset = to_i32(source.offset);
  return s;
}

Shape permuted(const Shape& shape, const std::vector<int>& perm) {
  Shape result;
  for (const int axis : perm) result.push_back(shape[static_cast<size_t>(axis)]);
  return result;
}

std::vector<int> inverse(const std::vector<int>& perm) {
  std::vector<int> result(perm.size());
  for (size_t i = 0; i < perm.size(); ++i)
    result[static_cast<size_t>(perm[i])] = static_cast<int>(i);
  return result;
}

namespace ops {
const OpDef transpose{.name = "Transpose",
                      .infer = typed<&infer_transpose>,
                      .eval = &eval,
                      .print = print_attrs<TransposeAttrs>,
                      .moved_axis = moved_by_transpose};
const OpDef slice{.name = "Slice",
                  .infer = typed<&infer_slice>,
                  .eval = &eval,
                  .print = print_attrs<SliceAttrs>,
                  .moved_axis = moved_by_slice};
const OpDef expand{.name = "Expand",
                   .infer = typed<&infer_expand>,
                   .eval = &eval,
                   .print = print_attrs<ExpandAttrs>,
                   .moved_axis = moved_if_same};
}  // namespace ops

}  // namespace motec
