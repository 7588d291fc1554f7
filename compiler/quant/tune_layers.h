// Fits a quantized layer's integers to what it should make: weights are rounded up or down so that
// errors cancel over the calibration data (the objective of AdaRound, Nagel et al. 2020, solved by
// coordinate descent on second moments), and biases absorb what is left of the mean error.
#pragma once
#include "quant/insert.h"
#include "quant/observe.h"

namespace motec {

struct TuneOptions {
  bool correct_bias = true;
  bool round_weights = true;
};

// Changes the constants of all layers in `parameters`. Every layer has a bias.
void tune_layers(const Graph& graph, const Scheme& scheme, const Placement& placement,
                 const std::vector<Sample>& samples, const TuneOptions& options,
                 Parameters& parameters);

}  // namespace motec
