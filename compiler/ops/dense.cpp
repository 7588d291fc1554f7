#include "ops/dense.h"

#include "mote/gemm_f32.h"
#include "mote/pack.h"
#include "ops/conv2d.h"
#include "ops/host_isa.h"
#include "ops/packed.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const DenseAttrs&, const InferCtx& c) {
  const Type &x = *c.in[0], &w = *c.in[1];
  require(x.dtype == DType::F32 && w.dtype == DType::F32, "E3101",
          fmt::format("a matrix product is not defined for {}", name_of(x.dtype)));
  require(!x.shape.empty() && w.shape.size() == 2 && w.shape[1] == x.shape.back(), "E3140",
          fmt::format("matrix product: {} does not fit weights {}", to_string(x.shape),
                      to_string(w.shape)));
  if (c.in.size() > 2 && c.in[2]) {
    require(c.in[2]->shape == Shape{w.shape[0]}, "E3140",
            fmt::format("matrix product: bias {} does not fit {} outputs",
                        to_string(c.in[2]->shape), w.shape[0]));
  }
  Shape y = x.shape;
  y.back() = w.shape[0];
  return {{.dtype = x.dtype, .shape = y}};
}

PackedWeights pack(const Tensor& w, const Tensor* bias) {
  const int64_t n = w.shape[0], k = w.shape[1], nr = mote::gemm_nr<HostIsa>();
  PackedWeights packed;
  packed.weights.resize(static_cast<size_t>(mote::pack::dense_floats(n, k, nr)));
  mote::pack::pack_dense(w.data<float>(), n, k, nr, packed.weights.data());
  packed.bias = evaluated_bias(bias, n, nr);
  return packed;
}

std::shared_ptr<const void> prepare(const DenseAttrs&, const std::vector<const Tensor*>& in) {
  return std::make_shared<PackedWeights>(pack(*in[1], optional_operand(in, 2)));
}

void eval(const DenseAttrs& a, const EvalCtx& c) {
  const Tensor &x = *c.in[0], &w = *c.in[1];
  const mote::GemmShape s = gemm_shape(a, x.shape, w.shape);
  const Prepared<PackedWeights> packed(c, [&] { return pack(w, optional_operand(c.in, 2)); });
  mote::pointwise_f32<HostIsa, mote::fn::Identity>(s, x.data<float>(), packed->weights.data(),
                                                   packed->bias.data(), c.out[0]->data<float>());
  apply_activation(a.act, *c.out[0]);
}

int64_t macs(const DenseAttrs&, const InferCtx& c) {
  return c.in[0]->elements() * c.in[1]->shape[0];
}

}  // namespace

mote::GemmShape gemm_shape(const DenseAttrs& a, const Shape& x, const Shape& w) {
  return {to_i32(product(x, 0, x.size() - 1)), to_i32(w[1]), to_i32(w[0]), a.act.alpha, a.act.beta};
}

namespace ops {
const OpDef dense{.name = "Dense",
                  .infer = typed<&infer>,
                  .eval = typed<&eval>,
                  .print = print_attrs<DenseAttrs>,
                  .macs = typed<&macs>,
                  .prepare = typed<&prepare>};
}

}  // namespace motec
