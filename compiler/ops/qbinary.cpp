#include "ops/qbinary.h"

#include <algorithm>

#include "ops/binary.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(std::string_view name, DType out, const InferCtx& c) {
  const DType x = c.in[0]->dtype;
  internal_check(c.in[1]->dtype == x && (x == DType::S16 || (x == DType::S8 && out == DType::S8)),
                 "{} of {} and {}", name, to_string(*c.in[0]), to_string(*c.in[1]));
  return {{.dtype = out, .shape = broadcast({c.in[0]->shape, c.in[1]->shape}, name)}};
}

std::vector<Type> infer_add(const QAddAttrs& a, const InferCtx& c) {
  return infer("QAdd", a.out, c);
}
std::vector<Type> infer_mul(const QMulAttrs& a, const InferCtx& c) {
  return infer("QMul", a.store.out, c);
}

void eval_add(const QAddAttrs& a, const EvalCtx& c) {
  const Tensor &x = *c.in[0], &z = *c.in[1];
  if (x.dtype == DType::S16)
    return with_narrow(*c.out[0], [&](auto* y) {
      mote::add_s16(qadd_s16_shape(a, x.shape, z.shape), x.data<int16_t>(), z.data<int16_t>(), y);
    });
  mote::add_s8<mote::isa::ScalarS8>(qadd_shape(a, x.shape, z.shape), x.data<int8_t>(),
                                    z.data<int8_t>(), c.out[0]->data<int8_t>());
}

void eval_mul(const QMulAttrs& a, const EvalCtx& c) {
  const Tensor &x = *c.in[0], &z = *c.in[1];
  if (x.dtype == DType::S16)
    return with_narrow(*c.out[0], [&](auto* y) {
      mote::mul_s16(qmul_s16_shape(a, x.shape, z.shape), x.data<int16_t>(), z.data<int16_t>(), y);
    });
  mote::mul_s8<mote::isa::ScalarS8>(qmul_shape(a, x.shape, z.shape), x.data<int8_t>(),
                                    z.data<int8_t>(), c.out[0]->data<int8_t>());
}

// The walk of a float32 Binary is that of an integer one.
template <class S>
S walk_of(const Shape& a, const Shape& b) {
  const mote::BinaryShape walk = binary_shape({}, a, b);
  S s{};
  s.rank = walk.rank;
  std::copy_n(walk.dims, mote::kMaxRank, s.dims);
  std::copy_n(walk.a_stride, mote::kMaxRank, s.a_stride);
  std::copy_n(walk.b_stride, mote::kMaxRank, s.b_stride);
  return s;
}

// What sums, and what products, have in common whatever their elements are.
template <class S>
S sum_of(const QAddAttrs& attrs, const Shape& a, const Shape& b) {
  auto s = walk_of<S>(a, b);
  s.a_mult = attrs.a_mult;
  s.b_mult = attrs.b_mult;
  s.right = attrs.right;
  s.lo = attrs.lo;
  s.hi = attrs.hi;
  return s;
}
template <class S>
S product_of(const QMulAttrs& attrs, const Shape& a, const Shape& b) {
  auto s = walk_of<S>(a, b);
  s.a_zp = attrs.a_zp;
  s.b_zp = attrs.b_zp;
  s.mult = attrs.mult;
  return s;
}

}  // namespace

mote::AddS8Shape qadd_shape(const QAddAttrs& attrs, const Shape& a, const Shape& b) {
  auto s = sum_of<mote::AddS8Shape>(attrs, a, b);
  s.offset = static_cast<int32_t>(attrs.offset);
  return s;
}

mote::MulS8Shape qmul_shape(const QMulAttrs& attrs, const Shape& a, const Shape& b) {
  auto s = product_of<mote::MulS8Shape>(attrs, a, b);
  fill_store(s, attrs.store);
  return s;
}

mote::AddS16Shape qadd_s16_shape(const QAddAttrs& attrs, const Shape& a, const Shape& b) {
  auto s = sum_of<mote::AddS16Shape>(attrs, a, b);
  s.offset_high = static_cast<int32_t>(attrs.offset >> 32);
  s.offset_low = static_cast<int32_t>(attrs.offset);
  return s;
}

mote::MulS16Shape qmul_s16_shape(const QMulAttrs& attrs, const Shape& a, const Shape& b) {
  auto s = product_of<mote::MulS16Shape>(attrs, a, b);
  s.right = attrs.right;
  s.zp = attrs.store.zp;
  s.lo = attrs.store.lo;
  s.hi = attrs.store.hi;
  return s;
}

namespace ops {
const OpDef qadd{.name = "QAdd",
                 .infer = typed<&infer_add>,
                 .eval = typed<&eval_add>,
                 .print = print_attrs<QAddAttrs>};
const OpDef qmul{.name = "QMul",
                 .infer = typed<&infer_mul>,
                 .eval = typed<&eval_mul>,
                 .print = print_attrs<QMulAttrs>};
}  // namespace ops

}  // namespace motec
