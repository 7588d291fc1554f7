// Quantize of any function of one int8 or int16 value: a table, made by evaluating the function for
// each. That covers activations, arithmetic with constants, and, of int8, changes of scale.
#include <algorithm>
#include <cmath>
#include <map>

#include "eval/evaluator.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/lookup_s16.h"
#include "ops/unary.h"
#include "passes/quantized.h"
#include "quant/line_table.h"

namespace motec {
namespace {

// Copies the elementwise ops between a Dequantize and a Quantize into a graph of their own, whose
// input is what Dequantize makes of all integers.
class FunctionGraph {
 public:
  explicit FunctionGraph(const Rewriter& r) : r_(r) {}

  // The value that stands for `id`; absent if it depends on more than one quantized value, or on
  // anything that is not elementwise.
  ValueId copy(ValueId id) {
    const auto known = copies_.find(id);
    if (known != copies_.end()) return known->second;
    const ValueId made = make(id);
    copies_[id] = made;
    return made;
  }

  const std::optional<QuantizedValue>& source() const { return source_; }

  // The function of all integers, in floats: of int8 in the order of uint8, of int16 from the least
  // one on, and of the one behind the greatest.
  Tensor values(ValueId result) {
    Tensor distances = Tensor::zeros(DType::S32, graph_.type(input_).shape);
    for (int32_t i = 0; i < distances.elements(); ++i) {
      const int32_t q = source_->dtype == DType::S8 ? static_cast<int8_t>(i) : i - 32768;
      distances.data<int32_t>()[i] = q - source_->affine.zp;
    }
    const DequantizeAttrs attrs{{static_cast<float>(source_->affine.scale)}, {0}, -1};
    Tensor x = Tensor::zeros(DType::F32, distances.shape);
    evaluate(Op{&ops::dequantize, attrs, {}, {}, {}}, {.in = {&distances}, .out = {&x}});
    graph_.outputs = {{"y", result}};
    return evaluate(graph_, {x})[0];
  }

 private:
  static constexpr int kMaxOps = 64;

  ValueId make(ValueId id) {
    if (const Tensor* constant = r_.constant(id)) {
      if (constant->elements() != 1) return {};
      Tensor scalar = *constant;
      scalar.shape = {};
      return graph_.add_constant("c", std::move(scalar));
    }
    const Op* op = r_.producer(id);
    if (!op || ++ops_ > kMaxOps) return {};
    if (op->def == &ops::dequantize) return make_source(id);
    if (op->def != &ops::unary && op->def != &ops::binary && op->def != &ops::cast) return {};
    std::vector<ValueId> in;
    for (const ValueId operand : op->in) {
      in.push_back(copy(operand));
      if (!in.back()) return {};
    }
    return append1(graph_, *op->def, op->attrs, in, op->origin);
  }

  ValueId make_source(ValueId dequantized) {
    const auto value = behind_dequantize(r_, dequantized);
    if (!value) return {};
    if (source_) return *source_ == *value ? input_ : ValueId{};
    source_ = value;
    const int64_t count = value->dtype == DType::S8 ? 256 : 65537;
    input_ = graph_.add_value("x", {.dtype = DType::F32, .shape = {count}});
    graph_.inputs = {{"x", input_}};
    return input_;
  }

  const Rewriter& r_;
  Graph graph_;
  std::map<ValueId, ValueId> copies_;
  std::optional<QuantizedValue> source_;
  ValueId input_;
  int ops_ = 0;
};

Tensor quantized(const Tensor& values, const QuantizeAttrs& attrs) {
  Tensor q = Tensor::zeros(attrs.to, values.shape);
  evaluate(Op{&ops::quantize, attrs, {}, {}, {}}, {.in = {&values}, .out = {&q}});
  return q;
}

bool is_identity(const Tensor& table) {
  for (int i = 0; i < 256; ++i)
    if (table.data<int8_t>()[i] != static_cast<int8_t>(i)) return false;
  return true;
}

std::optional<LineTable> lines(const Tensor& values, const QuantizeAttrs& attrs) {
  const bool narrow = attrs.to == DType::S8;
  const double unit = narrow ? 256 : 1, lowest = -32768, highest = narrow ? 127 * 256 + 127 : 32767;
  const std::vector<double> real = to_doubles(values),
                            rounded = to_doubles(quantized(values, attrs));
  std::vector<double> function;
  for (size_t i = 0; i < real.size(); ++i) {
    const double y =
        std::isfinite(real[i]) ? real[i] / attrs.scale[0] + attrs.zero_point[0] : rounded[i];
    function.push_back(std::clamp(unit * y, lowest, highest));
  }
  return line_table(function, narrow ? 16 : 1.25);
}

}  // namespace

bool make_lookup(Rewriter& r, const Op& op) {
  if (!as_quantize(op)) return false;
  const auto& attrs = op.as<QuantizeAttrs>();
  FunctionGraph function(r);
  const ValueId result = function.copy(op.in[0]);
  const std::optional<QuantizedValue> x = function.source();
  if (!result || !x || r.type(x->q).shape != r.type(op.out[0]).shape) return false;
  const Op* before = r.producer(op.in[0]);
  const Origin origin = before && before->def != &ops::dequantize ? before->origin : op.origin;
  const Tensor values = function.values(result);
  if (x->dtype == DType::S16) {
    auto table = lines(values, attrs);
    if (!table) return false;
    const std::vector<ValueId> in = {x->q, r.constant("blocks", std::move(table->blocks)),
                                     r.constant("knots", std::move(table->knots))};
    r.replace(op.out[0], r.emit(ops::lookup_s16, LookupS16Attrs{attrs.to}, in, origin));
    return true;
  }
  Tensor table = quantized(values, attrs);
  if (attrs.to == DType::S8 && is_identity(table)) {
    r.replace(op.out[0], x->q);
    return true;
  }
  const ValueId entries = r.constant("table", std::move(table));
  r.replace(op.out[0], r.emit(ops::lookup, NoAttrs{}, {x->q, entries}, origin));
  return true;
}

}  // namespace motec
