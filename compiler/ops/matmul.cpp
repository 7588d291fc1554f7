#include "ops/matmul.h"

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

Shape leading(const Shape& shape) { return {shape.begin(), shape.end() - 2}; }

std::vector<Type> infer(const MatMulAttrs& at, const InferCtx& c) {
  const Type &a = *c.in[0], &b = *c.in[1];
  require(a.dtype == DType::F32 && b.dtype == DType::F32, "E3101",
          fmt::format("a matrix product is not defined for {}", name_of(a.dtype)));
  require(a.shape.size() >= 2 && b.shape.size() >= 2, "E3140",
          "matrix product: an operand is of rank below 2");
  const int64_t k = b.shape[b.shape.size() - (at.transpose_b ? 1 : 2)];
  require(
      a.shape.back() == k, "E3140",
      fmt::format("matrix product: {} does not fit {}", to_string(a.shape), to_string(b.shape)));
  Shape y = broadcast({leading(a.shape), leading(b.shape)}, "matrix product");
  y.push_back(a.shape[a.shape.size() - 2]);
  y.push_back(b.shape[b.shape.size() - (at.transpose_b ? 2 : 1)]);
  // The kernel steps through a batch evenly; import expands what is broadcast otherwise.
  const auto steps_evenly = [&y](const Shape& operand) {
    const int64_t n = element_count(leading(operand));
    return n == 1 || n == element_count(leading(y));
  };
  internal_check(steps_evenly(a.shape) && steps_evenly(b.shape),
                 "matrix product of {} and {} is broadcast unevenly", to_string(a.shape),
                 to_string(b.shape));
  return {{.dtype = a.dtype, .shape = y}};
}

void eval(const MatMulAttrs& at, const EvalCtx& c) {
  using Isa = mote::isa::Scalar;
  using Identity = mote::fn::Identity;
  const mote::MatMulShape s = matmul_shape(at, c.in[0]->shape, c.in[1]->shape);
  const float *a = c.in[0]->data<float>(), *b = c.in[1]->data<float>();
  float* y = c.out[0]->data<float>();
  at.transpose_b ? mote::matmul_bt_f32<Isa, Identity>(s, a, b, y)
                 : mote::matmul_f32<Isa, Identity>(s, a, b, y);
  apply_activation(at.act, *c.out[0]);
}

int64_t macs(const MatMulAttrs& at, const InferCtx& c) {
  return infer(at, c)[0].elements() * c.in[0]->shape.back();
}

}  // namespace

mote::MatMulShape matmul_shape(const MatMulAttrs& at, const Shape& a, const Shape& b) {
  const int64_t a_batch = element_count(leading(a)), b_batch = element_count(leading(b));
  mote::MatMulShape s{};
  s.batch = to_i32(std::max(a_batch, b_batch));
  s.m = to_i32(a[a.size() - 2]);
  s.k = to_i32(a.back());
  s.n = to_i32(b[b.size() - (at.transpose_b ? 2 : 1)]);
  s.a_batch_stride = a_batch == 1 ? 0 : s.m * s.k;
  s.b_batch_stride = b_batch == 1 ? 0 : s.k * s.n;
  s.alpha = at.act.alpha;
  s.beta = at.act.beta;
  return s;
}

namespace ops {
const OpDef matmul{.name = "MatMul",
                   .infer = typed<&infer>,
                   .eval = typed<&eval>,
                   .print = print_attrs<MatMulAttrs>,
                   .macs = typed<&macs>};
}

}  // namespace motec
