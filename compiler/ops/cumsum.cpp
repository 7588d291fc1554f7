#include "ops/cumsum.h"

#include "ops/shapes.h"

namespace motec {
namespace {

std::vector<Type> infer(const CumSumAttrs&, const InferCtx& c) {
  const DType dtype = c.in[0]->dtype;
  require(dtype == DType::F32 || dtype == DType::F64 || is_integer(dtype), "E3101",
          fmt::format("CumSum is not defined for {}", name_of(dtype)));
  return {{.dtype = dtype, .shape = c.in[0]->shape}};
}

void eval(const CumSumAttrs& a, const EvalCtx& c) {
  const mote::CumSumShape s = cumsum_shape(a, c.in[0]->shape);
  dispatch(c.in[0]->dtype,
           [&]<class T>() { mote::cumsum(s, c.in[0]->data<T>(), c.out[0]->data<T>()); });
}

}  // namespace

mote::CumSumShape cumsum_shape(const CumSumAttrs& a, const Shape& x) {
  const AxisView view = around_axis(x, a.axis);
  return {to_i32(view.outer), to_i32(view.n), to_i32(view.inner), a.exclusive, a.reverse};
}

namespace ops {
const OpDef cumsum{.name = "CumSum",
                   .infer = typed<&infer>,
                   .eval = typed<&eval>,
                   .print = print_attrs<CumSumAttrs>};
}

}  // namespace motec
