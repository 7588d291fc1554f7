// LSTM and GRU between Dequantize and Quantize. An operator has up to three results, all of which
// must be quantized, so that this looks forward at their users and is no rule of a Rewriter. The
// formats and their limits are those of runtime/mote/recurrent_s8.h.
#include <algorithm>
#include <cmath>
#include <map>

#include "ops/qrecurrent.h"
#include "passes/quantized.h"
#include "support/diag.h"

namespace motec {
namespace {

using In = RecurrentIn;

constexpr double kGateUnit = 1.0 / 4096, kHiddenUnit = 1.0 / 32768, kCellUnit = 1.0 / 2048;

// The constants of one product: of W with x, or of R with h.
struct Product {
  Tensor weights, bias, mult;
  int32_t shift = 0;
};

// What a product's operand may be.
struct Operand {
  double scale = 1;
  int64_t zp = 0, lowest = 0, highest = 0;
};

// The integers of weights, without their zero points, and a scale for each gate row; or why not.
std::string read_weights(const Graph& graph, ValueId id, Tensor& weights,
                         std::vector<double>& scale) {
  const auto& source = graph[id].quantized;
  if (!source) return "its weights are not quantized";
  const Quant& quant = source->quant;
  if (quant.axis > 1) return "its weights have scales along another dimension than the gates";
  const Shape& shape = source->q.shape;
  const std::vector<int64_t> values = to_int64s(source->q);
  if (values.empty()) return "it has no weights";
  const auto rows = static_cast<size_t>(shape[0] * shape[1]);
  const size_t depth = values.size() / rows;
  weights = Tensor::zeros(DType::S8, shape);
  for (size_t row = 0; row < rows; ++row) {
    const size_t per_direction = static_cast<size_t>(shape[1]);
    const size_t channel = quant.axis < 0    ? 0
                           : quant.axis == 0 ? row / per_direction
                                             : row % per_direction;
    scale.push_back(quant.scale[channel]);
    for (size_t i = row * depth; i < (row + 1) * depth; ++i) {
      const int64_t v = values[i] - quant.zero_point[channel];
      if (v < -127 || v > 127) return "its weights without their zero point are no int8";
      weights.data<int8_t>()[i] = static_cast<int8_t>(v);
    }
  }
  return {};
}

// Biases at the scale of the sums, multipliers that bring these to 12 fraction bits, and the proof
// that they fit int32. `bias` is one real number per gate row, or empty.
std::string read_product(const Graph& graph, ValueId id, const std::vector<double>& bias,
                         const Operand& x, Product& product) {
  std::vector<double> scale;
  if (std::string why = read_weights(graph, id, product.weights, scale); !why.empty()) return why;
  const size_t rows = scale.size();
  const Shape shape = {product.weights.shape[0], product.weights.shape[1]};
  int8_t* w = product.weights.data<int8_t>();
  const size_t depth = static_cast<size_t>(product.weights.elements()) / rows;
  product.bias = Tensor::zeros(DType::S32, shape);
  std::vector<ChannelScale> channels;
  for (size_t row = 0; row < rows; ++row) {
    const int8_t *begin = w + row * depth, *end = begin + depth;
    // A row of zeros may have any scale: one that its bias fits.
    if (std::all_of(begin, end, [](int8_t v) { return v == 0; }))
      scale[row] = std::ldexp(1, -20) / x.scale;
    const double unit = x.scale * scale[row];
    const double rounded = bias.empty() ? 0 : std::nearbyint(bias[row] / unit);
    if (!(std::abs(rounded) < 2147483648.0)) return "its bias exceeds 32 bits";
    auto sum = static_cast<int64_t>(rounded);
    int64_t lowest = 0, highest = 0;
    for (const int8_t* v = begin; v != end; ++v) {
      sum -= x.zp * *v;
      lowest += std::min(*v * x.lowest, *v * x.highest);
      highest += std::max(*v * x.lowest, *v * x.highest);
    }
    if (std::abs(sum) + std::max(-lowest, highest) >= int64_t{1} << 31)
      return "its sums may exceed 32 bits";
    channels.push_back({unit / kGateUnit, sum + lowest, sum + highest});
    product.bias.data<int32_t>()[row] = static_cast<int32_t>(sum);
  }
  const auto requant = requantization(
      {.out = DType::S32, .lo = -mote::kGateLimit, .hi = mote::kGateLimit}, channels);
  if (!requant || requant->store.form != StoreForm::High)
    return "the scales of its weights are too large or too small";
  for (size_t row = 0; row < rows; ++row) {
    const auto& constant = requant->constant_sum[row];
    if (!constant) continue;
    if (std::abs(int64_t{*constant}) << requant->store.shift >= int64_t{1} << 31)
      return "its bias exceeds 32 bits";
    product.bias.data<int32_t>()[row] = *constant;
    std::fill_n(w + row * depth, depth, int8_t{0});
  }
  product.mult = Tensor::of<int32_t>(DType::S32, shape, requant->mult);
  product.shift = requant->store.shift;
  return {};
}

// The biases of W, or of R, of all directions.
std::vector<double> part_of_bias(const Graph& graph, ValueId id, int64_t rows, int64_t part) {
  std::vector<double> result;
  if (!id) return result;
  const std::vector<double> all = to_doubles(*graph.constant(id));
  for (int64_t i = 0; i < std::ssize(all); ++i)
    if (i / rows % 2 == part) result.push_back(all[static_cast<size_t>(i)]);
  return result;
}

// Who makes and who reads the values of a graph.
struct Uses {
  std::map<ValueId, const Op*> producer;
  std::map<ValueId, std::vector<const Op*>> users;  // null: the graph's output

