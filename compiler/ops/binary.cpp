#include "ops/binary.h"

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

enum class Domain : uint8_t { Any, Int, Unsigned, Bool };
enum class Result : uint8_t { Same, Bool };

struct Row {
  std::string_view name;
  Domain domain;
  Result result;
};

constexpr Row kRows[] = {
#define MOTEC_BINARY(name, types, result) {#name, Domain::types, Result::result},
#include "ops/binary_fn.inc"
#undef MOTEC_BINARY
};

const Row& row_of(BinaryFn fn) { return kRows[static_cast<size_t>(fn)]; }

bool defined_for(Domain domain, DType dtype) {
  switch (domain) {
    case Domain::Any:
      return dtype != DType::F16 && dtype != DType::BF16;
    case Domain::Int:
      return is_integer(dtype);
    case Domain::Unsigned:
      return is_integer(dtype) && !is_signed_int(dtype);
    case Domain::Bool:
      return dtype == DType::Bool;
  }
  return false;
}

std::vector<Type> infer(const BinaryAttrs& at, const InferCtx& c) {
  const Type &a = *c.in[0], &b = *c.in[1];
  const Row& row = row_of(at.fn);
  require(a.dtype == b.dtype, "E3102",
          fmt::format("{}: operands are {} and {}, and must be of one type", row.name,
                      name_of(a.dtype), name_of(b.dtype)));
  require(defined_for(row.domain, a.dtype), "E3101",
          fmt::format("{} is not defined for {}", row.name, name_of(a.dtype)));
  return {{.dtype = row.result == Result::Bool ? DType::Bool : a.dtype,
           .shape = broadcast({a.shape, b.shape}, row.name)}};
}

template <class F, class T>
void run(const mote::BinaryShape& s, const EvalCtx& c) {
  using To = decltype(F::apply(T{}, T{}));
  mote::binary<F, mote::fn::Identity>(s, c.in[0]->data<T>(), c.in[1]->data<T>(),
                                      c.out[0]->data<To>());
}

template <class F, Domain domain>
void run_fn(const mote::BinaryShape& s, const EvalCtx& c) {
  dispatch(c.in[0]->dtype, [&]<class T>() {
    if constexpr ((domain != Domain::Int ||
                   std::is_integral_v<T>)&&(domain != Domain::Unsigned ||
                                            std::is_unsigned_v<T>)&&(domain != Domain::Bool ||
                                                                     std::is_same_v<T, uint8_t>)) {
      run<F, T>(s, c);
    }
  });
}

void eval(const BinaryAttrs& a, const EvalCtx& c) {
  const mote::BinaryShape s = binary_shape(a, c.in[0]->shape, c.in[1]->shape);
  switch (a.fn) {
#define MOTEC_BINARY(name, types, result)        \
  case BinaryFn::name:                           \
    run_fn<mote::fn::name, Domain::types>(s, c); \
    break;
#include "ops/binary_fn.inc"
#undef MOTEC_BINARY
  }
  apply_activation(a.act, *c.out[0]);
}

}  // namespace

std::string_view name_of(BinaryFn fn) { return row_of(fn).name; }

mote::BinaryShape binary_shape(const BinaryAttrs& attrs, const Shape& a, const Shape& b) {
  const Shape to = broadcast({a, b}, name_of(attrs.fn));
  const Walk walk = merged({to, {broadcast_strides(a, to), broadcast_strides(b, to)}});
  mote::BinaryShape s{};
  s.rank = to_i32(std::ssize(walk.dims));
  fill(s.dims, walk.dims);
  fill(s.a_stride, walk.strides[0]);
  fill(s.b_stride, walk.strides[1]);
  s.alpha = attrs.act.alpha;
  s.beta = attrs.act.beta;
  return s;
}

namespace ops {
const OpDef binary{.name = "Binary",
                   .infer = typed<&infer>,
                   .eval = typed<&eval>,
                   .print = print_attrs<BinaryAttrs>};
}

}  // namespace motec
