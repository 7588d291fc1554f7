#include "quant/quantizer.h"

#include <algorithm>
#include <cmath>

#include "ops/quantize.h"
#include "quant/attempt.h"
#include "quant/equalize.h"
#include "quant/forms.h"
#include "quant/narrow.h"
#include "quant/widen.h"
#include "support/diag.h"

namespace motec {
namespace {

void require_float(const Graph& graph) {
  for (const Op& op : graph.ops) {
    if (op.def != &ops::quantize && op.def != &ops::dequantize) continue;
    fail({.code = "E6001",
          .message = "the model is quantized already",
          .where = describe(op.origin),
          .hint = "compile it as it is, without --quantize, or start from the float model"});
  }
}

// Every layer gets a bias: integer layers have one anyway, for the zero point of their operand.
void give_biases(Graph& graph) {
  for (Op& op : graph.ops) {
    if (form_of(graph, op) != Form::Layer || (op.in.size() > 2 && op.in[2])) continue;
    const int64_t outputs = graph.type(op.in[1]).shape[0];
    op.in.resize(3);
    op.in[2] =
        graph.add_constant(graph[op.in[1]].name + "_bias", Tensor::zeros(DType::F32, {outputs}));
  }
}

// What may do harm: it is measured on samples that it has not seen.
struct Decisions {
  bool equalize = false;
  Int4Scales int4 = Int4Scales::Groups;
  TuneOptions tuning = {false, false};
};

// Of 8 samples or more, three of four are fitted and the others judge: what fits few samples
// closely may clip others, or learn their noise, and then less is more.
constexpr size_t kJudging = 4;

Material trial_material(const Graph& graph, const std::vector<Sample>& samples) {
  if (samples.size() < 2 * kJudging) return material_of(graph, samples, {});
  std::vector<Sample> fitted, judging;
  for (size_t s = 0; s < samples.size(); ++s)
    (s % kJudging == kJudging - 1 ? judging : fitted).push_back(samples[s]);
  return material_of(graph, std::move(fitted), std::move(judging));
}

std::vector<TuneOptions> tunings(const QuantizerOptions& options) {
  std::vector<TuneOptions> list = {{false, false}};
  if (options.correct_bias) list.push_back({true, false});
  if (options.round_weights) list.push_back({options.correct_bias, true});
  return list;
}

Decisions decide(const Graph& graph, const std::vector<Sample>& samples, QuantizerOptions options,
                 Pace& pace) {
  const std::vector<TuneOptions> list = tunings(options);
  Decisions best{.int4 = options.int4};
  const bool groups = options.weight_bits == 4 && options.int4 == Int4Scales::Groups;
  if (!options.equalize && !groups && list.size() == 1) return best;
  const int64_t fits = static_cast<int64_t>(list.size() - 1) * Attempt::kStepsToFit;
  const int64_t once = Attempt::steps_to_choose(options) + fits + (groups ? 1 + fits : 0);
  options.labels.clear();  // of all samples
  const Material material = trial_material(graph, samples);
  Graph scaled = graph;
  const bool scales = options.equalize && equalize(scaled, material.fitted) > 0;
  pace.begin("trying ways to quantize", scales ? 2 * once : once);
  double least = HUGE_VAL;
  for (const bool equalized : {false, true}) {
    if (equalized && !scales) continue;
    Attempt attempt(equalized ? scaled : graph, material, options, pace);
    attempt.choose();
    const auto judge = [&](Int4Scales int4) {
      for (const TuneOptions& tuning : list) {
        Attempt other = attempt;
        other.fit(tuning);
        const double noise = other.judged_noise();
        if (noise >= least) continue;
        least = noise;
        best = {equalized, int4, tuning};
      }
    };
    judge(options.int4);
    if (!groups || !attempt.has_groups()) continue;
    attempt.give(Int4Scales::PerChannel);
    judge(Int4Scales::PerChannel);
  }
  return best;
}

void keep_budget(Attempt& attempt, double budget, const TuneOptions& tuning) {
  if (attempt.loss() <= budget) return;
  widen(attempt, budget);
  // Fitted to the samples, the network is better still, but for one that is in float by then.
  Attempt other = attempt;
  other.fit(tuning);
  if (other.noise() < attempt.noise() && other.loss() <= std::max(budget, attempt.loss()))
    attempt = std::move(other);
  if (attempt.loss() <= budget) return;
  fail(
      {.code = "E6003",
       .message = fmt::format("the accuracy budget of {:.3g} % cannot be kept within the limits of "
                              "memory: {:.3g} % is the least",
                              100 * budget, 100 * attempt.loss()),
       .why = {"layers with more bits would not fit"},
       .hint = "raise --accuracy-budget, --flash-limit or --arena-limit"});
}

}  // namespace

Quantization quantize(const Graph& source, const std::vector<Sample>& samples,
                      const QuantizerOptions& given) {
  require_float(source);
  Graph graph = source;
  give_biases(graph);
  QuantizerOptions options = given;
  Pace pace(options.progress);
  const Decisions decisions = decide(graph, samples, options, pace);
  options.int4 = decisions.int4;
  if (decisions.equalize) equalize(graph, samples);
  const Material material = material_of(graph, samples, {});
  pace.begin("quantizing", Attempt::steps_to_choose(options) + Attempt::kStepsToFit);
  Attempt best(graph, material, options, pace);
  best.choose();
  best.fit(decisions.tuning);
  if (!best.fits()) {
    narrow(best);
    best.fit(decisions.tuning);
  }
  if (options.budget) keep_budget(best, *options.budget, decisions.tuning);
  return best.take();
}

}  // namespace motec
