#include "ops/reshape.h"

#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const ReshapeAttrs& a, const InferCtx& c) {
  const Type& x = *c.in[0];
  require(element_count(a.shape) == x.elements(), "E3120",
          fmt::format("Reshape: {} elements of {} do not fill {}", x.elements(), to_string(x.shape),
                      to_string(a.shape)));
  return {{.dtype = x.dtype, .shape = a.shape}};
}

void eval(const ReshapeAttrs&, const EvalCtx& c) { c.out[0]->bytes = c.in[0]->bytes; }

}  // namespace

namespace ops {
const OpDef reshape{.name = "Reshape",
                    .infer = typed<&infer>,
                    .eval = typed<&eval>,
                    .print = print_attrs<ReshapeAttrs>,
                    .is_view = true};
}

}  // namespace motec
