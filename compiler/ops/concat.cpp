#include "ops/concat.h"

#include "ops/shapes.h"

namespace motec {
namespace {

std::vector<Type> infer(const ConcatAttrs& a, const InferCtx& c) {
  const auto axis = static_cast<size_t>(a.axis);
  Type y{.dtype = c.in[0]->dtype, .shape = c.in[0]->shape};
  for (size_t i = 1; i < c.in.size(); ++i) {
    require(c.in[i]->dtype == y.dtype, "E3102",
            fmt::format("Concat: operands are {} and {}, and must be of one type", name_of(y.dtype),
                        name_of(c.in[i]->dtype)));
    Shape other = c.in[i]->shape;
    const bool same_rank = other.size() == y.shape.size();
    if (same_rank) other[axis] = y.shape[axis];
    require(same_rank && other == y.shape, "E3111",
            fmt::format("Concat: {} and {} differ in more than dimension {}",
                        to_string(c.in[0]->shape), to_string(c.in[i]->shape), a.axis));
    y.shape[axis] += c.in[i]->shape[axis];
  }
  return {y};
}

void eval(const ConcatAttrs& a, const EvalCtx& c) {
  std::vector<const Shape*> shapes;
  for (const Tensor* x : c.in) shapes.push_back(&x->shape);
  const std::vector<mote::ConcatPart> parts = concat_parts(a, shapes, c.out[0]->shape);
  dispatch(c.out[0]->dtype, [&]<class T>() {
    T* y = c.out[0]->data<T>();
    for (size_t i = 0; i < parts.size(); ++i) {
      mote::concat_part(parts[i], c.in[i]->data<T>(), y);
      y += parts[i].block;
    }
  });
}

}  // namespace

std::vector<mote::ConcatPart> concat_parts(const ConcatAttrs& attrs,
                                           const std::vector<const Shape*>& in, const Shape& out) {
  const AxisView y = around_axis(out, attrs.axis);
  std::vector<mote::ConcatPart> parts;
  for (const Shape* shape : in) {
    const AxisView x = around_axis(*shape, attrs.axis);
    parts.push_back({to_i32(y.outer), to_i32(x.n * x.inner), to_i32(y.n * y.inner)});
  }
  return parts;
}

namespace ops {
const OpDef concat{.name = "Concat",
                   .infer = typed<&infer>,
                   .eval = typed<&eval>,
                   .print = print_attrs<ConcatAttrs>};
}

}  // namespace motec
