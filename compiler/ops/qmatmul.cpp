#include "ops/qmatmul.h"

#include <vector>

#include "ops/matmul.h"
#include "support/diag.h"

namespace motec {
namespace {

Op as_float(const QMatMulAttrs& a) {
  return {&ops::matmul, MatMulAttrs{.transpose_b = a.transpose_b, .act = {}}, {}, {}, {}};
}

InferCtx as_float(const InferCtx& c, Type (&types)[2]) {
  InferCtx result;
  for (size_t i = 0; i < 2; ++i) {
    types[i] = {.dtype = DType::F32, .shape = c.in[i]->shape};
    result.in.push_back(&types[i]);
    result.constant.push_back(nullptr);
  }
  return result;
}

std::vector<Type> infer(const QMatMulAttrs& a, const InferCtx& c) {
  const bool narrow = c.in[0]->dtype == DType::S8 && c.in[1]->dtype == DType::S8;
  internal_check(is_narrow_signed(c.in[0]->dtype) && is_narrow_signed(c.in[1]->dtype) &&
                     (narrow || a.store.form == StoreForm::Wide),
                 "QMatMul of {} and {}", to_string(*c.in[0]), to_string(*c.in[1]));
  Type types[2];
  std::vector<Type> result = ops::matmul.infer(as_float(a), as_float(c, types));
  result[0].dtype = a.store.out;
  return result;
}

void eval(const QMatMulAttrs& a, const EvalCtx& c) {
  using Isa = mote::isa::ScalarS8;
  const mote::MatMulS8Shape s = qmatmul_shape(a, c.in[0]->shape, c.in[1]->shape);
  std::vector<int16_t> memory(static_cast<size_t>(mote::matmul_scratch(s) / 2));
  int8_t* const scratch = reinterpret_cast<int8_t*>(memory.data());
  if (a.store.form == StoreForm::Wide) {
    const mote::MatMulS16Shape wide = qmatmul_s16_shape(a, c.in[0]->shape, c.in[1]->shape);
    return with_integers(*c.in[0], *c.in[1], [&](const auto* pa, const auto* pb) {
      with_narrow(*c.out[0], [&](auto* y) { mote::matmul_s16<Isa>(wide, pa, pb, y, scratch); });
    });
  }
  const int8_t *pa = c.in[0]->data<int8_t>(), *pb = c.in[1]->data<int8_t>();
  if (a.store.form == StoreForm::Raw) {
    mote::matmul_s8<Isa, mote::Raw>(s, pa, pb, c.out[0]->data<int32_t>(), scratch);
  } else {
    mote::matmul_s8<Isa, mote::High>(s, pa, pb, c.out[0]->data<int8_t>(), scratch);
  }
}

int64_t macs(const QMatMulAttrs& a, const InferCtx& c) {
  Type types[2];
  return ops::matmul.macs(as_float(a), as_float(c, types));
}

template <class S>
S product_shape(const QMatMulAttrs& attrs, const Shape& a, const Shape& b) {
  const mote::MatMulShape f = matmul_shape({.transpose_b = attrs.transpose_b, .act = {}}, a, b);
  S s{};
  s.batch = f.batch;
  s.m = f.m;
  s.k = f.k;
  s.n = f.n;
  s.a_step = f.a_batch_stride;
  s.b_step = f.b_batch_stride;
  s.b_k_step = attrs.transpose_b ? 1 : f.n;
  s.b_n_step = attrs.transpose_b ? f.k : 1;
  s.a_zp = attrs.a_zp;
  s.b_zp = attrs.b_zp;
  s.mult = attrs.mult;
  s.zp = attrs.store.zp;
  s.lo = attrs.store.lo;
  s.hi = attrs.store.hi;
  return s;
}

}  // namespace

mote::MatMulS8Shape qmatmul_shape(const QMatMulAttrs& attrs, const Shape& a, const Shape& b) {
  auto s = product_shape<mote::MatMulS8Shape>(attrs, a, b);
  s.shift = attrs.store.shift;
  return s;
}

mote::MatMulS16Shape qmatmul_s16_shape(const QMatMulAttrs& attrs, const Shape& a, const Shape& b) {
  auto s = product_shape<mote::MatMulS16Shape>(attrs, a, b);
  s.narrow = attrs.narrow;
  s.right = attrs.right;
  return s;
}

namespace ops {
const OpDef qmatmul{.name = "QMatMul",
                    .infer = typed<&infer>,
                    .eval = typed<&eval>,
                    .print = print_attrs<QMatMulAttrs>,
                    .macs = typed<&macs>};
}

}  // namespace motec
