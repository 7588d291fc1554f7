#include "ops/pool.h"

#include "ops/shapes.h"
#include "ops/window.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const PoolAttrs& a, const InferCtx& c) {
  const Type& x = *c.in[0];
  require(x.dtype == DType::F32, "E3101",
          fmt::format("{}Pool is not defined for {}", name_of(a.kind), name_of(x.dtype)));
  require(x.shape.size() == 4, "E3130",
          fmt::format("{}Pool: operand {} is not of rank 4", name_of(a.kind), to_string(x.shape)));
  require(
      a.out[0] > 0 && a.out[1] > 0, "E3133",
      fmt::format("{}Pool: a window of {} does not fit into {} padded by {}", name_of(a.kind),
                  field_text(a.kernel), to_string({x.shape[1], x.shape[2]}), field_text(a.pad)));
  return {{.dtype = x.dtype, .shape = {x.shape[0], a.out[0], a.out[1], x.shape[3]}}};
}

void eval(const PoolAttrs& a, const EvalCtx& c) {
  using Isa = mote::isa::Scalar;
  const mote::PoolShape s = pool_shape(a, c.in[0]->shape);
  const float* x = c.in[0]->data<float>();
  float* y = c.out[0]->data<float>();
  switch (a.kind) {
    case PoolKind::Max:
      return mote::maxpool_f32<Isa>(s, x, y);
    case PoolKind::Average:
      return mote::avgpool_f32<Isa>(s, x, y);
    case PoolKind::Lp:
      return mote::lppool_f32<Isa>(s, x, y);
  }
}

}  // namespace

std::string_view name_of(PoolKind kind) {
  constexpr std::string_view kNames[] = {"Max", "Average", "Lp"};
  return kNames[static_cast<size_t>(kind)];
}

mote::PoolShape pool_shape(const PoolAttrs& a, const Shape& x) {
  mote::PoolShape s{};
  fill_window(s, a, x, a.kernel, a.out);
  s.channels = to_i32(x[3]);
  s.pad_bottom = to_i32(a.pad[2]);
  s.pad_right = to_i32(a.pad[3]);
  s.count_include_pad = a.count_include_pad;
  s.p = to_i32(a.p);
  return s;
}

namespace ops {
const OpDef pool{
    .name = "Pool", .infer = typed<&infer>, .eval = typed<&eval>, .print = print_attrs<PoolAttrs>};
}

}  // namespace motec
