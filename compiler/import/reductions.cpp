#include "import/reductions.h"

#include <algorithm>
#include <numeric>

#include "ops/cast.h"
#include "ops/select.h"

namespace motec {

ValueId reduce(Node& n, ReduceKind kind, ValueId x, std::vector<int> axes, bool keepdims) {
  std::sort(axes.begin(), axes.end());
  // The least of bools is their product, and true where there are none.
  if (kind == ReduceKind::Min && n.type(x).dtype == DType::Bool) kind = ReduceKind::Prod;
  const bool of_one = std::all_of(axes.begin(), axes.end(), [&](int axis) {
    return n.shape(x)[static_cast<size_t>(axis)] == 1;
  });
  if (of_one && kind != ReduceKind::SumAbs && kind != ReduceKind::SumSquare) {
    Shape y = n.shape(x);
    for (auto axis = axes.rbegin(); !keepdims && axis != axes.rend(); ++axis)
      y.erase(y.begin() + *axis);
    return n.reshape(x, y);
  }
  return n.add(ops::reduce, ReduceAttrs{kind, std::move(axes), keepdims}, {x});
}

ValueId reduce_log_sum_exp(Node& n, ValueId x, const std::vector<int>& axes, bool keepdims) {
  const DType dtype = n.type(x).dtype;
  if (!is_float(dtype)) x = n.add(ops::cast, CastAttrs{DType::F64}, {x});
  ValueId max = reduce(n, ReduceKind::Max, x, axes, true);
  // An infinite maximum would make x - max undefined.
  max = n.add(ops::select, NoAttrs{},
              {n.unary(UnaryFn::IsInf, max, 1, 1), n.scalar(n.type(max).dtype, 0), max});
  const ValueId e = n.unary(UnaryFn::Exp, n.binary(BinaryFn::Sub, x, max));
  const ValueId sum = reduce(n, ReduceKind::Sum, e, axes, keepdims);
  max = n.reshape(max, n.shape(sum));
  const ValueId y = n.binary(BinaryFn::Add, n.unary(UnaryFn::Log, sum), max);
  return is_float(dtype) ? y : n.add(ops::cast, CastAttrs{dtype}, {y});
}

std::vector<int> axes_from(const Node& n, ValueId x, size_t first) {
  const size_t rank = n.shape(x).size();
  std::vector<int> axes(rank > first ? rank - first : 0);
  std::iota(axes.begin(), axes.end(), static_cast<int>(first));
  return axes;
}

ValueId real_unary(Node& n, UnaryFn fn, ValueId x) {
  const DType dtype = n.type(x).dtype;
  if (is_float(dtype)) return n.unary(fn, x);
  const ValueId y = n.unary(fn, n.add(ops::cast, CastAttrs{DType::F64}, {x}));
  return n.add(ops::cast, CastAttrs{dtype}, {y});
}

}  // namespace motec
