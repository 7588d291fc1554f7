#include "ops/qconv2d.h"

#include "ops/conv2d.h"
#include "ops/window.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const QConv2dAttrs& a, const InferCtx& c) {
  const Shape &x = c.in[0]->shape, &w = c.in[1]->shape;
  internal_check(x.size() == 4 && w.size() == 4 && w[3] * a.groups == x[3],
                 "QConv2D: weights {} for {}", to_string(w), to_string(x));
  check_integer_operands("QConv2D", c.in, a.store, w[0]);
  Shape y = {x[0], 0, 0, w[0]};
  for (size_t i = 0; i < 2; ++i)
    y[1 + i] =
        window_count(x[1 + i], a.pad[i] + a.pad[2 + i], w[1 + i], a.stride[i], a.dilation[i]);
  return {{.dtype = a.store.out, .shape = y}};
}

void eval(const QConv2dAttrs& a, const EvalCtx& c) {
  using Isa = mote::isa::ScalarS8;
  const Tensor &x = *c.in[0], &w = *c.in[1];
  const mote::Conv2dS8Shape s = qconv2d_shape(a, x.shape, w.shape);
  const int64_t k = product(w.shape, 1, 4), n = w.shape[0] / a.groups;
  constexpr mote::pack::GemmLayout layout = mote::pack::gemm_layout<Isa>();
  with_requant(a.store, [&]<class Rq>() {
    with_integers(x, w, [&]<class X, class W>(const X* px, const W* pw) {
      std::vector<W> packed(static_cast<size_t>(mote::pack::gemm_bytes(layout, n, k) * a.groups));
      mote::pack::pack_gemm(layout, pw, a.groups, n, k, packed.data());
      std::vector<int8_t> scratch(static_cast<size_t>(mote::conv2d_scratch<Isa, X>(s)));
      mote::conv2d_s8<Isa, Rq>(s, px, packed.data(), c.in[2]->data<int32_t>(),
                               c.in[3]->data<int32_t>(), c.out[0]->data<typename Rq::Out>(),
                               scratch.data());
    });
  });
}

int64_t macs(const QConv2dAttrs& a, const InferCtx& c) {
  return infer(a, c)[0].elements() * product(c.in[1]->shape, 1, 4);
}

}  // namespace

mote::Conv2dS8Shape qconv2d_shape(const QConv2dAttrs& a, const Shape& x, const Shape& w) {
  mote::Conv2dS8Shape s{};
  const int64_t rows = window_count(x[1], a.pad[0] + a.pad[2], w[1], a.stride[0], a.dilation[0]);
  const int64_t columns = window_count(x[2], a.pad[1] + a.pad[3], w[2], a.stride[1], a.dilation[1]);
  fill_window(s, a, x, {w[1], w[2]}, {rows, columns});
  s.in_c = to_i32(x[3]);
  s.out_c = to_i32(w[0]);
  s.groups = to_i32(a.groups);
  s.pad_value = a.pad_value;
  fill_store(s, a.store);
  lay_column_as_row(s);
  return s;
}

mote::DepthwiseS8Shape qdepthwise_shape(const QConv2dAttrs& a, const Shape& x, const Shape& w) {
  const mote::Conv2dS8Shape c = qconv2d_shape(a, x, w);
  return {
      c.batch,    c.in_h,      c.in_w,     c.in_c,     c.out_h,      c.out_w,      c.out_c / c.in_c,
      c.kernel_h, c.kernel_w,  c.stride_h, c.stride_w, c.dilation_h, c.dilation_w, c.pad_top,
      c.pad_left, c.pad_value, c.zp,       c.lo,       c.hi,         c.shift};
}

namespace ops {
const OpDef qconv2d{.name = "QConv2D",
                    .infer = typed<&infer>,
                    .eval = typed<&eval>,
                    .print = print_attrs<QConv2dAttrs>,
                    .macs = typed<&macs>};
}

}  // namespace motec
