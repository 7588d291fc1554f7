#include "ops/qpool.h"

#include "ops/window.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const QPoolAttrs& a, const InferCtx& c) {
  const Type& x = *c.in[0];
  internal_check(is_narrow_signed(x.dtype) && x.shape.size() == 4, "QPool of {}", to_string(x));
  internal_check(a.window.kind == PoolKind::Max || c.in[1]->dtype == DType::S32,
                 "QPool: multipliers {}", to_string(*c.in[1]));
  const DType dtype = a.window.kind == PoolKind::Max ? x.dtype : a.store.out;
  return {{.dtype = dtype, .shape = {x.shape[0], a.window.out[0], a.window.out[1], x.shape[3]}}};
}

void eval(const QPoolAttrs& a, const EvalCtx& c) {
  using Isa = mote::isa::ScalarS8;
  const mote::PoolS8Shape s = qpool_shape(a, c.in[0]->shape);
  std::vector<int32_t> scratch(static_cast<size_t>(s.in_c));
  with_narrow(*c.in[0], [&]<class X>(const X* x) {
    if (a.window.kind == PoolKind::Max) return mote::maxpool_s8<Isa>(s, x, c.out[0]->data<X>());
    with_narrow(*c.out[0], [&](auto* y) {
      mote::avgpool_s8<Isa>(s, x, c.in[1]->data<int32_t>(), y,
                            reinterpret_cast<int8_t*>(scratch.data()));
    });
  });
}

}  // namespace

mote::PoolS8Shape qpool_shape(const QPoolAttrs& a, const Shape& x) {
  mote::PoolS8Shape s{};
  fill_window(s, a.window, x, a.window.kernel, a.window.out);
  s.in_c = to_i32(x[3]);
  s.pad_bottom = to_i32(a.window.pad[2]);
  s.pad_right = to_i32(a.window.pad[3]);
  s.count_include_pad = a.window.count_include_pad;
  s.first_cells = a.first_cells;
  s.in_zp = a.in_zp;
  fill_store(s, a.store);
  return s;
}

namespace ops {
const OpDef qpool{.name = "QPool",
                  .infer = typed<&infer>,
                  .eval = typed<&eval>,
                  .print = print_attrs<QPoolAttrs>};
}

}  // namespace motec
