// Names of values, in one or both of two orders: as the graph has them, and, for maps of rank 4,
// channels first. An operator that does not mind works in the order that its operand has, so that
// Transposes stand only where they are needed: the graph is channels last, ONNX's operators are
// channels first, and most Transposes of the graph cancel.
#pragma once
#include <string>
#include <vector>

#include "export/model_builder.h"

namespace motec {

enum class Order : uint8_t { AsIs, ChannelsFirst };

// Dimension d of a channels-first map is dimension kFirst[d] of the graph's.
inline const std::vector<int> kChannelsFirst = {0, 3, 1, 2};
inline const std::vector<int> kChannelsLast = {0, 2, 3, 1};

// Reads a tensor's dimensions, or a list of one entry for each, in another order.
template <class T>
std::vector<T> reordered(const std::vector<T>& list, const std::vector<int>& perm) {
  std::vector<T> result;
  for (const int d : perm) result.push_back(list[static_cast<size_t>(d)]);
  return result;
}
Tensor transposed(const Tensor& tensor, const std::vector<int>& perm);
QuantizedConstant transposed(const QuantizedConstant& constant, const std::vector<int>& perm);

class ValueNames {
 public:
  ValueNames(const Graph& graph, ModelBuilder& model) : graph_(graph), model_(model) {}

  // Gives a value a name. Fresh ones come from fresh().
  void set(ValueId id, Order order, const std::string& name);
  std::string fresh(ValueId id);
  // The value's name in an order; Transposes it if need be. Constants become initializers.
  std::string get(ValueId id, Order order = Order::AsIs);

  // The order in which an operator that works on elements should run: channels first if an operand
  // is there in that order only.
  Order order_for(const std::vector<ValueId>& in, const Shape& result) const;
  // An operand that broadcasts to a result of rank 4.
  std::string get_broadcast(ValueId id, Order order);

 private:
  struct Names {
    std::string as_is, channels_first;
    std::string& of(Order order) { return order == Order::AsIs ? as_is : channels_first; }
  };
  Names& names(ValueId id);
  std::string constant(ValueId id, Order order);

  const Graph& graph_;
  ModelBuilder& model_;
  std::vector<Names> names_;
};

}  // namespace motec
