#include "ops/reduce.h"

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

// The operand's shape with reduced dimensions as 1.
Shape with_ones(const std::vector<int>& axes, Shape shape) {
  for (const int axis : axes) shape[static_cast<size_t>(axis)] = 1;
  return shape;
}

bool defined_for(ReduceKind kind, DType dtype) {
  switch (dtype) {
    case DType::F16:
    case DType::BF16:
      return false;
    case DType::Bool:
      return kind == ReduceKind::Max || kind == ReduceKind::Prod;
    default:
      return kind != ReduceKind::Mean || size_of(dtype) >= 4;
  }
}

std::vector<Type> infer(const ReduceAttrs& a, const InferCtx& c) {
  const Type& x = *c.in[0];
  require(defined_for(a.kind, x.dtype), "E3101",
          fmt::format("Reduce{} is not defined for {}", name_of(a.kind), name_of(x.dtype)));
  int last = -1;
  for (const int axis : a.axes) {
    internal_check(axis > last && axis < static_cast<int>(x.shape.size()),
                   "Reduce: axes {} do not fit {}", field_text(a.axes), to_string(x.shape));
    last = axis;
    require(
        a.kind != ReduceKind::Mean || is_float(x.dtype) || x.shape[static_cast<size_t>(axis)] > 0,
        "E3160", fmt::format("ReduceMean: {} has no elements to average", to_string(x)));
  }
  Shape y = with_ones(a.axes, x.shape);
  if (!a.keepdims) {
    for (auto axis = a.axes.rbegin(); axis != a.axes.rend(); ++axis) y.erase(y.begin() + *axis);
  }
  return {{.dtype = x.dtype, .shape = y}};
}

template <class F, class T>
void run(const mote::ReduceShape& s, const EvalCtx& c) {
  mote::reduce<F>(s, c.in[0]->data<T>(), c.out[0]->data<T>());
}

void eval(const ReduceAttrs& a, const EvalCtx& c) {
  const mote::ReduceShape s = reduce_shape(a, c.in[0]->shape);
  dispatch(c.in[0]->dtype, [&]<class T>() {
    switch (a.kind) {
      case ReduceKind::Sum:
        return run<mote::fold::Sum, T>(s, c);
      case ReduceKind::Mean:
        return run<mote::fold::Mean, T>(s, c);
      case ReduceKind::Prod:
        return run<mote::fold::Prod, T>(s, c);
      case ReduceKind::Max:
        return run<mote::fold::Max, T>(s, c);
      case ReduceKind::Min:
        return run<mote::fold::Min, T>(s, c);
      case ReduceKind::SumAbs:
        return run<mote::fold::SumAbs, T>(s, c);
      case ReduceKind::SumSquare:
        return run<mote::fold::SumSquare, T>(s, c);
    }
  });
}

}  // namespace

std::string_view name_of(ReduceKind kind) {
  constexpr std::string_view kNames[] = {"Sum", "Mean",   "Prod",     "Max",
                                         "Min", "SumAbs", "SumSquare"};
  return kNames[static_cast<size_t>(kind)];
}

std::string functor(ReduceKind kind) { return fmt::format("mote::fold::{}", name_of(kind)); }

mote::ReduceShape reduce_shape(const ReduceAttrs& a, const Shape& x) {
  const Shape y = with_ones(a.axes, x);
  const Walk walk = merged({x, {strides_of(x), broadcast_strides(y, x)}});
  mote::ReduceShape s{};
  s.rank = to_i32(std::ssize(walk.dims));
  fill(s.dims, walk.dims);
  fill(s.y_stride, walk.strides[1]);
  s.y_count = to_i32(element_count(y));
  int64_t count = 1;
  for (const int axis : a.axes) count *= x[static_cast<size_t>(axis)];
  s.count = to_i32(count);
  return s;
}

namespace ops {
const OpDef reduce{.name = "Reduce",
                   .infer = typed<&infer>,
                   .eval = typed<&eval>,
                   .print = print_attrs<ReduceAttrs>};
}

}  // namespace motec
