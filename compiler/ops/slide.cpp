#include "ops/slide.h"

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const SlideAttrs& a, const InferCtx& c) {
  const auto axis = static_cast<size_t>(a.axis);
  Shape rows = c.in[1]->shape;
  internal_check(axis < rows.size() && c.in[0]->dtype == c.in[1]->dtype &&
                     rows[axis] < c.in[0]->shape.at(axis),
                 "Slide: {} into {}", to_string(*c.in[1]), to_string(*c.in[0]));
  rows[axis] = c.in[0]->shape[axis];
  internal_check(rows == c.in[0]->shape, "Slide: {} into {}", to_string(*c.in[1]),
                 to_string(*c.in[0]));
  return {*c.in[0]};
}

void eval(const SlideAttrs& a, const EvalCtx& c) {
  dispatch(c.out[0]->dtype, [&]<class T>() {
    mote::slide(slide_shape(a, c.in[0]->shape, c.in[1]->shape), c.in[0]->data<T>(),
                c.in[1]->data<T>(), c.out[0]->data<T>());
  });
}

}  // namespace

mote::SlideShape slide_shape(const SlideAttrs& attrs, const Shape& window, const Shape& rows) {
  const AxisView w = around_axis(window, attrs.axis), r = around_axis(rows, attrs.axis);
  return {to_i32(w.outer), to_i32((w.n - r.n) * w.inner), to_i32(r.n * r.inner)};
}

namespace ops {
const OpDef slide{.name = "Slide",
                  .infer = typed<&infer>,
                  .eval = typed<&eval>,
                  .print = print_attrs<SlideAttrs>};
}

}  // namespace motec
