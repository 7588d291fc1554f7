#include "ops/qbinary.h"

#include <algorithm>

#include "ops/binary.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(std::string_view name, const InferCtx& c) {
  internal_check(c.in[0]->dtype == DType::S8 && c.in[1]->dtype == DType::S8, "{} of {} and {}",
                 name, to_string(*c.in[0]), to_string(*c.in[1]));
  return {{.dtype = DType::S8, .shape = broadcast({c.in[0]->shape, c.in[1]->shape}, name)}};
}

std::vector<Type> infer_add(const QAddAttrs&, const InferCtx& c) { return infer("QAdd", c); }
std::vector<Type> infer_mul(const QMulAttrs&, const InferCtx& c) { return infer("QMul", c); }

void eval_add(const QAddAttrs& a, const EvalCtx& c) {
  mote::add_s8<mote::isa::ScalarS8>(qadd_shape(a, c.in[0]->shape, c.in[1]->shape),
                                    c.in[0]->data<int8_t>(), c.in[1]->data<int8_t>(),
                                    c.out[0]->data<int8_t>());
}

void eval_mul(const QMulAttrs& a, const EvalCtx& c) {
  mote::mul_s8<mote::isa::ScalarS8>(qmul_shape(a, c.in[0]->shape, c.in[1]->shape),
                                    c.in[0]->data<int8_t>(), c.in[1]->data<int8_t>(),
                                    c.out[0]->data<int8_t>());
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

}  // namespace

mote::AddS8Shape qadd_shape(const QAddAttrs& attrs, const Shape& a, const Shape& b) {
  auto s = walk_of<mote::AddS8Shape>(a, b);
  s.a_mult = attrs.a_mult;
  s.b_mult = attrs.b_mult;
  s.offset = attrs.offset;
  s.right = attrs.right;
  s.lo = attrs.lo;
  s.hi = attrs.hi;
  return s;
}

mote::MulS8Shape qmul_shape(const QMulAttrs& attrs, const Shape& a, const Shape& b) {
  auto s = walk_of<mote::MulS8Shape>(a, b);
  s.a_zp = attrs.a_zp;
  s.b_zp = attrs.b_zp;
  s.mult = attrs.mult;
  fill_store(s, attrs.store);
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
