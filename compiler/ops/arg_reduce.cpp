#include "ops/arg_reduce.h"

#include "ops/shapes.h"

namespace motec {
namespace {

std::vector<Type> infer(const ArgReduceAttrs& a, const InferCtx& c) {
  const Type& x = *c.in[0];
  require(x.dtype != DType::F16 && x.dtype != DType::BF16, "E3101",
          fmt::format("ArgMax and ArgMin are not defined for {}", name_of(x.dtype)));
  Shape y = x.shape;
  int64_t& dim = y[static_cast<size_t>(a.axis)];
  require(dim > 0, "E3160",
          fmt::format("ArgMax and ArgMin: dimension {} of {} is empty", a.axis, to_string(x)));
  dim = 1;
  if (!a.keepdims) y.erase(y.begin() + a.axis);
  return {{.dtype = DType::S64, .shape = y}};
}

void eval(const ArgReduceAttrs& a, const EvalCtx& c) {
  const mote::ArgReduceShape s = arg_reduce_shape(a, c.in[0]->shape);
  dispatch(c.in[0]->dtype, [&]<class T>() {
    const T* x = c.in[0]->data<T>();
    auto* y = c.out[0]->data<int64_t>();
    a.extreme == Extreme::Greatest ? mote::arg_reduce<mote::fn::Greater>(s, x, y)
                                   : mote::arg_reduce<mote::fn::Less>(s, x, y);
  });
}

}  // namespace

std::string_view name_of(Extreme extreme) {
  return extreme == Extreme::Greatest ? "Greatest" : "Least";
}

std::string functor(Extreme extreme) {
  return extreme == Extreme::Greatest ? "mote::fn::Greater" : "mote::fn::Less";
}

mote::ArgReduceShape arg_reduce_shape(const ArgReduceAttrs& a, const Shape& x) {
  const AxisView view = around_axis(x, a.axis);
  return {to_i32(view.outer), to_i32(view.n), to_i32(view.inner), a.select_last};
}

namespace ops {
const OpDef arg_reduce{.name = "ArgReduce",
                       .infer = typed<&infer>,
                       .eval = typed<&eval>,
                       .print = print_attrs<ArgReduceAttrs>};
}

}  // namespace motec
