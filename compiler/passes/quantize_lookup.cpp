// Quantize of any function of one int8 value: a table of 256 entries, made by evaluating the
// function for each. That covers activations, arithmetic with constants, and changes of scale.
#include <algorithm>
#include <map>

#include "eval/evaluator.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/unary.h"
#include "passes/quantized.h"

namespace motec {
namespace {

// Copies the elementwise ops between a Dequantize and a Quantize into a graph of their own, whose
// input is all int8 values.
class FunctionGraph {
 public:
  explicit FunctionGraph(const Rewriter& r) : r_(r) {}

  // The value that stands for `id`; absent if it depends on more than one int8 value, or on
  // anything that is not elementwise.
  ValueId copy(ValueId id) {
    const auto known = copies_.find(id);
    if (known != copies_.end()) return known->second;
    const ValueId made = make(id);
    copies_[id] = made;
    return made;
  }

  ValueId source() const { return source_; }

  Tensor table(ValueId result, const QuantizeAttrs& attrs) {
    graph_.outputs = {{"y", append1(graph_, ops::quantize, attrs, {result}, {})}};
    Tensor x = Tensor::zeros(DType::S8, {256});
    for (int i = 0; i < 256; ++i) x.data<int8_t>()[i] = static_cast<int8_t>(i);
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
    if (op->def == &ops::dequantize) return make_source(*op);
    if (op->def != &ops::unary && op->def != &ops::binary && op->def != &ops::cast) return {};
    std::vector<ValueId> in;
    for (const ValueId operand : op->in) {
      in.push_back(copy(operand));
      if (!in.back()) return {};
    }
    return append1(graph_, *op->def, op->attrs, in, op->origin);
  }

  ValueId make_source(const Op& dequantize) {
    const ValueId q = dequantize.in[0];
    if (!behind_dequantize(r_, dequantize.out[0]) || r_.type(q).dtype != DType::S8) return {};
    if (source_ && source_ != q) return {};
    if (!source_) {
      source_ = q;
      input_ = graph_.add_value("x", {.dtype = DType::S8, .shape = {256}});
      graph_.inputs = {{"x", input_}};
    }
    return append1(graph_, ops::dequantize, dequantize.attrs, {input_}, {});
  }

  const Rewriter& r_;
  Graph graph_;
  std::map<ValueId, ValueId> copies_;
  ValueId source_, input_;
  int ops_ = 0;
};

bool is_identity(const Tensor& table) {
  for (int i = 0; i < 256; ++i)
    if (table.data<int8_t>()[i] != static_cast<int8_t>(i)) return false;
  return true;
}

}  // namespace

bool make_lookup(Rewriter& r, const Op& op) {
  if (!as_quantize(op) || r.type(op.out[0]).dtype != DType::S8) return false;
  FunctionGraph function(r);
  const ValueId result = function.copy(op.in[0]);
  if (!result || !function.source() || r.type(function.source()).shape != r.type(op.out[0]).shape)
    return false;
  Tensor table = function.table(result, op.as<QuantizeAttrs>());
  if (is_identity(table)) {
    r.replace(op.out[0], function.source());
    return true;
  }
  const Op* before = r.producer(op.in[0]);
  const Origin origin = before && before->def != &ops::dequantize ? before->origin : op.origin;
  const ValueId entries = r.constant("table", std::move(table));
  r.replace(op.out[0], r.emit(ops::lookup, NoAttrs{}, {function.source(), entries}, origin));
  return true;
}

}  // namespace motec
