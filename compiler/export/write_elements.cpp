// Operators that work element by element, quantization, reductions, normalizations, products.
#include <algorithm>
#include <cmath>
#include <map>

#include "export/writers.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/matmul.h"
#include "ops/normalize.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/select.h"
#include "ops/softmax.h"
#include "ops/unary.h"

namespace motec {
namespace {

// Nodes between the operands and the result of one operator.
class Formula {
 public:
  Formula(const Op& op, WriteCtx& c, Order order) : op_(op), c_(c), order_(order) {}
  std::string operator()(const std::string& type, std::vector<std::string> in) {
    return c_.model.node(type, std::move(in),
                         c_.model.fresh(c_.graph[op_.out[0]].name + "_" + type));
  }
  std::string number(double value) {
    return c_.model.scalar(c_.graph[op_.out[0]].name + "_constant", static_cast<float>(value));
  }
  void result(const std::string& type, std::vector<std::string> in) {
    c_.write(op_, type, std::move(in), order_);
  }

 private:
  const Op& op_;
  WriteCtx& c_;
  Order order_;
};

// Functions that ONNX has only in later opsets, or not at all.
bool write_formula(const UnaryAttrs& a, const std::string& x, Formula f) {
  switch (a.fn) {
    case UnaryFn::Silu:
      return f.result("Mul", {x, f("Sigmoid", {x})}), true;
    case UnaryFn::HardSwish: {
      const std::string sum = f("Add", {x, f.number(3)});
      const std::string gate = f("Clip", {sum, f.number(0), f.number(6)});
      return f.result("Mul", {x, f("Div", {gate, f.number(6)})}), true;
    }
    case UnaryFn::Mish:
      return f.result("Mul", {x, f("Tanh", {f("Softplus", {x})})}), true;
    case UnaryFn::Gelu: {
      const std::string erf = f("Erf", {f("Div", {x, f.number(std::sqrt(2.0))})});
      const std::string product = f("Mul", {x, f("Add", {erf, f.number(1)})});
      return f.result("Mul", {product, f.number(0.5)}), true;
    }
    case UnaryFn::GeluTanh: {
      const std::string cube = f("Mul", {x, f("Mul", {x, x})});
      const std::string inner = f("Add", {x, f("Mul", {cube, f.number(0.044715)})});
      const std::string tanh = f("Tanh", {f("Mul", {inner, f.number(std::sqrt(2 / M_PI))})});
      const std::string product = f("Mul", {x, f("Add", {tanh, f.number(1)})});
      return f.result("Mul", {product, f.number(0.5)}), true;
    }
    case UnaryFn::Clip:
      return f.result("Clip", {x, std::isinf(a.alpha) ? "" : f.number(a.alpha),
                               std::isinf(a.beta) ? "" : f.number(a.beta)}),
             true;
    default:
      return false;
  }
}

bool write_unary(const Op& op, WriteCtx& c) {
  const auto& a = op.as<UnaryAttrs>();
  const Order order = c.names.order_for(op.in, c.type(op.out[0]).shape);
  const std::string x = c.names.get(op.in[0], order);
  if (write_formula(a, x, Formula(op, c, order))) return true;
  // By which names ONNX knows alpha and beta.
  static const std::map<UnaryFn, std::pair<const char*, const char*>> kParameters = {
      {UnaryFn::LeakyRelu, {"alpha", nullptr}},  {UnaryFn::Elu, {"alpha", nullptr}},
      {UnaryFn::Celu, {"alpha", nullptr}},       {UnaryFn::ThresholdedRelu, {"alpha", nullptr}},
      {UnaryFn::HardSigmoid, {"alpha", "beta"}}, {UnaryFn::Selu, {"alpha", "gamma"}},
  };
  if (a.fn == UnaryFn::Shrink || a.fn == UnaryFn::IsInf || a.fn == UnaryFn::BitwiseNot)
    return false;
  c.write(op, std::string(name_of(a.fn)), {x}, order);
  if (const auto it = kParameters.find(a.fn); it != kParameters.end()) {
    c.model.attr(it->second.first, a.alpha);
    if (it->second.second) c.model.attr(it->second.second, a.beta);
  }
  return true;
}

bool write_binary(const Op& op, WriteCtx& c) {
  const auto& a = op.as<BinaryAttrs>();
  std::string type(name_of(a.fn));
  if (a.act.fn != UnaryFn::Identity || type.starts_with("Bitwise") || type.starts_with("Shift"))
    return false;
  if (a.fn == BinaryFn::Fmod) type = "Mod";
  const Order order = c.names.order_for(op.in, c.type(op.out[0]).shape);
  const std::string x = c.names.get_broadcast(op.in[0], order);
  const std::string y = c.names.get_broadcast(op.in[1], order);
  c.write(op, type, {x, y}, order);
  if (a.fn == BinaryFn::Fmod) c.model.attr("fmod", int64_t{1});
  return true;
}

bool write_select(const Op& op, WriteCtx& c) {
  const Order order = c.names.order_for(op.in, c.type(op.out[0]).shape);
  std::vector<std::string> in;
  for (const ValueId id : op.in) in.push_back(c.names.get_broadcast(id, order));
  c.write(op, "Where", in, order);
  return true;
}

bool write_cast(const Op& op, WriteCtx& c) {
  const Order order = c.names.order_for(op.in, c.type(op.out[0]).shape);
  c.write(op, "Cast", {c.names.get(op.in[0], order)}, order);
  c.model.attr("to", int64_t{onnx_type(op.as<CastAttrs>().to)});
  return true;
}

template <class Attrs>
bool write_quantization(const Op& op, const char* type, DType dtype, WriteCtx& c) {
  const auto& a = op.as<Attrs>();
  if (!a.per_tensor()) return false;
  const Order order = c.names.order_for(op.in, c.type(op.out[0]).shape);
  const std::string x = c.names.get(op.in[0], order), base = c.graph[op.out[0]].name;
  Tensor zero = Tensor::zeros(dtype, {});
  dispatch(dtype, [&]<class T>() { zero.data<T>()[0] = static_cast<T>(a.zero_point[0]); });
  const std::string scale = c.model.scalar(base + "_scale", a.scale[0]);
  c.write(op, type, {x, scale, c.model.constant(base + "_zero_point", zero)}, order);
  return true;
}

bool write_quantize(const Op& op, WriteCtx& c) {
  return write_quantization<QuantizeAttrs>(op, "QuantizeLinear", op.as<QuantizeAttrs>().to, c);
}
bool write_dequantize(const Op& op, WriteCtx& c) {
  return write_quantization<DequantizeAttrs>(op, "DequantizeLinear", c.type(op.in[0]).dtype, c);
}

// Reductions take axes as an attribute up to opset 17, ReduceSum up to 12.
void write_reduction(WriteCtx& c, const Op& op, const char* type, const std::string& x,
                     const std::vector<int64_t>& axes, bool keepdims, Order order) {
  const bool as_operand = c.model.opset() >= 18 || std::string_view(type) == "ReduceSum";
  const std::string base = c.graph[op.out[0]].name;
  c.write(op, type, {x, as_operand ? c.model.int64s(base + "_axes", axes) : ""}, order);
  if (!as_operand) c.model.attr("axes", axes);
  c.model.attr("keepdims", int64_t{keepdims});
}

bool write_reduce(const Op& op, WriteCtx& c) {
  const auto& a = op.as<ReduceAttrs>();
  constexpr const char* kTypes[] = {"ReduceSum", "ReduceMean", "ReduceProd",     "ReduceMax",
                                    "ReduceMin", "ReduceL1",   "ReduceSumSquare"};
  std::vector<int64_t> axes(a.axes.begin(), a.axes.end());
  const char* type = kTypes[static_cast<size_t>(a.kind)];
  const bool spatial =
      std::count(axes.begin(), axes.end(), 1) && std::count(axes.begin(), axes.end(), 2);
  Order order = c.names.order_for(op.in, c.type(op.in[0]).shape);
  // Rows and columns gone, batch and channels are in the same order in both.
  if (!a.keepdims && !spatial) order = Order::AsIs;
  if (order == Order::ChannelsFirst) {
    for (int64_t& axis : axes) {
      axis = std::find(kChannelsFirst.begin(), kChannelsFirst.end(), axis) - kChannelsFirst.begin();
    }
    std::sort(axes.begin(), axes.end());
  }
  const std::string x = c.names.get(op.in[0], order);
  write_reduction(c, op, type, x, axes, a.keepdims, a.keepdims ? order : Order::AsIs);
  return true;
}

bool write_softmax(const Op& op, WriteCtx& c) {
  const auto& a = op.as<SoftmaxAttrs>();
  constexpr const char* kTypes[] = {"Softmax", "LogSoftmax", "Hardmax"};
  const Order order = c.names.order_for(op.in, c.type(op.out[0]).shape);
  int64_t axis = a.axis;
  if (order == Order::ChannelsFirst)
    axis = std::find(kChannelsFirst.begin(), kChannelsFirst.end(), a.axis) - kChannelsFirst.begin();
  c.write(op, kTypes[static_cast<size_t>(a.kind)], {c.names.get(op.in[0], order)}, order);
  c.model.attr("axis", axis);
  return true;
}

bool write_matmul(const Op& op, WriteCtx& c) {
  const auto& a = op.as<MatMulAttrs>();
  if (a.act.fn != UnaryFn::Identity) return false;
  const std::string x = c.names.get(op.in[0]);
  std::string y = c.names.get(op.in[1]);
  if (a.transpose_b) {
    std::vector<int64_t> perm;
    for (size_t d = 0; d < c.type(op.in[1]).shape.size(); ++d)
      perm.push_back(static_cast<int64_t>(d));
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    y = c.model.node("Transpose", {y}, c.model.fresh(y + "_transposed"));
    c.model.attr("perm", perm);
  }
  c.write(op, "MatMul", {x, y});
  return true;
}

// LayerNormalization where the last dimensions are normalized.
bool write_normalize(const Op& op, WriteCtx& c) {
  const auto& a = op.as<NormalizeAttrs>();
  const Shape& shape = c.type(op.in[0]).shape;
  for (size_t i = 0; i < a.axes.size(); ++i)
    if (a.axes[i] != static_cast<int>(shape.size() - a.axes.size() + i)) return false;
  const std::string x = c.names.get(op.in[0]);
  std::string scale = op.in.size() > 1 && op.in[1] ? c.names.get(op.in[1]) : "";
  const std::string bias = op.in.size() > 2 && op.in[2] ? c.names.get(op.in[2]) : "";
  if (scale.empty()) {
    const Shape inner(shape.begin() + a.axes[0], shape.end());
    const std::vector<float> ones(static_cast<size_t>(element_count(inner)), 1.0f);
    scale = c.model.constant(c.graph[op.out[0]].name + "_scale", f32_tensor(inner, ones));
  }
  c.write(op, "LayerNormalization", {x, scale, bias});
  c.model.attr("axis", int64_t{a.axes[0]});
  c.model.attr("epsilon", a.epsilon);
  return true;
}

const OpWriter kWriters[] = {
    {&ops::binary, write_binary},         {&ops::cast, write_cast},
    {&ops::dequantize, write_dequantize}, {&ops::matmul, write_matmul},
    {&ops::normalize, write_normalize},   {&ops::quantize, write_quantize},
    {&ops::reduce, write_reduce},         {&ops::select, write_select},
    {&ops::softmax, write_softmax},       {&ops::unary, write_unary},
};

}  // namespace

std::span<const OpWriter> element_writers() { return kWriters; }

}  // namespace motec
