#include "ops/gather.h"

#include "ops/shapes.h"

namespace motec {
namespace {

std::vector<Type> infer_gather(const GatherAttrs& a, const InferCtx& c) {
  const Shape &x = c.in[0]->shape, &index = c.in[1]->shape;
  const auto axis = x.begin() + a.axis;
  require_indices("Gather", *c.in[1], c.constant[1], *axis);
  Shape y(x.begin(), axis);
  y.insert(y.end(), index.begin(), index.end());
  y.insert(y.end(), axis + 1, x.end());
  return {{.dtype = c.in[0]->dtype, .shape = y}};
}

std::vector<Type> infer_gather_elements(const GatherElementsAttrs& a, const InferCtx& c) {
  const Shape &x = c.in[0]->shape, &index = c.in[1]->shape;
  const auto axis = static_cast<size_t>(a.axis);
  require_indices("GatherElements", *c.in[1], c.constant[1], x[axis]);
  bool fits = x.size() == index.size();
  for (size_t d = 0; fits && d < x.size(); ++d) fits = d == axis || index[d] <= x[d];
  require(
      fits, "E3114",
      fmt::format("GatherElements: indices {} do not fit into {}", to_string(index), to_string(x)));
  return {{.dtype = c.in[0]->dtype, .shape = index}};
}

std::vector<Type> infer_gather_nd(const GatherNdAttrs& a, const InferCtx& c) {
  const Shape &x = c.in[0]->shape, &index = c.in[1]->shape;
  const auto batch = static_cast<size_t>(a.batch_dims);
  bool fits = batch < index.size() && index.back() >= 1 &&
              batch + static_cast<size_t>(index.back()) <= x.size();
  for (size_t d = 0; fits && d < batch; ++d) fits = index[d] == x[d];
  require(fits, "E3114",
          fmt::format("GatherND: indices {} do not fit {} with {} batch dimensions",
                      to_string(index), to_string(x), a.batch_dims));
  const size_t first = batch + static_cast<size_t>(index.back());
  for (size_t d = batch; d < first; ++d) require_indices("GatherND", *c.in[1], nullptr, x[d]);
  Shape y(index.begin(), index.end() - 1);
  y.insert(y.end(), x.begin() + static_cast<int64_t>(first), x.end());
  return {{.dtype = c.in[0]->dtype, .shape = y}};
}

void eval_gather(const GatherAttrs& a, const EvalCtx& c) {
  const mote::GatherShape s = gather_shape(a, c.in[0]->shape, c.in[1]->shape);
  dispatch(c.in[0]->dtype, [&]<class T>() {
    dispatch_index(c.in[1]->dtype, [&]<class I>() {
      mote::gather<mote::AnyIndex>(s, c.in[0]->data<T>(), c.in[1]->data<I>(), c.out[0]->data<T>());
    });
  });
}

void eval_gather_elements(const GatherElementsAttrs& a, const EvalCtx& c) {
  const mote::GatherElementsShape s = gather_elements_shape(a, c.in[0]->shape, c.in[1]->shape);
  dispatch(c.in[0]->dtype, [&]<class T>() {
    dispatch_index(c.in[1]->dtype, [&]<class I>() {
      mote::gather_elements(s, c.in[0]->data<T>(), c.in[1]->data<I>(), c.out[0]->data<T>());
    });
  });
}

void eval_gather_nd(const GatherNdAttrs& a, const EvalCtx& c) {
  const mote::GatherNdShape s = gather_nd_shape(a, c.in[0]->shape, c.in[1]->shape);
  dispatch(c.in[0]->dtype, [&]<class T>() {
    dispatch_index(c.in[1]->dtype, [&]<class I>() {
      mote::gather_nd(s, c.in[0]->data<T>(), c.in[1]->data<I>(), c.out[0]->data<T>());
    });
  });
}

// Indices mix what stands along a dimension.
int torn(const Op&, const Shape&, const Shape&, int) { return -1; }

}  // namespace

void require_indices(std::string_view what, const Type& type, const Tensor* constant, int64_t n) {
  require(type.dtype == DType::S32 || type.dtype == DType::S64, "E3113",
          fmt::format("{}: the indices are {}, not int32 or int64", what, name_of(type.dtype)));
  require(n > 0 || type.elements() == 0, "E3113",
          fmt::format("{}: picks from a dimension of 0", what));
  if (!constant) return;
  for (const int64_t index : to_int64s(*constant)) {
    require(index >= 0 && index < n, "E3113",
            fmt::format("{}: index {} is outside a dimension of {}", what, index, n));
  }
}

mote::GatherShape gather_shape(const GatherAttrs& attrs, const Shape& x, const Shape& index) {
  const AxisView v = around_axis(x, attrs.axis);
  return {to_i32(v.outer), to_i32(v.n), to_i32(v.inner), to_i32(element_count(index))};
}

mote::GatherElementsShape gather_elements_shape(const GatherElementsAttrs& attrs, const Shape& x,
                                                const Shape& index) {
  const auto axis = static_cast<size_t>(attrs.axis);
  Shape stride = strides_of(x);
  mote::GatherElementsShape s{};
  s.n = to_i32(x[axis]);
  s.axis_stride = to_i32(stride[axis]);
  stride[axis] = 0;
  const Walk walk = merged({index, {stride, strides_of(index)}});
  s.rank = to_i32(std::ssize(walk.dims));
  fill(s.dims, walk.dims);
  fill(s.x_stride, walk.strides[0]);
  fill(s.y_stride, walk.strides[1]);
  return s;
}

mote::GatherNdShape gather_nd_shape(const GatherNdAttrs& attrs, const Shape& x,
                                    const Shape& index) {
  const auto batch = static_cast<size_t>(attrs.batch_dims);
  const size_t last = batch + static_cast<size_t>(index.back());
  const Shape stride = strides_of(x);
  mote::GatherNdShape s{};
  s.rank = to_i32(index.back());
  fill(s.dims, Shape(x.begin() + attrs.batch_dims, x.begin() + static_cast<int64_t>(last)));
  fill(s.stride,
       Shape(stride.begin() + attrs.batch_dims, stride.begin() + static_cast<int64_t>(last)));
  s.batches = to_i32(product(x, 0, batch));
  s.batch = to_i32(product(x, batch, x.size()));
  s.points = to_i32(product(index, batch, index.size() - 1));
  s.inner = to_i32(product(x, last, x.size()));
  return s;
}

namespace ops {
const OpDef gather{.name = "Gather",
                   .infer = typed<&infer_gather>,
                   .eval = typed<&eval_gather>,
                   .print = print_attrs<GatherAttrs>,
                   .moved_axis = torn};
const OpDef gather_elements{.name = "GatherElements",
                            .infer = typed<&infer_gather_elements>,
                            .eval = typed<&eval_gather_elements>,
                            .print = print_attrs<GatherElementsAttrs>,
                            .moved_axis = torn};
const OpDef gather_nd{.name = "GatherND",
                      .infer = typed<&infer_gather_nd>,
                      .eval = typed<&eval_gather_nd>,
                      .print = print_attrs<GatherNdAttrs>,
                      .moved_axis = torn};
}  // namespace ops

}  // namespace motec
