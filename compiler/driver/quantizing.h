// From a float model and a user's samples to a quantized graph.
#pragma once
#include "driver/compile.h"

namespace motec {

struct QuantizedModel {
  Quantization quantization;
  std::vector<Sample> samples, held_out;
  std::vector<std::string> warnings;  // of the samples
};

// For options with a request to quantize. Of 10 samples or more every fifth is held out, to judge
// the result by.
QuantizedModel quantize_model(const CompileOptions& options);

// The samples of the request, for the graph of its model. Fails as open_samples() does.
Samples calibration_samples(const CompileOptions& options, const Graph& graph);

}  // namespace motec
