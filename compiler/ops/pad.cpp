#include "ops/pad.h"

#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

std::vector<Type> infer(const PadAttrs& a, const InferCtx& c) {
  Type y{.dtype = c.in[0]->dtype, .shape = c.in[0]->shape};
  internal_check(a.begin.size() == y.shape.size() && a.end.size() == y.shape.size(),
                 "Pad: attributes do not have the operand's rank");
  require(c.in[1]->dtype == y.dtype, "E3102",
          fmt::format("Pad: the operand is {}, the constant {}; they must be of one type",
                      name_of(y.dtype), name_of(c.in[1]->dtype)));
  require(c.in[1]->elements() == 1, "E3112", "Pad: the constant is not a single number");
  for (size_t d = 0; d < y.shape.size(); ++d) {
    internal_check(a.begin[d] >= 0 && a.end[d] >= 0, "Pad: negative padding");
    y.shape[d] += a.begin[d] + a.end[d];
  }
  return {y};
}

void eval(const PadAttrs& a, const EvalCtx& c) {
  const mote::PadShape s = pad_shape(a, c.in[0]->shape);
  dispatch(c.in[0]->dtype, [&]<class T>() {
    mote::pad(s, c.in[0]->data<T>(), c.in[1]->data<T>(), c.out[0]->data<T>());
  });
}

}  // namespace

mote::PadShape pad_shape(const PadAttrs& attrs, const Shape& x) {
  Shape dims, x_dims, begin;
  for (size_t d = 0; d < x.size(); ++d) {
    const int64_t y = x[d] + attrs.begin[d] + attrs.end[d];
    if (y == x[d] && !dims.empty()) {
      dims.back() *= y;
      x_dims.back() *= y;
      begin.back() *= y;
    } else if (!dims.empty() && dims.back() == 1 && x_dims.back() == 1) {
      dims.back() = y;
      x_dims.back() = x[d];
      begin.back() = attrs.begin[d];
    } else {
      dims.push_back(y);
      x_dims.push_back(x[d]);
      begin.push_back(attrs.begin[d]);
    }
  }
  if (dims.empty()) dims = x_dims = {1}, begin = {0};
  require(dims.size() <= static_cast<size_t>(mote::kMaxRank), "E3003",
          fmt::format("Pad: more than {} dimensions are padded", mote::kMaxRank));
  mote::PadShape s{};
  s.rank = to_i32(std::ssize(dims));
  fill(s.dims, dims);
  fill(s.x_dims, x_dims);
  fill(s.begin, begin);
  return s;
}

namespace ops {
const OpDef pad{
    .name = "Pad", .infer = typed<&infer>, .eval = typed<&eval>, .print = print_attrs<PadAttrs>};
}

}  // namespace motec
