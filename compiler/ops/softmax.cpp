#include "ops/softmax.h"

#include "ops/shapes.h"

namespace motec {
namespace {

std::vector<Type> infer(const SoftmaxAttrs& a, const InferCtx& c) {
  const Type& x = *c.in[0];
  require(x.dtype == DType::F32 || x.dtype == DType::F64, "E3101",
          fmt::format("{} is not defined for {}", name_of(a.kind), name_of(x.dtype)));
  return {{.dtype = x.dtype, .shape = x.shape}};
}

template <class T>
void run(const SoftmaxAttrs& a, const EvalCtx& c) {
  const mote::SoftmaxShape s = softmax_shape(a, c.in[0]->shape);
  const T* x = c.in[0]->data<T>();
  T* y = c.out[0]->data<T>();
  switch (a.kind) {
    case SoftmaxKind::Softmax:
      return mote::softmax(s, x, y);
    case SoftmaxKind::LogSoftmax:
      return mote::log_softmax(s, x, y);
    case SoftmaxKind::Hardmax:
      return mote::hardmax(s, x, y);
  }
}

void eval(const SoftmaxAttrs& a, const EvalCtx& c) {
  c.in[0]->dtype == DType::F64 ? run<double>(a, c) : run<float>(a, c);
}

}  // namespace

std::string_view name_of(SoftmaxKind kind) {
  constexpr std::string_view kNames[] = {"Softmax", "LogSoftmax", "Hardmax"};
  return kNames[static_cast<size_t>(kind)];
}

mote::SoftmaxShape softmax_shape(const SoftmaxAttrs& a, const Shape& x) {
  const AxisView view = around_axis(x, a.axis);
  return {to_i32(view.outer), to_i32(view.n), to_i32(view.inner)};
}

namespace ops {
const OpDef softmax{.name = "Softmax",
                    .infer = typed<&infer>,
                    .eval = typed<&eval>,
                    .print = print_attrs<SoftmaxAttrs>};
}

}  // namespace motec
