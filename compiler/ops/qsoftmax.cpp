#include "ops/qsoftmax.h"

#include <cmath>

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const QSoftmaxAttrs&, const InferCtx& c) {
  internal_check(c.in[0]->dtype == DType::S8 && c.in[1]->shape == Shape{256}, "QSoftmax of {}",
                 to_string(*c.in[0]));
  return {{.dtype = DType::S8, .shape = c.in[0]->shape}};
}

void eval(const QSoftmaxAttrs& a, const EvalCtx& c) {
  mote::softmax_s8(qsoftmax_shape(a, c.in[0]->shape), c.in[0]->data<int8_t>(),
                   c.in[1]->data<int32_t>(), c.out[0]->data<int8_t>());
}

}  // namespace

mote::SoftmaxS8Shape qsoftmax_shape(const QSoftmaxAttrs& a, const Shape& x) {
  const AxisView view = around_axis(x, a.axis);
  return {to_i32(view.outer), to_i32(view.n), to_i32(view.inner), a.inverse_scale, a.zp, -128, 127};
}

Tensor softmax_table(float scale) {
  Tensor table = Tensor::zeros(DType::S32, {256});
  for (int d = 0; d < 256; ++d)
    table.data<int32_t>()[d] =
        static_cast<int32_t>(std::lround(8388608.0 * std::exp(-static_cast<double>(scale) * d)));
  return table;
}

namespace ops {
const OpDef qsoftmax{.name = "QSoftmax",
                     .infer = typed<&infer>,
                     .eval = typed<&eval>,
                     .print = print_attrs<QSoftmaxAttrs>};
}

}  // namespace motec
