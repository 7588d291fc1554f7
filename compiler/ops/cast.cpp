#include "ops/cast.h"

#include "ops/shapes.h"

namespace motec {
namespace {

std::vector<Type> infer(const CastAttrs& a, const InferCtx& c) {
  return {{.dtype = a.to, .shape = c.in[0]->shape}};
}

// Calls body with the type argument of mote::cast.
template <class Body>
void with_element(DType dtype, Body body) {
  switch (dtype) {
    case DType::F16:
      return body.template operator()<mote::Float16>();
    case DType::BF16:
      return body.template operator()<mote::BFloat16>();
    case DType::Bool:
      return body.template operator()<mote::Bool>();
    default:
      return dispatch(dtype, body);
  }
}

void eval(const CastAttrs& a, const EvalCtx& c) {
  const mote::CastShape s{to_i32(c.in[0]->elements())};
  with_element(c.in[0]->dtype, [&]<class From>() {
    with_element(a.to, [&]<class To>() {
      mote::cast<From, To>(s, c.in[0]->data<typename mote::Element<From>::Storage>(),
                           c.out[0]->data<typename mote::Element<To>::Storage>());
    });
  });
}

}  // namespace

std::string cast_type(DType dtype) {
  switch (dtype) {
    case DType::F16:
      return "mote::Float16";
    case DType::BF16:
      return "mote::BFloat16";
    case DType::Bool:
      return "mote::Bool";
    default:
      return std::string(c_type_of(dtype));
  }
}

namespace ops {
const OpDef cast{
    .name = "Cast", .infer = typed<&infer>, .eval = typed<&eval>, .print = print_attrs<CastAttrs>};
}

}  // namespace motec
