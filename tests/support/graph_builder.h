// Graphs for tests, in a few lines: values are made by calls that look like the operators.
//
//   GraphBuilder b;
//   const ValueId x = b.input("x", {1, 4, 4, 2});
//   const Graph graph = b.output("y", b.unary(UnaryFn::Relu, b.conv(x, 8, 3))).graph();
#pragma once
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ops/binary.h"
#include "ops/conv2d.h"
#include "ops/pool.h"
#include "ops/unary.h"

namespace motec::test {

class GraphBuilder {
 public:
  // Random constants are a function of the seed alone.
  explicit GraphBuilder(uint32_t seed = 1) : random_(seed) { graph_.name = "test"; }

  ValueId input(const std::string& name, Shape shape, DType dtype = DType::F32);
  ValueId constant(Tensor tensor);
  ValueId floats(Shape shape, const std::vector<float>& values);
  ValueId scalar(float value) { return floats({}, {value}); }
  ValueId ints(const std::vector<int64_t>& values);
  // Multiples of 1/16 in [-1, 1].
  ValueId random(Shape shape);

  // An op with one result. Constants fold, as everywhere.
  ValueId op(const OpDef& def, std::any attrs, std::vector<ValueId> in);
  // The same without folding.
  ValueId unfolded(const OpDef& def, std::any attrs, std::vector<ValueId> in);

  ValueId unary(UnaryFn fn, ValueId x, float alpha = 0, float beta = 0);
  ValueId binary(BinaryFn fn, ValueId a, ValueId b);
  ValueId reshape(ValueId x, Shape shape);
  ValueId transpose(ValueId x, std::vector<int> perm);
  ValueId to_nhwc(ValueId x) { return transpose(x, {0, 2, 3, 1}); }
  ValueId to_nchw(ValueId x) { return transpose(x, {0, 3, 1, 2}); }
  // Convolution of an NHWC map with random weights and biases.
  ValueId conv(ValueId x, int64_t outputs, int64_t kernel, Conv2dAttrs attrs = {});
  ValueId depthwise(ValueId x, int64_t kernel, Conv2dAttrs attrs = {});
  // The same of an NCHW map, as import writes it: between Transposes.
  ValueId conv_nchw(ValueId x, int64_t outputs, int64_t kernel, Conv2dAttrs attrs = {});
  // Pooling with a square window, without padding.
  ValueId pool(ValueId x, PoolKind kind, int64_t kernel, int64_t stride);
  ValueId dense(ValueId x, int64_t outputs);

  GraphBuilder& output(const std::string& name, ValueId id);

  const Shape& shape(ValueId id) const { return graph_.type(id).shape; }
  Graph& graph() { return graph_; }
  uint32_t next_random();  // 24 bits
  // In [begin, end).
  int64_t random_in(int64_t begin, int64_t end);

 private:
  Graph graph_;
  uint32_t random_;
};

// "Conv2D 3, Dense 1": how many there are of each operator, by name.
std::string operators_of(const Graph& graph);

}  // namespace motec::test
