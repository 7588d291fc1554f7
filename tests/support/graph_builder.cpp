#include "support/graph_builder.h"

#include <map>

#include "ir/op_def.h"
#include "ops/dense.h"
#include "ops/move.h"
#include "ops/reshape.h"

namespace motec::test {

ValueId GraphBuilder::input(const std::string& name, Shape shape, DType dtype) {
  const ValueId id = graph_.add_value(name, {.dtype = dtype, .shape = std::move(shape)});
  graph_.inputs.push_back({name, id});
  return id;
}

ValueId GraphBuilder::constant(Tensor tensor) {
  return graph_.add_constant("constant", std::move(tensor));
}

ValueId GraphBuilder::floats(Shape shape, const std::vector<float>& values) {
  return constant(f32_tensor(std::move(shape), values));
}

ValueId GraphBuilder::ints(const std::vector<int64_t>& values) {
  return constant(s64_tensor({std::ssize(values)}, values));
}

ValueId GraphBuilder::random(Shape shape) {
  Tensor tensor = Tensor::zeros(DType::F32, std::move(shape));
  for (int64_t i = 0; i < tensor.elements(); ++i)
    tensor.data<float>()[i] = static_cast<float>(random_in(-16, 17)) / 16.0f;
  return constant(std::move(tensor));
}

ValueId GraphBuilder::op(const OpDef& def, std::any attrs, std::vector<ValueId> in) {
  return append1(graph_, def, std::move(attrs), std::move(in), {});
}

ValueId GraphBuilder::unfolded(const OpDef& def, std::any attrs, std::vector<ValueId> in) {
  Op op{&def, std::move(attrs), std::move(in), {}, {}};
  const std::vector<Type> types = def.infer(op, infer_ctx(graph_, op));
  for (const Type& type : types) op.out.push_back(graph_.add_value("unfolded", type));
  graph_.ops.push_back(std::move(op));
  return graph_.ops.back().out[0];
}

ValueId GraphBuilder::unary(UnaryFn fn, ValueId x, float alpha, float beta) {
  return op(ops::unary, UnaryAttrs{fn, alpha, beta}, {x});
}

ValueId GraphBuilder::binary(BinaryFn fn, ValueId a, ValueId b) {
  return op(ops::binary, BinaryAttrs{fn, {}}, {a, b});
}

ValueId GraphBuilder::reshape(ValueId x, Shape shape) {
  return op(ops::reshape, ReshapeAttrs{std::move(shape)}, {x});
}

ValueId GraphBuilder::transpose(ValueId x, std::vector<int> perm) {
  return op(ops::transpose, TransposeAttrs{std::move(perm)}, {x});
}

ValueId GraphBuilder::conv(ValueId x, int64_t outputs, int64_t kernel, Conv2dAttrs attrs) {
  const ValueId w = random({outputs, kernel, kernel, shape(x)[3] / attrs.groups});
  return op(ops::conv2d, attrs, {x, w, random({outputs})});
}

ValueId GraphBuilder::depthwise(ValueId x, int64_t kernel, Conv2dAttrs attrs) {
  attrs.groups = shape(x)[3];
  return conv(x, attrs.groups, kernel, attrs);
}

ValueId GraphBuilder::conv_nchw(ValueId x, int64_t outputs, int64_t kernel, Conv2dAttrs attrs) {
  return to_nchw(conv(to_nhwc(x), outputs, kernel, attrs));
}

ValueId GraphBuilder::pool(ValueId x, PoolKind kind, int64_t kernel, int64_t stride) {
  PoolAttrs attrs{.kind = kind, .kernel = {kernel, kernel}, .stride = {stride, stride}};
  for (size_t i = 0; i < 2; ++i) attrs.out[i] = window_count(shape(x)[1 + i], 0, kernel, stride, 1);
  return op(ops::pool, attrs, {x});
}

ValueId GraphBuilder::dense(ValueId x, int64_t outputs) {
  return op(ops::dense, DenseAttrs{}, {x, random({outputs, shape(x).back()}), random({outputs})});
}

GraphBuilder& GraphBuilder::output(const std::string& name, ValueId id) {
  graph_.outputs.push_back({name, id});
  return *this;
}

uint32_t GraphBuilder::next_random() {
  random_ = random_ * 1664525u + 1013904223u;  // Numerical Recipes
  return random_ >> 8;
}

int64_t GraphBuilder::random_in(int64_t begin, int64_t end) {
  return begin + static_cast<int64_t>(next_random() % static_cast<uint64_t>(end - begin));
}

std::string operators_of(const Graph& graph) {
  std::map<std::string, int> counts;
  for (const Op& op : graph.ops) ++counts[std::string(op.def->name)];
  std::string text;
  for (const auto& [name, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  return text;
}

}  // namespace motec::test
