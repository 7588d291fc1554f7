#include "quant/attempt.h"

#include <algorithm>
#include <cmath>

#include "eval/classes.h"

namespace motec {
namespace {

double mean_error(const Results& want, const Results& got) {
  return std::sqrt(output_error(want.judged, got.judged).relative() *
                   output_error(want.outputs, got.outputs).relative());
}

int levels_of(Precision precision) { return precision == Precision::S16 ? 65536 : 256; }

}  // namespace

Material material_of(const Graph& graph, std::vector<Sample> fitted, std::vector<Sample> judging) {
  Material material{std::move(fitted), std::move(judging), {}, {}};
  material.want = results_of(graph, material.fitted);
  material.want_judging = results_of(graph, material.judging);
  return material;
}

Attempt::Attempt(const Graph& graph, const Material& material, const QuantizerOptions& options,
                 Pace& pace)
    : material_(&material),
      options_(&options),
      pace_(&pace),
      weights_(options.weights),
      int4_(options.int4) {
  q_.source = graph;
  q_.scheme = find_scheme(graph);
  q_.histograms = observe(graph, q_.scheme, material.fitted);
  q_.precisions = all_int8(graph, q_.scheme);
  q_.precisions.weight_bits.assign(graph.ops.size(), options.weight_bits);
  q_.placement = place(graph, q_.scheme, q_.precisions);
}

int64_t Attempt::steps_to_choose(const QuantizerOptions& options) {
  if (options.ranges) return 1;
  return 1 + std::ssize(range_methods()) + (options.weights == WeightMethod::Mse ? 1 : 0);
}

void Attempt::choose() {
  if (options_->ranges) return use(one_method(*options_->ranges));
  use(choose_ranges(q_.source, q_.scheme, q_.placement, q_.precisions, q_.histograms, samples()));
  // What is best for each tensor alone need not be so for the network.
  for (const RangeMethod method : range_methods()) {
    Attempt other = *this;
    other.use(one_method(method));
    if (other.noise() < noise()) *this = std::move(other);
  }
  if (weights_ != WeightMethod::Mse) return;
  Attempt other = *this;
  other.weights_ = WeightMethod::Largest;
  other.use(q_.ranges);
  if (other.noise() < noise()) *this = std::move(other);
}

void Attempt::give(Int4Scales int4) {
  int4_ = int4;
  use(q_.ranges);
}

bool Attempt::has_groups() const {
  return std::any_of(q_.parameters.constants.begin(), q_.parameters.constants.end(),
                     [](const auto& entry) { return entry.second.groups.has_value(); });
}

void Attempt::change(const Precisions& precisions) {
  for (size_t g = 0; g < q_.ranges.size(); ++g) {
    const Precision before = q_.precisions.groups[g], after = precisions.groups[g];
    if (before == after || q_.scheme.groups[g].known) continue;
    q_.ranges[g] = {find_range(q_.histograms[g], RangeMethod::MinMax, levels_of(after)),
                    RangeMethod::MinMax};
  }
  q_.precisions = precisions;
  q_.placement = place(q_.source, q_.scheme, q_.precisions);
  use(q_.ranges);
}

void Attempt::fit(const TuneOptions& tuning) {
  if (!tuning.correct_bias && !tuning.round_weights) return;
  tune_layers(q_.source, q_.scheme, q_.placement, samples(), tuning, q_.parameters);
  pace_->step(kStepsToFit - 1);
  measure();
}

double Attempt::judged_noise() const {
  if (material_->judging.empty()) return noise_;
  return mean_error(material_->want_judging, results_of(q_.graph, material_->judging));
}

std::vector<RangeChoice> Attempt::one_method(RangeMethod method) const {
  std::vector<RangeChoice> choices;
  for (size_t g = 0; g < q_.scheme.groups.size(); ++g) {
    const auto& known = q_.scheme.groups[g].known;
    const int levels = levels_of(q_.precisions.groups[g]);
    choices.push_back({known ? *known : find_range(q_.histograms[g], method, levels), method});
  }
  return choices;
}

void Attempt::use(std::vector<RangeChoice> choices) {
  q_.ranges = std::move(choices);
  std::vector<Range> ranges;
  for (const RangeChoice& choice : q_.ranges) ranges.push_back(choice.range);
  q_.parameters = {assign_tensors(q_.scheme, q_.precisions, ranges), {}};
  assign_constants(q_.source, q_.scheme, q_.placement, q_.precisions, weights_, int4_,
                   q_.parameters);
  measure();
}

void Attempt::measure() {
  q_.graph = insert_quantization(q_.source, q_.scheme, q_.placement, q_.parameters);
  const Results got = results_of(q_.graph, samples());
  q_.error = output_error(want(), got.judged);
  noise_ = mean_error(material_->want, got);
  pace_->step();
  if (options_->labels.empty()) return;
  q_.lost = static_cast<double>(wrong(got.outputs) - wrong(material_->want.outputs)) /
            static_cast<double>(samples().size());
}

int64_t Attempt::wrong(const ResultSets& results) const {
  int64_t count = 0;
  for (size_t s = 0; s < results.size(); ++s)
    count += predicted_class(results[s][0]) != options_->labels[s];
  return count;
}

}  // namespace motec
