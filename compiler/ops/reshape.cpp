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

// The dimension survives if as many elements stand before it as before.
int moved_axis(const Op&, const Shape& x, const Shape& y, int axis) {
  const int64_t before = product(x, 0, static_cast<size_t>(axis));
  int64_t seen = 1;
  for (size_t d = 0; d < y.size(); ++d) {
    if (seen == before && y[d] == x[static_cast<size_t>(axis)]) return static_cast<int>(d);
    seen *= y[d];
  }
  return -1;
}

}  // namespace

namespace ops {
const OpDef reshape{.name = "Reshape",
                    .infer = typed<&infer>,
                    .eval = typed<&eval>,
                    .print = print_attrs<ReshapeAttrs>,
                    .is_view = true,
                    .moved_axis = moved_axis};
}

}  // namespace motec
