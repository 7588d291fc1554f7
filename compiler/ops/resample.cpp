#include "ops/resample.h"

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const ResampleAttrs& a, const InferCtx& c) {
  const Shape& weights = c.in[2]->shape;
  const auto axis = static_cast<size_t>(a.axis);
  require(c.in[0]->dtype == DType::F32, "E3101",
          fmt::format("Resample is not defined for {}", name_of(c.in[0]->dtype)));
  internal_check(c.constant[1] && c.constant[2], "Resample: tables are not constant");
  internal_check(weights.size() == 2 && c.in[1]->shape == Shape{weights[0]},
                 "Resample: tables do not fit each other");
  for (const int64_t first : to_int64s(*c.constant[1])) {
    internal_check(first >= 0 && first + weights[1] <= c.in[0]->shape[axis],
                   "Resample: reads outside its operand");
  }
  Type y{.dtype = DType::F32, .shape = c.in[0]->shape};
  y.shape[axis] = weights[0];
  return {y};
}

void eval(const ResampleAttrs& a, const EvalCtx& c) {
  mote::resample(resample_shape(a, c.in[0]->shape, c.in[2]->shape), c.in[0]->data<float>(),
                 c.in[1]->data<int32_t>(), c.in[2]->data<float>(), c.out[0]->data<float>());
}

int64_t macs(const ResampleAttrs& a, const InferCtx& c) {
  const AxisView v = around_axis(c.in[0]->shape, a.axis);
  return v.outer * v.inner * c.in[2]->elements();
}

}  // namespace

mote::ResampleShape resample_shape(const ResampleAttrs& attrs, const Shape& x,
                                   const Shape& weights) {
  const AxisView v = around_axis(x, attrs.axis);
  return {to_i32(v.outer), to_i32(v.n), to_i32(v.inner), to_i32(weights[0]), to_i32(weights[1])};
}

namespace ops {
const OpDef resample{.name = "Resample",
                     .infer = typed<&infer>,
                     .eval = typed<&eval>,
                     .print = print_attrs<ResampleAttrs>,
                     .macs = typed<&macs>};
}

}  // namespace motec
