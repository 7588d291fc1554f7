#include "ops/qsoftmax.h"

#include <cmath>

#include "ops/quantize.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const QSoftmaxAttrs& a, const InferCtx& c) {
  const DType x = c.in[0]->dtype;
  const bool narrow = x == DType::S8 && a.out == DType::S8 && c.in[1]->shape == Shape{256};
  internal_check(narrow || (x == DType::S16 && c.in[1]->shape == Shape{512}), "QSoftmax of {}",
                 to_string(*c.in[0]));
  return {{.dtype = a.out, .shape = c.in[0]->shape}};
}

void eval(const QSoftmaxAttrs& a, const EvalCtx& c) {
  const mote::SoftmaxS8Shape s = qsoftmax_shape(a, c.in[0]->shape);
  const auto* exps = c.in[1]->data<int32_t>();
  if (c.in[0]->dtype == DType::S8)
    return mote::softmax_s8(s, c.in[0]->data<int8_t>(), exps, c.out[0]->data<int8_t>());
  with_narrow(*c.out[0], [&](auto* y) { mote::softmax_s16(s, c.in[0]->data<int16_t>(), exps, y); });
}

// round(unit * exp(-scale * step * i)) for i < 256.
void append_exponentials(std::vector<int32_t>& table, double unit, double step) {
  for (int i = 0; i < 256; ++i)
    table.push_back(static_cast<int32_t>(std::lround(unit * std::exp(-step * i))));
}

}  // namespace

mote::SoftmaxS8Shape qsoftmax_shape(const QSoftmaxAttrs& a, const Shape& x) {
  const AxisView view = around_axis(x, a.axis);
  return {to_i32(view.outer), to_i32(view.n),   to_i32(view.inner), a.inverse_scale, a.zp,
          lowest_of(a.out),   highest_of(a.out)};
}

Tensor softmax_table(float scale, DType dtype) {
  std::vector<int32_t> table;
  if (dtype == DType::S8) {
    append_exponentials(table, 8388608.0, static_cast<double>(scale));
  } else {
    append_exponentials(table, 1073741824.0, 256.0 * static_cast<double>(scale));
    append_exponentials(table, 1073741824.0, static_cast<double>(scale));
  }
  return s32_vector(table);
}

namespace ops {
const OpDef qsoftmax{.name = "QSoftmax",
                     .infer = typed<&infer>,
                     .eval = typed<&eval>,
                     .print = print_attrs<QSoftmaxAttrs>};
}

}  // namespace motec
