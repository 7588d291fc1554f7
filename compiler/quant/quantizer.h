// The quantizer: a float graph and samples in, a quantized graph out.
//
//   prepare_for_quantizer(graph);                       // passes/pipeline.h
//   const Quantization q = quantize(graph, samples, {});
//   run_passes(q.graph, {});                            // makes integer operators of it
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "quant/assign.h"
#include "quant/choose_ranges.h"
#include "quant/measure.h"
#include "quant/pace.h"

namespace motec {

struct QuantizerOptions {
  std::optional<RangeMethod> ranges = {};  // empty: chosen for each tensor by measured error
  int weight_bits = 8;                     // 8 or 4
  WeightMethod weights = WeightMethod::Mse;
  Int4Scales int4 = Int4Scales::Groups;  // where they lessen the measured error
  bool equalize = true;                  // where it lessens the measured error
  bool correct_bias = true;
  bool round_weights = true;
  // The most that may be lost on the samples: relative RMS error of judged_values(), or, with
  // labels, the share of samples that float is right about and integers are not.
  std::optional<double> budget = {};
  std::vector<int64_t> labels = {};  // the class of each sample, or empty
  // Whether a quantized graph fits the memory it is for; empty: all do.
  std::function<bool(const Graph&)> fits = {};
  ShowProgress progress = {};
};

struct Quantization {
  Graph source;  // the float graph that was quantized, equalized
  Scheme scheme;
  Placement placement;
  Precisions precisions;
  std::vector<RangeChoice> ranges;  // by group
  std::vector<Histogram> histograms;
  Parameters parameters;
  Graph graph;        // values of `source` keep their ids
  OutputError error;  // on the samples, of judged_values()
  double lost = 0;    // share of samples, net; 0 without labels
};

// Fails with E6001 for graphs that are quantized already, and with E6003 where the budget cannot be
// kept within the memory. Where nothing fits, all weights have 4 bits.
Quantization quantize(const Graph& graph, const std::vector<Sample>& samples,
                      const QuantizerOptions& options);

}  // namespace motec
