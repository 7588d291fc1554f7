#include "ops/rescale.h"

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const RescaleAttrs& a, const InferCtx& c) {
  internal_check(is_narrow_signed(c.in[0]->dtype) && is_narrow_signed(a.store.out),
                 "Rescale of {} to {}", to_string(*c.in[0]), name_of(a.store.out));
  return {{.dtype = a.store.out, .shape = c.in[0]->shape}};
}

void eval(const RescaleAttrs& a, const EvalCtx& c) {
  const mote::RescaleShape s = rescale_shape(a, c.in[0]->shape);
  with_narrow(*c.in[0], [&]<class X>(const X* x) {
    with_narrow(*c.out[0], [&]<class Y>(Y* y) { mote::rescale(s, x, y); });
  });
}

}  // namespace

mote::RescaleShape rescale_shape(const RescaleAttrs& a, const Shape& x) {
  mote::RescaleShape s{};
  s.count = to_i32(element_count(x));
  s.in_zp = a.in_zp;
  s.mult = a.mult;
  fill_store(s, a.store);
  return s;
}

namespace ops {
const OpDef rescale{.name = "Rescale",
                    .infer = typed<&infer>,
                    .eval = typed<&eval>,
                    .print = print_attrs<RescaleAttrs>};
}

}  // namespace motec
