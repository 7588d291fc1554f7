#include "import/index_table.h"

#include "ops/gather.h"
#include "ops/move.h"
#include "ops/shapes.h"

namespace motec {
namespace {

bool evenly_spaced(const std::vector<int64_t>& table) {
  if (table.size() < 2) return table.size() == 1;
  const int64_t step = table[1] - table[0];
  for (size_t i = 1; i < table.size(); ++i)
    if (table[i] - table[i - 1] != step) return false;
  return step != 0;
}

}  // namespace

Tensor s32_tensor(Shape shape, const std::vector<int64_t>& values) {
  Tensor tensor = Tensor::zeros(DType::S32, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i) tensor.data<int32_t>()[i] = to_i32(values[i]);
  return tensor;
}

ValueId indices_in(Node& node, size_t i, int64_t n) {
  const Tensor* known = node.constant(node.in(i));
  if (!known) return node.in(i);
  std::vector<int64_t> values = to_int64s(*known);
  for (int64_t& value : values) {
    node.require(value >= -n && value < n, fmt::format("{}: index {} is outside a dimension of {}",
                                                       node.op_type(), value, n));
    if (value < 0) value += n;
  }
  return node.constant(s32_tensor(known->shape, values));
}

ValueId pick(Node& node, ValueId x, int axis, const std::vector<int64_t>& table) {
  const Shape shape = node.shape(x);
  const auto count = std::ssize(table);
  if (!evenly_spaced(table))
    return node.add(ops::gather, GatherAttrs{axis}, {x, node.constant(s32_tensor({count}, table))});
  SliceAttrs a{Shape(shape.size(), 0), Shape(shape.size(), 1), shape};
  const auto d = static_cast<size_t>(axis);
  a.start[d] = table[0];
  a.step[d] = count > 1 ? table[1] - table[0] : 1;
  a.size[d] = count;
  return node.add(ops::slice, a, {x});
}

ValueId pick_elements(Node& node, ValueId x, const std::vector<int64_t>& table, Shape shape) {
  const ValueId list = node.reshape(x, {element_count(node.shape(x))});
  return node.reshape(pick(node, list, 0, table), std::move(shape));
}

}  // namespace motec
