#include "export/value_names.h"

#include <algorithm>

#include "ir/op_def.h"
#include "ops/move.h"
#include "support/diag.h"

namespace motec {

Tensor transposed(const Tensor& tensor, const std::vector<int>& perm) {
  Tensor result = Tensor::zeros(tensor.dtype, permuted(tensor.shape, perm));
  const Op op{&ops::transpose, TransposeAttrs{perm}, {}, {}, {}};
  evaluate(op, {.in = {&tensor}, .out = {&result}});
  return result;
}

QuantizedConstant transposed(const QuantizedConstant& constant, const std::vector<int>& perm) {
  QuantizedConstant result = constant;
  result.q = transposed(constant.q, perm);
  const auto moved = [&](int axis) {
    return static_cast<int>(std::find(perm.begin(), perm.end(), axis) - perm.begin());
  };
  if (constant.quant.axis >= 0) result.quant.axis = moved(constant.quant.axis);
  if (constant.groups)
    result.groups = {constant.groups->size, moved(constant.groups->axis),
                     transposed(constant.groups->factors, perm)};
  return result;
}

ValueNames::Names& ValueNames::names(ValueId id) {
  names_.resize(std::max(names_.size(), graph_.values.size()));
  return names_[static_cast<size_t>(id.index)];
}

void ValueNames::set(ValueId id, Order order, const std::string& name) {
  names(id).of(order) = name;
}

std::string ValueNames::fresh(ValueId id) { return model_.fresh(graph_[id].name); }

std::string ValueNames::constant(ValueId id, Order order) {
  const Value& value = graph_[id];
  const bool first = order == Order::ChannelsFirst;
  if (value.quantized)
    return model_.dequantized(
        value.name, first ? transposed(*value.quantized, kChannelsFirst) : *value.quantized);
  return model_.constant(value.name,
                         first ? transposed(*value.constant, kChannelsFirst) : *value.constant);
}

std::string ValueNames::get(ValueId id, Order order) {
  if (!id) return {};
  std::string name = names(id).of(order);
  if (!name.empty()) return name;
  if (graph_[id].constant) {
    name = constant(id, order);
  } else {
    const bool first = order == Order::ChannelsFirst;
    const std::string other = first ? names(id).as_is : names(id).channels_first;
    internal_check(!other.empty(), "'{}' is exported before it is made", graph_[id].name);
    name = model_.node("Transpose", {other}, model_.fresh(other + "_transposed"));
    const std::vector<int>& perm = first ? kChannelsFirst : kChannelsLast;
    model_.attr("perm", std::vector<int64_t>(perm.begin(), perm.end()));
  }
  names(id).of(order) = name;
  return name;
}

Order ValueNames::order_for(const std::vector<ValueId>& in, const Shape& result) const {
  if (result.size() != 4) return Order::AsIs;
  for (const ValueId id : in) {
    if (!id || graph_[id].constant || graph_.type(id).shape.size() != 4) continue;
    internal_check(static_cast<size_t>(id.index) < names_.size(), "an operand is exported late");
    const Names& n = names_[static_cast<size_t>(id.index)];
    if (n.as_is.empty() && !n.channels_first.empty()) return Order::ChannelsFirst;
  }
  return Order::AsIs;
}

std::string ValueNames::get_broadcast(ValueId id, Order order) {
  const Shape& shape = graph_.type(id).shape;
  if (order == Order::AsIs || graph_.type(id).elements() == 1) return get(id);
  if (shape.size() == 4) return get(id, order);
  Shape wide(4 - shape.size(), 1);
  wide.insert(wide.end(), shape.begin(), shape.end());
  if (const auto& quantized = graph_[id].quantized; quantized && quantized->quant.axis < 0) {
    QuantizedConstant constant = *quantized;
    constant.q.shape = wide;
    return model_.dequantized(graph_[id].name, transposed(constant, kChannelsFirst));
  }
  if (const Tensor* constant = graph_.constant(id)) {
    Tensor reshaped = *constant;
    reshaped.shape = wide;
    return model_.constant(graph_[id].name, transposed(reshaped, kChannelsFirst));
  }
  const std::string name = get(id);
  const std::string reshaped = model_.node("Reshape", {name, model_.int64s(name + "_shape", wide)},
                                           model_.fresh(name + "_reshaped"));
  const std::string result =
      model_.node("Transpose", {reshaped}, model_.fresh(name + "_transposed"));
  model_.attr("perm", std::vector<int64_t>(kChannelsFirst.begin(), kChannelsFirst.end()));
  return result;
}

}  // namespace motec
