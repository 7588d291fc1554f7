#include "ops/qrecurrent.h"

#include <algorithm>
#include <cmath>

#include "mote/gru_s8.h"
#include "mote/lstm_s8.h"
#include "ops/shapes.h"
#include "ops/store.h"
#include "support/diag.h"

namespace motec {
namespace {

using In = QRecurrentIn;

std::vector<Type> infer(const QRecurrentAttrs& a, const InferCtx& c) {
  const Shape &x = c.in[In::X]->shape, &w = c.in[In::W]->shape, &r = c.in[In::R]->shape;
  internal_check(a.kind != CellKind::Rnn && x.size() == 3 && w.size() == 3 && r.size() == 3,
                 "QRecurrent of {}, {} and {}", to_string(x), to_string(w), to_string(r));
  const int64_t directions = r[0], hidden = r[2], rows = gate_count(a.kind) * hidden;
  const auto check = [&](size_t i, DType dtype, const Shape& shape) {
    internal_check(c.in[i]->dtype == dtype && c.in[i]->shape == shape,
                   "QRecurrent: operand {} is {}, not {}", i, to_string(*c.in[i]),
                   to_string(shape));
  };
  check(In::X, c.in[In::X]->dtype == DType::S16 ? DType::S16 : DType::S8, x);
  check(In::W, DType::S8, {directions, rows, x[2]});
  check(In::R, DType::S8, {directions, rows, hidden});
  for (const size_t i : {In::WBias, In::RBias, In::WMult, In::RMult})
    check(i, DType::S32, {directions, rows});
  check(In::Tanh, DType::S16, {mote::kTanhEntries});
  std::vector<Type> types;
  if (a.y) types.push_back({.dtype = a.out, .shape = {x[0], directions, x[1], hidden}});
  for (const bool state : {a.y_h, a.y_c})
    if (state) types.push_back({.dtype = a.out, .shape = {directions, x[1], hidden}});
  return types;
}

void eval(const QRecurrentAttrs& a, const EvalCtx& c) {
  const mote::RecurrentS8Shape s = qrecurrent_shape(a, c.in[In::X]->shape, c.in[In::R]->shape);
  using Isa = mote::isa::ScalarS8;
  const Tensor w = pack_qrecurrent(*c.in[In::W], 1, Isa::kGateLayout);
  const Tensor r = pack_qrecurrent(*c.in[In::R], recurrence_parts(a), Isa::kGateLayout);
  const auto words = [&](size_t i) { return c.in[i]->data<int32_t>(); };
  const auto gates = static_cast<int32_t>(gate_count(a.kind));
  std::vector<int32_t> scratch(
      static_cast<size_t>(mote::recurrent_s8_scratch(s, gates, Isa::kGateLayout)) / 4);
  const auto *pw = w.data<int8_t>(), *pr = r.data<int8_t>();
  const auto* table = c.in[In::Tanh]->data<int16_t>();
  with_integers(*c.in[In::X], *c.out[0], [&]<class X, class Y>(const X* px, const Y*) {
    size_t next = 0;
    const auto result = [&](bool wanted) { return wanted ? c.out[next++]->data<Y>() : nullptr; };
    Y* y = result(a.y);
    Y* y_h = result(a.y_h);
    Y* y_c = result(a.y_c);
    if (a.kind == CellKind::Gru) {
      mote::gru_s8<Isa, Y>(s, px, pw, pr, words(In::WBias), words(In::RBias), words(In::WMult),
                           words(In::RMult), table, y, y_h, scratch.data());
    } else {
      mote::lstm_s8<Isa, Y>(s, px, pw, pr, words(In::WBias), words(In::RBias), words(In::WMult),
                            words(In::RMult), table, y, y_h, y_c, scratch.data());
    }
  });
}

// Of the matrix products; every step of every sequence counts.
int64_t macs(const QRecurrentAttrs&, const InferCtx& c) {
  const Shape& x = c.in[In::X]->shape;
  return x[0] * x[1] * (c.in[In::W]->elements() + c.in[In::R]->elements());
}

}  // namespace

mote::RecurrentS8Shape qrecurrent_shape(const QRecurrentAttrs& a, const Shape& x, const Shape& r) {
  mote::RecurrentS8Shape s{};
  s.steps = to_i32(x[0]);
  s.batch = to_i32(x[1]);
  s.inputs = to_i32(x[2]);
  s.hidden = to_i32(r[2]);
  s.directions = to_i32(r[0]);
  s.backward = a.backward;
  s.linear_before_reset = a.linear_before_reset;
  s.has_y = a.y;
  s.has_y_h = a.y_h;
  s.has_y_c = a.y_c;
  s.w_shift = a.w_shift;
  s.r_shift = a.r_shift;
  s.y_mult = a.y_scale.mult;
  s.y_shift = a.y_scale.shift;
  s.y_zp = a.y_scale.zp;
  s.y_h_mult = a.y_h_scale.mult;
  s.y_h_shift = a.y_h_scale.shift;
  s.y_h_zp = a.y_h_scale.zp;
  s.y_c_mult = a.y_c_scale.mult;
  s.y_c_shift = a.y_c_scale.shift;
  s.y_c_zp = a.y_c_scale.zp;
  return s;
}

Tensor pack_qrecurrent(const Tensor& weights, int64_t parts, const mote::pack::GemmLayout& layout) {
  const Shape& shape = weights.shape;
  const int64_t groups = shape[0] * parts, rows = shape[1] / parts;
  internal_check(layout.nr_tail == 1, "groups lie at multiples of their rows");
  Tensor packed =
      Tensor::zeros(DType::S8, {groups * mote::pack::gemm_bytes(layout, rows, shape[2])});
  mote::pack::pack_gemm(layout, weights.data<int8_t>(), groups, rows, shape[2],
                        packed.data<int8_t>());
  return packed;
}

int64_t recurrence_parts(const QRecurrentAttrs& a) { return gate_count(a.kind); }

Tensor tanh_table() {
  Tensor table = Tensor::zeros(DType::S16, {mote::kTanhEntries});
  for (int64_t i = 0; i < mote::kTanhEntries; ++i)
    table.data<int16_t>()[i] = static_cast<int16_t>(
        std::min(std::lround(32768 * std::tanh(static_cast<double>(i) / 32)), 32767L));
  return table;
}

namespace ops {
const OpDef qrecurrent{.name = "QRecurrent",
                       .infer = typed<&infer>,
                       .eval = typed<&eval>,
                       .print = print_attrs<QRecurrentAttrs>,
                       .macs = typed<&macs>};
}

}  // namespace motec
