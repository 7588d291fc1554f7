// One way to quantize a network, and what it does to the outputs. A value: to try a change, copy,
// change, and keep the better of the two.
#pragma once
#include "quant/quantizer.h"

namespace motec {

class Attempt {
 public:
  // Observes the samples; everything is int8. `want` is judged_of() them in float.
  Attempt(const Graph& graph, const std::vector<Sample>& samples, const ResultSets& want,
          const QuantizerOptions& options);

  // Finds ranges, and rounds constants to nearest.
  void choose();
  // Changes what is free to choose; ranges stay where tensors keep their type.
  void change(const Precisions& precisions);
  // Fits constants to the samples.
  void tune();

  const Quantization& result() const { return q_; }
  const std::vector<Sample>& samples() const { return *samples_; }
  const ResultSets& want() const { return *want_; }
  double noise() const { return q_.error.noise; }
  double relative() const { return q_.error.relative(); }
  Quantization take() { return std::move(q_); }

 private:
  std::vector<RangeChoice> one_method(RangeMethod method) const;
  void use(std::vector<RangeChoice> choices);
  void measure();

  // Pointers, so that attempts can be assigned.
  const std::vector<Sample>* samples_;
  const ResultSets* want_;
  const QuantizerOptions* options_;
  Quantization q_;
};

}  // namespace motec
