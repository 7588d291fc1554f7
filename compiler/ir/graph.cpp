#include "ir/graph.h"

#include "ir/op_def.h"
#include "support/diag.h"

namespace motec {
namespace {

// A constant larger than this many bytes beyond its operands is left to be computed at run time: an
// Expand of a scalar to a large map costs flash and saves nothing.
constexpr int64_t kFoldGrowthLimit = 64 * 1024;

// The integers behind a constant that an op has rearranged into `result`.
void move_quantized(Graph& graph, const Op& op, ValueId result) {
  const auto source = graph[op.in[0]].quantized;
  if (!source || !op.def->moved_axis) return;
  const Shape &x = source->q.shape, &y = graph.type(result).shape;
  QuantizedConstant moved{Tensor::zeros(source->q.dtype, y), source->quant};
  if (moved.quant.axis >= 0) moved.quant.axis = op.def->moved_axis(op, x, y, moved.quant.axis);
  if (source->quant.axis >= 0 && moved.quant.axis < 0) return;
  EvalCtx ctx;
  for (const ValueId id : op.in) ctx.in.push_back(graph.constant(id));
  ctx.in[0] = &source->q;
  ctx.out.push_back(&moved.q);
  evaluate(op, ctx);
  graph[result].quantized = std::make_shared<const QuantizedConstant>(std::move(moved));
}

}  // namespace

std::string names_of(const std::vector<Port>& ports) {
  std::string names;
  for (const Port& port : ports) names += (names.empty() ? "" : ", ") + port.name;
  return names;
}

size_t find_port(const std::vector<Port>& ports, const std::string& name, std::string_view option,
                 std::string_view kind, std::string_view code) {
  for (size_t i = 0; i < ports.size(); ++i)
    if (ports[i].name == name) return i;
  fail({.code = std::string(code),
        .message = fmt::format("{} names '{}', which is no {}", option, name, kind),
        .hint = fmt::format("the {}s are: {}", kind, names_of(ports))});
}

ValueId Graph::add_value(std::string name, Type type, TensorPtr constant) {
  values.push_back({std::move(name), std::move(type), std::move(constant), {}});
  return {static_cast<int32_t>(values.size()) - 1};
}

ValueId Graph::add_constant(std::string name, Tensor tensor) {
  Type type = tensor.type();
  return add_value(std::move(name), std::move(type),
                   std::make_shared<const Tensor>(std::move(tensor)));
}

std::vector<ValueId> append(Graph& graph, const OpDef& def, std::any attrs, std::vector<ValueId> in,
                            const Origin& origin) {
  Op op{&def, std::move(attrs), std::move(in), {}, origin};
  std::vector<Type> types = def.infer(op, infer_ctx(graph, op));
  const std::string base = origin.node.empty() ? std::string(def.name) : origin.node;
  if (folds(graph, op.in, types)) {
    EvalCtx ctx;
    std::vector<Tensor> results;
    for (const ValueId id : op.in) ctx.in.push_back(graph.constant(id));
    for (const Type& type : types) results.push_back(Tensor::zeros(type.dtype, type.shape));
    for (Tensor& result : results) ctx.out.push_back(&result);
    evaluate(op, ctx);
    std::vector<ValueId> out;
    for (Tensor& result : results) out.push_back(graph.add_constant(base, std::move(result)));
    move_quantized(graph, op, out[0]);
    return out;
  }
  for (Type& type : types) op.out.push_back(graph.add_value(base, std::move(type)));
  std::vector<ValueId> out = op.out;
  graph.ops.push_back(std::move(op));
  return out;
}

ValueId append1(Graph& graph, const OpDef& def, std::any attrs, std::vector<ValueId> in,
                const Origin& origin) {
  const std::vector<ValueId> out = append(graph, def, std::move(attrs), std::move(in), origin);
  internal_check(out.size() == 1, "{} has {} results where one was expected", def.name, out.size());
  return out[0];
}

bool folds(const Graph& graph, const std::vector<ValueId>& in, const std::vector<Type>& results) {
  int64_t in_bytes = 0, out_bytes = 0;
  for (const ValueId id : in) {
    if (id && !graph[id].constant) return false;
    if (id) in_bytes += graph.type(id).bytes();
  }
  for (const Type& type : results) out_bytes += type.bytes();
  return out_bytes <= in_bytes + kFoldGrowthLimit;
}

std::string describe(const Origin& origin) {
  if (origin.index < 0) return {};
  return fmt::format("node '{}' ({}, node {})", origin.node, origin.op_type, origin.index);
}

InferCtx infer_ctx(const Graph& graph, const Op& op) {
  InferCtx ctx;
  for (const ValueId id : op.in) {
    ctx.in.push_back(id ? &graph.type(id) : nullptr);
    ctx.constant.push_back(graph.constant(id));
  }
  return ctx;
}

void evaluate(const Op& op, const EvalCtx& ctx) {
  for (const Tensor* tensor : ctx.out) {
    if (tensor->elements() > 0) return op.def->eval(op, ctx);
  }
}

void require(bool ok, std::string_view code, const std::string& message) {
  if (!ok) fail({.code = std::string(code), .message = message});
}

}  // namespace motec
