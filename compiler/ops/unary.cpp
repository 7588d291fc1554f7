#include "ops/unary.h"

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

enum class Domain : uint8_t { Any, Int, Real, Test };

struct Row {
  std::string_view name;
  Domain domain;
};

constexpr Row kRows[] = {
#define MOTEC_UNARY(name, types) {#name, Domain::types},
#include "ops/unary_fn.inc"
#undef MOTEC_UNARY
};

const Row& row_of(UnaryFn fn) { return kRows[static_cast<size_t>(fn)]; }

std::vector<Type> infer(const UnaryAttrs& a, const InferCtx& c) {
  const Type& x = *c.in[0];
  const Domain domain = row_of(a.fn).domain;
  const bool real = x.dtype == DType::F32 || x.dtype == DType::F64;
  require(domain == Domain::Any || (domain == Domain::Int ? !is_float(x.dtype) : real), "E3101",
          fmt::format("{} is not defined for {}", name_of(a.fn), name_of(x.dtype)));
  return {{.dtype = domain == Domain::Test ? DType::Bool : x.dtype, .shape = x.shape}};
}

template <class F, class From, class To>
void run(const UnaryAttrs& a, const Tensor& x, Tensor& y) {
  const mote::UnaryShape s{to_i32(x.elements()), a.alpha, a.beta};
  mote::unary<F>(s, x.data<From>(), y.data<To>());
}

template <class F>
void run_any(const UnaryAttrs& a, const Tensor& x, Tensor& y) {
  dispatch(x.dtype, [&]<class T>() { run<F, T, T>(a, x, y); });
}

template <class F>
void run_int(const UnaryAttrs& a, const Tensor& x, Tensor& y) {
  dispatch(x.dtype, [&]<class T>() {
    if constexpr (std::is_integral_v<T>) run<F, T, T>(a, x, y);
  });
}

template <class F>
void run_real(const UnaryAttrs& a, const Tensor& x, Tensor& y) {
  x.dtype == DType::F64 ? run<F, double, double>(a, x, y) : run<F, float, float>(a, x, y);
}

template <class F>
void run_test(const UnaryAttrs& a, const Tensor& x, Tensor& y) {
  x.dtype == DType::F64 ? run<F, double, uint8_t>(a, x, y) : run<F, float, uint8_t>(a, x, y);
}

// Names for the macro below: the domain column selects the instantiations.
#define run_Any run_any
#define run_Int run_int
#define run_Real run_real
#define run_Test run_test

void run_fn(const UnaryAttrs& a, const Tensor& x, Tensor& y) {
  switch (a.fn) {
#define MOTEC_UNARY(name, types) \
  case UnaryFn::name:            \
    return run_##types<mote::fn::name>(a, x, y);
#include "ops/unary_fn.inc"
#undef MOTEC_UNARY
  }
}

void eval(const UnaryAttrs& a, const EvalCtx& c) { run_fn(a, *c.in[0], *c.out[0]); }

}  // namespace

std::string_view name_of(UnaryFn fn) { return row_of(fn).name; }

std::string functor(UnaryFn fn) { return fmt::format("mote::fn::{}", name_of(fn)); }

void apply_activation(const Activation& act, Tensor& tensor) {
  if (act.fn != UnaryFn::Identity) run_fn(act, tensor, tensor);
}

namespace ops {
const OpDef unary{.name = "Unary",
                  .infer = typed<&infer>,
                  .eval = typed<&eval>,
                  .print = print_attrs<UnaryAttrs>};
}

}  // namespace motec
