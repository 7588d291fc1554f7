#include "quant/attempt.h"

#include "quant/tune_layers.h"

namespace motec {
namespace {

int levels_of(Precision precision) { return precision == Precision::S16 ? 65536 : 256; }

}  // namespace

Attempt::Attempt(const Graph& graph, const std::vector<Sample>& samples, const ResultSets& want,
                 const QuantizerOptions& options)
    : samples_(&samples), want_(&want), options_(&options) {
  q_.source = graph;
  q_.scheme = find_scheme(graph);
  q_.histograms = observe(graph, q_.scheme, samples);
  q_.precisions = all_int8(graph, q_.scheme);
  q_.precisions.weight_bits.assign(graph.ops.size(), options.weight_bits);
  q_.placement = place(graph, q_.scheme, q_.precisions);
}

void Attempt::choose() {
  if (options_->ranges) return use(one_method(*options_->ranges));
  use(choose_ranges(q_.source, q_.scheme, q_.placement, q_.precisions, q_.histograms, *samples_));
  // What is best for each tensor alone need not be so for the network.
  for (const RangeMethod method : range_methods()) {
    Attempt other = *this;
    other.use(one_method(method));
    if (other.noise() < noise()) *this = std::move(other);
  }
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

void Attempt::tune() {
  if (!options_->correct_bias && !options_->round_weights) return;
  tune_layers(q_.source, q_.scheme, q_.placement, *samples_,
              {options_->correct_bias, options_->round_weights}, q_.parameters);
  measure();
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
  assign_constants(q_.source, q_.scheme, q_.placement, q_.precisions, options_->weights,
                   q_.parameters);
  measure();
}

void Attempt::measure() {
  q_.graph = insert_quantization(q_.source, q_.scheme, q_.placement, q_.parameters);
  q_.error = output_error(*want_, judged_of(q_.graph, *samples_));
}

}  // namespace motec
