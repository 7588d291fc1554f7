// What the passes over quantized graphs share.
#pragma once
#include <optional>
#include <string>

#include "ir/rewriter.h"
#include "ops/quantize.h"
#include "ops/unary.h"
#include "quant/fixedpoint.h"

namespace motec {

// An int8 (or int16) value with one scale, seen behind a Dequantize or as a constant.
struct QuantizedValue {
  ValueId q;
  DType dtype = DType::S8;
  Affine affine;
  bool operator==(const QuantizedValue&) const = default;
};

// The integers behind `id`, if it is Dequantize of int8 or int16 with one scale.
std::optional<QuantizedValue> behind_dequantize(const Rewriter& r, ValueId id);

// The attributes of `op`, if it is a Quantize with one scale to int8 or int16.
std::optional<Affine> as_quantize(const Op& op);

// Rules: Dequantize sinks and Quantize rises through ops that only move elements, FlipSigns cancel.
std::vector<Rule> quantize_moves_rules();
// Rule: Quantize of a function of one int8 or int16 value becomes a Lookup.
bool make_lookup(Rewriter& r, const Op& op);
// Rules: the operators with integer forms.
std::vector<Rule> quantize_layers_rules();
// Rules: the same for operators without weights.
std::vector<Rule> quantize_elements_rules();

// Makes integer operators of LSTMs and GRUs whose results are all quantized. `budget` is that of
// rewrite().
bool quantize_recurrent(Graph& graph, int64_t& budget);
// Why it would leave this one alone.
std::string why_recurrent_stays_float(const Graph& graph, const Op& op);

// The result's range after an activation that only clamps; empty for any other.
std::optional<Store> clamped_store(const UnaryAttrs& act, const Affine& y, DType out);

// What stands before a Quantize: an operator, and the activation between the two.
struct Quantized {
  const Op* op = nullptr;
  Store store;  // zp, lo, hi, out
  Affine y;
};
// Empty unless `quantize` is a Quantize with one scale of an operator's result, perhaps clamped.
std::optional<Quantized> operator_before(const Rewriter& r, const Op& quantize);

}  // namespace motec
