// One way to quantize a network, and what it does to the outputs. A value: to try a change, copy,
// change, and keep the better of the two.
#pragma once
#include "quant/quantizer.h"
#include "quant/tune_layers.h"

namespace motec {

// Samples to quantize by, and others to judge the result by. Where there are none of these, the
// first do both.
struct Material {
  std::vector<Sample> fitted, judging;
  Results want, want_judging;  // in float
};
Material material_of(const Graph& graph, std::vector<Sample> fitted, std::vector<Sample> judging);

class Attempt {
 public:
  // Observes the samples; everything is int8. What it is given must outlive it.
  Attempt(const Graph& graph, const Material& material, const QuantizerOptions& options,
          Pace& pace);

  // How many steps it takes to choose, and to fit constants.
  static int64_t steps_to_choose(const QuantizerOptions& options);
  static constexpr int64_t kStepsToFit = 3;

  // Finds ranges, and rounds constants to nearest.
  void choose();
  // Gives weights of four bits such scales; ranges stay.
  void give(Int4Scales int4);
  bool has_groups() const;
  // Changes what is free to choose; ranges stay where tensors keep their type.
  void change(const Precisions& precisions);
  // Fits constants to the samples.
  void fit(const TuneOptions& tuning);

  const Quantization& result() const { return q_; }
  Pace& pace() const { return *pace_; }
  const std::vector<Sample>& samples() const { return material_->fitted; }
  const ResultSets& want() const { return material_->want.judged; }
  // What attempts are compared by: the relative errors of the judged values and of the outputs, as
  // their geometric mean. Either alone may be that of a few samples.
  double noise() const { return noise_; }
  // The same on the samples to judge by, which are evaluated for it.
  double judged_noise() const;
  // What the budget is about.
  double loss() const { return options_->labels.empty() ? q_.error.relative() : q_.lost; }
  bool fits() const { return !options_->fits || options_->fits(q_.graph); }
  Quantization take() { return std::move(q_); }

 private:
  std::vector<RangeChoice> one_method(RangeMethod method) const;
  void use(std::vector<RangeChoice> choices);
  void measure();
  int64_t wrong(const ResultSets& results) const;

  // Pointers, so that attempts can be assigned.
  const Material* material_;
  const QuantizerOptions* options_;
  Pace* pace_;
  WeightMethod weights_;
  Int4Scales int4_;
  double noise_ = 0;
  Quantization q_;
};

}  // namespace motec
