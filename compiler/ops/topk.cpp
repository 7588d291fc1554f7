#include "ops/topk.h"

#include "ops/shapes.h"

namespace motec {
namespace {

std::vector<Type> infer(const TopKAttrs& a, const InferCtx& c) {
  const Type& x = *c.in[0];
  require(x.dtype == DType::F32 || x.dtype == DType::F64 || is_integer(x.dtype), "E3101",
          fmt::format("TopK is not defined for {}", name_of(x.dtype)));
  Shape y = x.shape;
  int64_t& dim = y[static_cast<size_t>(a.axis)];
  require(a.k >= 0 && a.k <= dim, "E3162",
          fmt::format("TopK: {} elements of {} along dimension {}", a.k, to_string(x), a.axis));
  dim = a.k;
  return {{.dtype = x.dtype, .shape = y}, {.dtype = DType::S64, .shape = y}};
}

void eval(const TopKAttrs& a, const EvalCtx& c) {
  const mote::TopKShape s = topk_shape(a, c.in[0]->shape);
  dispatch(c.in[0]->dtype, [&]<class T>() {
    const T* x = c.in[0]->data<T>();
    T* values = c.out[0]->data<T>();
    auto* indices = c.out[1]->data<int64_t>();
    a.extreme == Extreme::Greatest ? mote::topk<mote::fn::Greater>(s, x, values, indices)
                                   : mote::topk<mote::fn::Less>(s, x, values, indices);
  });
}

}  // namespace

mote::TopKShape topk_shape(const TopKAttrs& a, const Shape& x) {
  const AxisView view = around_axis(x, a.axis);
  return {to_i32(view.outer), to_i32(view.n), to_i32(view.inner), to_i32(a.k)};
}

namespace ops {
const OpDef topk{
    .name = "TopK", .infer = typed<&infer>, .eval = typed<&eval>, .print = print_attrs<TopKAttrs>};
}

}  // namespace motec