  explicit Uses(const Graph& graph) {
    for (const Op& op : graph.ops) {
      for (const ValueId id : op.out) producer[id] = &op;
      for (const ValueId id : op.in)
        if (id) users[id].push_back(&op);
    }
    for (const Port& port : graph.outputs) users[port.value].push_back(nullptr);
  }
};

struct Plan {
  QRecurrentAttrs attrs;
  ValueId x;
  Product w, r;
  std::vector<std::vector<ValueId>> results;  // of Quantizes, for each of the new operator's
};

bool has_default_activations(const RecurrentAttrs& a) {
  const size_t count = activation_count(a.kind);
  for (size_t i = 0; i < a.activations.size(); ++i) {
    const CellFn fn = i % count == 0 ? CellFn::Sigmoid : CellFn::Tanh;
    if (a.activations[i] != cell_activation(fn)) return false;
  }
  return true;
}

std::string unsupported(const Op& op) {
  const auto& a = op.as<RecurrentAttrs>();
  if (a.kind == CellKind::Rnn) return "there is no integer form of RNN";
  if (!has_default_activations(a)) return "its activations are not the default ones";
  if (a.clip != 0 || a.input_forget) return "it has clip or input_forget";
  const auto has = [&](size_t i) { return i < op.in.size() && op.in[i]; };
  if (has(In::Lengths)) return "it has sequence_lens";
  if (has(In::H0) || has(In::C0)) return "it has initial states";
  return has(In::P) ? "it has peepholes" : "";
}

// The Quantizes that alone read a result, which all are the same; or why there are none.
std::string read_result(const Uses& uses, ValueId id, double unit, bool& wanted, StateScale& scale,
                        Plan& plan) {
  const auto found = uses.users.find(id);
  wanted = found != uses.users.end();
  if (!wanted) return {};
  std::vector<ValueId> quantized;
  const Op* first = found->second[0];
  for (const Op* user : found->second) {
    const auto y = user ? as_quantize(*user) : std::nullopt;
    if (!y) return "a result of it is not quantized";
    if (user->as<QuantizeAttrs>() != first->as<QuantizeAttrs>())
      return "a result of it is quantized in two ways";
    quantized.push_back(user->out[0]);
  }
  const Affine y = *as_quantize(*first);
  const DType out = first->as<QuantizeAttrs>().to;
  if (!plan.results.empty() && out != plan.attrs.out)
    return "its results are quantized to two types";
  plan.attrs.out = out;
  const Store store{.out = out, .zp = y.zp, .lo = lowest_of(out), .hi = highest_of(out)};
  const auto requant = requantization(store, {{unit / y.scale, -32768, 32768}});
  if (!requant || requant->store.form != StoreForm::High || requant->constant_sum[0])
    return "the scale of a result is too large or too small";
  scale = {requant->mult[0], requant->store.shift, y.zp};
  plan.results.push_back(std::move(quantized));
  return {};
}

// How `op` becomes integers; or why it does not.
std::string make_plan(const Graph& graph, const Uses& uses, const Op& op, Plan& plan) {
  if (std::string why = unsupported(op); !why.empty()) return why;
  const auto found = uses.producer.find(op.in[In::X]);
  if (found == uses.producer.end() || found->second->def != &ops::dequantize)
    return "its operand is not quantized";
  const Op& dequantize = *found->second;
  const auto& x = dequantize.as<DequantizeAttrs>();
  const DType dtype = graph.type(dequantize.in[0]).dtype;
  if (!x.per_tensor() || !is_narrow_signed(dtype))
    return "its operand is no int8 or int16 with one scale";
  plan.x = dequantize.in[0];

  const auto& a = op.as<RecurrentAttrs>();
  QRecurrentAttrs& attrs = plan.attrs;
  attrs = {.kind = a.kind, .backward = a.backward, .linear_before_reset = a.linear_before_reset};
  attrs.y = false;
  size_t next = 0;
  const auto result = [&](bool exists, double unit, bool& wanted, StateScale& scale) {
    return exists ? read_result(uses, op.out[next++], unit, wanted, scale, plan) : std::string();
  };
  for (const std::string& why : {result(a.y, kHiddenUnit, attrs.y, attrs.y_scale),
                                 result(a.y_h, kHiddenUnit, attrs.y_h, attrs.y_h_scale),
                                 result(a.y_c, kCellUnit, attrs.y_c, attrs.y_c_scale)})
    if (!why.empty()) return why;
  if (plan.results.empty()) return "nothing reads its results";

  const int64_t rows = graph.type(op.in[In::R]).shape[1];
  const ValueId b = op.in.size() > In::B ? op.in[In::B] : ValueId{};
  const Operand inputs{x.scale[0], x.zero_point[0], lowest_of(dtype), highest_of(dtype)};
  const Operand hidden{kHiddenUnit, 0, -32768, 32767};
  std::string why =
      read_product(graph, op.in[In::W], part_of_bias(graph, b, rows, 0), inputs, plan.w);
  if (why.empty())
    why = read_product(graph, op.in[In::R], part_of_bias(graph, b, rows, 1), hidden, plan.r);
  attrs.w_shift = plan.w.shift;
  attrs.r_shift = plan.r.shift;
  return why;
}

void emit(Graph& graph, const Op& op, Plan& plan, std::map<ValueId, ValueId>& replacement) {
  const auto constant = [&](const char* name, Tensor& tensor) {
    return graph.add_constant(name, std::move(tensor));
  };
  std::vector<ValueId> in(QRecurrentIn::Count);
  in[QRecurrentIn::X] = plan.x;
  in[QRecurrentIn::W] = constant("weights", plan.w.weights);
  in[QRecurrentIn::R] = constant("recurrence", plan.r.weights);
  in[QRecurrentIn::WBias] = constant("bias", plan.w.bias);
  in[QRecurrentIn::RBias] = constant("recurrence_bias", plan.r.bias);
  in[QRecurrentIn::WMult] = constant("multipliers", plan.w.mult);
  in[QRecurrentIn::RMult] = constant("recurrence_multipliers", plan.r.mult);
  in[QRecurrentIn::Tanh] = graph.add_constant("tanh", tanh_table());
  const std::vector<ValueId> out =
      append(graph, ops::qrecurrent, plan.attrs, std::move(in), op.origin);
  for (size_t i = 0; i < out.size(); ++i)
    for (const ValueId quantized : plan.results[i]) replacement[quantized] = out[i];
}

}  // namespace

std::string why_recurrent_stays_float(const Graph& graph, const Op& op) {
  Plan plan;
  return make_plan(graph, Uses(graph), op, plan);
}

bool quantize_recurrent(Graph& graph, int64_t& budget) {
  const Uses uses(graph);
  std::map<const Op*, Plan> plans;
  for (const Op& op : graph.ops) {
    Plan plan;
    if (op.def != &ops::recurrent || budget <= 0 || !make_plan(graph, uses, op, plan).empty())
      continue;
    --budget;
    plans.emplace(&op, std::move(plan));
  }
  if (plans.empty()) return false;
  std::vector<Op> old;
  old.swap(graph.ops);  // the plans' pointers stay valid
  std::map<ValueId, ValueId> replacement;
  const auto replace = [&](ValueId& id) {
    if (const auto it = replacement.find(id); it != replacement.end()) id = it->second;
  };
  for (Op& op : old) {
    for (ValueId& id : op.in) replace(id);
    const auto found = plans.find(&op);
    if (found == plans.end()) {
      graph.ops.push_back(std::move(op));
    } else {
      replace(found->second.x);  // a result of another plan's
      emit(graph, op, found->second, replacement);
    }
  }
  for (Port& port : graph.outputs) replace(port.value);
  // What is left of Quantizes would read a value that nobody makes.
  std::erase_if(graph.ops, [&](const Op& op) { return replacement.count(op.out[0]) != 0; });
  drop_dead_ops(graph);
  return true;
}

}  // namespace motec
