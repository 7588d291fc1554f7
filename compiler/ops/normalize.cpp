#include "ops/normalize.h"

#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const NormalizeAttrs& a, const InferCtx& c) {
  const Type& x = *c.in[0];
  require(x.dtype == DType::F32 || x.dtype == DType::F64, "E3101",
          fmt::format("Normalize is not defined for {}", name_of(x.dtype)));
  const std::optional<AxisView> view = around_axes(x.shape, a.axes);
  internal_check(view.has_value(), "Normalize: axes {} of {} are not neighbours",
                 field_text(a.axes), to_string(x));
  internal_check(c.in.size() < 3 || !c.in[2] || c.in[1], "Normalize: a bias without a scale");
  for (size_t i = 1; i < c.in.size(); ++i) {
    if (!c.in[i]) continue;
    require(c.in[i]->dtype == x.dtype && c.in[i]->elements() == view->n && view->inner == 1,
            "E3161",
            fmt::format("Normalize: scale or bias {} does not fit dimensions {} of {}",
                        to_string(*c.in[i]), field_text(a.axes), to_string(x)));
  }
  return {{.dtype = x.dtype, .shape = x.shape}};
}

template <class T>
void run(const NormalizeAttrs& a, const EvalCtx& c) {
  const mote::NormalizeShape s = normalize_shape(a, c.in[0]->shape);
  const auto operand = [&c](size_t i) {
    return i < c.in.size() && c.in[i] ? c.in[i]->data<T>() : nullptr;
  };
  const T *x = operand(0), *scale = operand(1), *bias = operand(2);
  T* y = c.out[0]->data<T>();
  if (bias) {
    mote::normalize<mote::affine::ScaleBias>(s, x, scale, bias, y);
  } else if (scale) {
    mote::normalize<mote::affine::Scale>(s, x, scale, bias, y);
  } else {
    mote::normalize<mote::affine::None>(s, x, scale, bias, y);
  }
}

void eval(const NormalizeAttrs& a, const EvalCtx& c) {
  c.in[0]->dtype == DType::F64 ? run<double>(a, c) : run<float>(a, c);
}

}  // namespace

std::optional<AxisView> around_axes(const Shape& shape, const std::vector<int>& axes) {
  AxisView view{1, 1, 1};
  size_t next = 0;  // of axes
  for (size_t d = 0; d < shape.size(); ++d) {
    const bool is_axis = next < axes.size() && axes[next] == static_cast<int>(d);
    next += is_axis;
    if (!is_axis) {
      (view.n == 1 ? view.outer : view.inner) *= shape[d];
    } else {
      if (view.inner != 1 && shape[d] != 1) return std::nullopt;
      view.n *= shape[d];
    }
  }
  return view;
}

mote::NormalizeShape normalize_shape(const NormalizeAttrs& a, const Shape& x) {
  const AxisView view = *around_axes(x, a.axes);
  return {to_i32(view.outer), to_i32(view.n), to_i32(view.inner), a.epsilon};
}

namespace ops {
const OpDef normalize{.name = "Normalize",
                      .infer = typed<&infer>,
                      .eval = typed<&eval>,
                      .print = print_attrs<NormalizeAttrs>};
}

}  // namespace motec
