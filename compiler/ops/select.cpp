#include "ops/select.h"

#include "ops/shapes.h"

namespace motec {
namespace {

std::vector<Type> infer(const NoAttrs&, const InferCtx& c) {
  require(c.in[0]->dtype == DType::Bool, "E3102",
          fmt::format("Where: the condition is {}, not bool", name_of(c.in[0]->dtype)));
  require(c.in[1]->dtype == c.in[2]->dtype, "E3102",
          fmt::format("Where: the choices are {} and {}, and must be of one type",
                      name_of(c.in[1]->dtype), name_of(c.in[2]->dtype)));
  return {{.dtype = c.in[1]->dtype,
           .shape = broadcast({c.in[0]->shape, c.in[1]->shape, c.in[2]->shape}, "Where")}};
}

void eval(const NoAttrs&, const EvalCtx& c) {
  const mote::SelectShape s = select_shape(c.in[0]->shape, c.in[1]->shape, c.in[2]->shape);
  dispatch(c.in[1]->dtype, [&]<class T>() {
    mote::select(s, c.in[0]->data<uint8_t>(), c.in[1]->data<T>(), c.in[2]->data<T>(),
                 c.out[0]->data<T>());
  });
}

}  // namespace

mote::SelectShape select_shape(const Shape& condition, const Shape& a, const Shape& b) {
  const Shape to = broadcast({condition, a, b}, "Where");
  const Walk walk = merged(
      {to, {broadcast_strides(condition, to), broadcast_strides(a, to), broadcast_strides(b, to)}});
  mote::SelectShape s{};
  s.rank = to_i32(std::ssize(walk.dims));
  fill(s.dims, walk.dims);
  fill(s.c_stride, walk.strides[0]);
  fill(s.a_stride, walk.strides[1]);
  fill(s.b_stride, walk.strides[2]);
  return s;
}

namespace ops {
const OpDef select{
    .name = "Select", .infer = typed<&infer>, .eval = typed<&eval>, .print = print_attrs<NoAttrs>};
}

}  // namespace motec
