#include "ops/lookup_s16.h"

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const LookupS16Attrs& a, const InferCtx& c) {
  internal_check(c.in[0]->dtype == DType::S16 && is_narrow_signed(a.out) &&
                     c.in[1]->dtype == DType::U16 && c.in[1]->shape == Shape{mote::kLookupBlocks} &&
                     c.in[2]->dtype == DType::S16,
                 "LookupS16 of {} in {} and {}", to_string(*c.in[0]), to_string(*c.in[1]),
                 to_string(*c.in[2]));
  return {{.dtype = a.out, .shape = c.in[0]->shape}};
}

void eval(const LookupS16Attrs&, const EvalCtx& c) {
  with_narrow(*c.out[0], [&](auto* y) {
    mote::lookup_s16(mote::LookupS16Shape{to_i32(c.in[0]->elements())}, c.in[0]->data<int16_t>(),
                     c.in[1]->data<uint16_t>(), c.in[2]->data<int16_t>(), y);
  });
}

}  // namespace

namespace ops {
const OpDef lookup_s16{.name = "LookupS16",
                       .infer = typed<&infer>,
                       .eval = typed<&eval>,
                       .print = print_attrs<LookupS16Attrs>};
}

}  // namespace motec
