#include "ops/scatter.h"

#include "ops/gather.h"
#include "ops/shapes.h"

namespace motec {
namespace {

void require_same_type(std::string_view what, const InferCtx& c) {
  require(c.in[0]->dtype == c.in[2]->dtype, "E3102",
          fmt::format("{}: the operand is {}, the updates {}; they must be of one type", what,
                      name_of(c.in[0]->dtype), name_of(c.in[2]->dtype)));
}

std::vector<Type> infer_elements(const ScatterElementsAttrs& a, const InferCtx& c) {
  const Shape &x = c.in[0]->shape, &index = c.in[1]->shape;
  const auto axis = static_cast<size_t>(a.axis);
  require_same_type("ScatterElements", c);
  bool fits = x.size() == index.size() && c.in[2]->shape == index;
  for (size_t d = 0; fits && d < x.size(); ++d) fits = d == axis || index[d] <= x[d];
  require(fits, "E3114",
          fmt::format("ScatterElements: indices {} and updates {} do not fit into {}",
                      to_string(index), to_string(c.in[2]->shape), to_string(x)));
  require_indices("ScatterElements", *c.in[1], c.constant[1], x[axis]);
  return {{.dtype = c.in[0]->dtype, .shape = x}};
}

std::vector<Type> infer_nd(const ScatterNdAttrs&, const InferCtx& c) {
  const Shape &x = c.in[0]->shape, &index = c.in[1]->shape;
  require_same_type("ScatterND", c);
  bool fits = !index.empty() && index.back() >= 1 && index.back() <= std::ssize(x);
  if (fits) {
    Shape updates(index.begin(), index.end() - 1);
    updates.insert(updates.end(), x.begin() + index.back(), x.end());
    fits = updates == c.in[2]->shape;
  }
  require(fits, "E3114",
          fmt::format("ScatterND: indices {} and updates {} do not fit into {}", to_string(index),
                      to_string(c.in[2]->shape), to_string(x)));
  for (int64_t d = 0; d < index.back(); ++d)
    require_indices("ScatterND", *c.in[1], nullptr, x[static_cast<size_t>(d)]);
  return {{.dtype = c.in[0]->dtype, .shape = x}};
}

// Calls body with the types of elements and indices.
template <class Body>
void with_types(const EvalCtx& c, Body body) {
  dispatch(c.in[0]->dtype, [&]<class T>() {
    dispatch_index(c.in[1]->dtype, [&]<class I>() { body.template operator()<T, I>(); });
  });
}

template <class F>
void run_elements(const mote::ScatterElementsShape& s, const EvalCtx& c) {
  with_types(c, [&]<class T, class I>() {
    mote::scatter_elements<F>(s, c.in[0]->data<T>(), c.in[1]->data<I>(), c.in[2]->data<T>(),
                              c.out[0]->data<T>());
  });
}

template <class F>
void run_nd(const mote::ScatterNdShape& s, const EvalCtx& c) {
  with_types(c, [&]<class T, class I>() {
    mote::scatter_nd<F>(s, c.in[0]->data<T>(), c.in[1]->data<I>(), c.in[2]->data<T>(),
                        c.out[0]->data<T>());
  });
}

void eval_elements(const ScatterElementsAttrs& a, const EvalCtx& c) {
  const mote::ScatterElementsShape s = scatter_elements_shape(a, c.in[0]->shape, c.in[1]->shape);
  switch (a.fn) {
    case ScatterFn::Replace:
      return run_elements<mote::fn::Replace>(s, c);
    case ScatterFn::Add:
      return run_elements<mote::fn::Add>(s, c);
    case ScatterFn::Mul:
      return run_elements<mote::fn::Mul>(s, c);
    case ScatterFn::Max:
      return run_elements<mote::fn::Max>(s, c);
    case ScatterFn::Min:
      return run_elements<mote::fn::Min>(s, c);
  }
}

void eval_nd(const ScatterNdAttrs& a, const EvalCtx& c) {
  const mote::ScatterNdShape s = scatter_nd_shape(c.in[0]->shape, c.in[1]->shape);
  switch (a.fn) {
    case ScatterFn::Replace:
      return run_nd<mote::fn::Replace>(s, c);
    case ScatterFn::Add:
      return run_nd<mote::fn::Add>(s, c);
    case ScatterFn::Mul:
      return run_nd<mote::fn::Mul>(s, c);
    case ScatterFn::Max:
      return run_nd<mote::fn::Max>(s, c);
    case ScatterFn::Min:
      return run_nd<mote::fn::Min>(s, c);
  }
}

}  // namespace

std::string_view name_of(ScatterFn fn) {
  constexpr std::string_view kNames[] = {"Replace", "Add", "Mul", "Max", "Min"};
  return kNames[static_cast<size_t>(fn)];
}

mote::ScatterElementsShape scatter_elements_shape(const ScatterElementsAttrs& attrs, const Shape& x,
                                                  const Shape& index) {
  const auto axis = static_cast<size_t>(attrs.axis);
  Shape stride = strides_of(x);
  mote::ScatterElementsShape s{};
  s.n = to_i32(x[axis]);
  s.axis_stride = to_i32(stride[axis]);
  s.count = to_i32(element_count(x));
  stride[axis] = 0;
  const Walk walk = merged({index, {strides_of(index), stride}});
  s.rank = to_i32(std::ssize(walk.dims));
  fill(s.dims, walk.dims);
  fill(s.u_stride, walk.strides[0]);
  fill(s.y_stride, walk.strides[1]);
  return s;
}

mote::ScatterNdShape scatter_nd_shape(const Shape& x, const Shape& index) {
  const auto named = static_cast<size_t>(index.back());
  const Shape stride = strides_of(x);
  mote::ScatterNdShape s{};
  s.rank = to_i32(index.back());
  fill(s.dims, Shape(x.begin(), x.begin() + index.back()));
  fill(s.stride, Shape(stride.begin(), stride.begin() + index.back()));
  s.points = to_i32(product(index, 0, index.size() - 1));
  s.inner = to_i32(product(x, named, x.size()));
  s.count = to_i32(element_count(x));
  return s;
}

namespace ops {
const OpDef scatter_elements{.name = "ScatterElements",
                             .infer = typed<&infer_elements>,
                             .eval = typed<&eval_elements>,
                             .print = print_attrs<ScatterElementsAttrs>};
const OpDef scatter_nd{.name = "ScatterND",
                       .infer = typed<&infer_nd>,
                       .eval = typed<&eval_nd>,
                       .print = print_attrs<ScatterNdAttrs>};
}  // namespace ops

}  // namespace motec
