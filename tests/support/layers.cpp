#include "support/layers.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

namespace motec::test {

Graph layer_of(const Graph& graph, ValueId result, const std::set<std::string>& known) {
  Graph layer = graph;
  layer.inputs.clear();
  layer.outputs = {{graph[result].name, result}};
  std::set<ValueId> wanted = {result}, inputs;
  std::vector<Op> ops;
  for (size_t i = graph.ops.size(); i-- > 0;) {
    const Op& op = graph.ops[i];
    if (!wanted.count(op.out[0])) continue;
    ops.insert(ops.begin(), op);
    for (const ValueId id : op.in) {
      if (!id || graph.constant(id)) continue;
      const bool is_border = known.count(graph[id].name) && graph.type(id).dtype == DType::S8;
      if (!is_border) {
        wanted.insert(id);
      } else if (inputs.insert(id).second) {
        layer.inputs.push_back({graph[id].name, id});
      }
    }
  }
  layer.ops = std::move(ops);
  return layer;
}

void Differences::add(const Differences& other) {
  elements += other.elements;
  differing += other.differing;
  largest = std::max(largest, other.largest);
}

Differences compare(const Tensor& got, const Tensor& want) {
  REQUIRE(got.type() == want.type());
  Differences d;
  for (int64_t i = 0; i < got.elements(); ++i) {
    const int64_t distance = std::abs(int64_t{got.data<int8_t>()[i]} - want.data<int8_t>()[i]);
    d.differing += distance != 0;
    d.largest = std::max(d.largest, distance);
    ++d.elements;
  }
  return d;
}

}  // namespace motec::test
