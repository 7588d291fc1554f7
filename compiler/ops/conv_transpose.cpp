#include "ops/conv_transpose.h"

#include <algorithm>
#include <numeric>

#include "mote/pack.h"
#include "mote/pack_conv_transpose.h"
#include "ops/conv2d.h"
#include "ops/packed.h"
#include "ops/shapes.h"
#include "ops/window.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const ConvTranspose2dAttrs& a, const InferCtx& c) {
  const Type &x = *c.in[0], &w = *c.in[1];
  require_conv_operands("ConvTranspose", c, a.groups);
  require(x.elements() > 0, "E3131",
          fmt::format("ConvTranspose: operand {} is empty", to_string(x.shape)));
  require(
      a.out[0] > 0 && a.out[1] > 0 && a.pad[0] >= 0 && a.pad[1] >= 0, "E3133",
      fmt::format("ConvTranspose: padding leaves nothing of the result: {}", field_text(a.out)));
  return {{.dtype = x.dtype, .shape = {x.shape[0], a.out[0], a.out[1], w.shape[0]}}};
}

void eval(const ConvTranspose2dAttrs& a, const EvalCtx& c) {
  using Isa = mote::isa::Scalar;
  const Tensor &x = *c.in[0], &w = *c.in[1];
  const mote::ConvTranspose2dShape s = conv_transpose2d_shape(a, x.shape, w.shape);
  const std::vector<float> packed = pack_conv_transpose2d(s, w, mote::gemm_nr<Isa>());
  const std::vector<float> bias =
      evaluated_bias(optional_operand(c.in, 2), w.shape[0], mote::gemm_nr<Isa>());
  mote::conv_transpose2d_f32<Isa, mote::fn::Identity>(s, x.data<float>(), packed.data(),
                                                      bias.data(), c.out[0]->data<float>());
  apply_activation(a.act, *c.out[0]);
}

// One per pair of an input element and a weight that it meets, those whose product is cut off
// included: what a straightforward implementation executes.
int64_t macs(const ConvTranspose2dAttrs& a, const InferCtx& c) {
  return c.in[0]->elements() * c.in[1]->elements() / c.in[1]->shape[3] / a.groups;
}

}  // namespace

mote::ConvTranspose2dShape conv_transpose2d_shape(const ConvTranspose2dAttrs& a, const Shape& x,
                                                  const Shape& w) {
  mote::ConvTranspose2dShape s{};
  fill_window(s, a, x, {w[1], w[2]}, a.out);
  s.in_c = to_i32(x[3]);
  s.out_c = to_i32(w[0]);
  s.groups = to_i32(a.groups);
  s.alpha = a.act.alpha;
  s.beta = a.act.beta;
  lay_column_as_row(s);
  s.period_h = s.stride_h / std::gcd(s.stride_h, s.dilation_h);
  s.period_w = s.stride_w / std::gcd(s.stride_w, s.dilation_w);
  return s;
}

std::vector<float> pack_conv_transpose2d(const mote::ConvTranspose2dShape& s, const Tensor& w,
                                         int64_t nr) {
  std::vector<float> ordered(static_cast<size_t>(w.elements()));
  mote::pack::order_by_phase(w.data<float>(), s, ordered.data());
  const int64_t k = product(w.shape, 1, 4);
  std::vector<float> packed(
      static_cast<size_t>(mote::pack::conv2d_floats(s.out_c, k, s.groups, nr)));
  mote::pack::pack_conv2d(ordered.data(), s.out_c, k, s.groups, nr, packed.data());
  return packed;
}

namespace ops {
const OpDef conv_transpose2d{.name = "ConvTranspose2D",
                             .infer = typed<&infer>,
                             .eval = typed<&eval>,
                             .print = print_attrs<ConvTranspose2dAttrs>,
                             .macs = typed<&macs>};
}

}  // namespace motec
