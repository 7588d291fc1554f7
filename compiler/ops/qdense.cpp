#include "ops/qdense.h"

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const QDenseAttrs& a, const InferCtx& c) {
  const Shape &x = c.in[0]->shape, &w = c.in[1]->shape;
  internal_check(!x.empty() && w.size() == 2 && w[1] == x.back(), "QDense: weights {} for {}",
                 to_string(w), to_string(x));
  check_integer_operands("QDense", c.in, a.store, w[0]);
  Shape y = x;
  y.back() = w[0];
  return {{.dtype = a.store.out, .shape = y}};
}

void eval(const QDenseAttrs& a, const EvalCtx& c) {
  using Isa = mote::isa::ScalarS8;
  const Tensor &x = *c.in[0], &w = *c.in[1];
  const mote::GemmS8Shape s = qgemm_shape(a.store, x.shape, w.shape);
  constexpr mote::pack::GemmLayout layout = mote::pack::gemm_layout<Isa>();
  with_requant(a.store, [&]<class Rq>() {
    with_integers(x, w, [&]<class X, class W>(const X* px, const W* pw) {
      std::vector<W> packed(static_cast<size_t>(mote::pack::gemm_bytes(layout, s.n, s.k)));
      mote::pack::pack_gemm(layout, pw, 1, s.n, s.k, packed.data());
      std::vector<int8_t> scratch(static_cast<size_t>(mote::pointwise_scratch<Isa, X>(s)));
      mote::pointwise_s8<Isa, Rq>(s, px, packed.data(), c.in[2]->data<int32_t>(),
                                  c.in[3]->data<int32_t>(), c.out[0]->data<typename Rq::Out>(),
                                  scratch.data());
    });
  });
}

int64_t macs(const QDenseAttrs&, const InferCtx& c) {
  return c.in[0]->elements() * c.in[1]->shape[0];
}

}  // namespace

mote::GemmS8Shape qgemm_shape(const Store& store, const Shape& x, const Shape& w) {
  mote::GemmS8Shape s{};
  s.m = to_i32(product(x, 0, x.size() - 1));
  s.k = to_i32(w.back());
  s.n = to_i32(w[0]);
  fill_store(s, store);
  return s;
}

namespace ops {
const OpDef qdense{.name = "QDense",
                   .infer = typed<&infer>,
                   .eval = typed<&eval>,
                   .print = print_attrs<QDenseAttrs>,
                   .macs = typed<&macs>};
}

}  // namespace motec
