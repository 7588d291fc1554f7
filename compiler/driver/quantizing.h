// From a float model and a user's samples to a quantized graph.
#pragma once
#include "driver/compile.h"

namespace motec {

struct QuantizedModel {
  Quantization quantization;
  Samples all;                  // of the request, in their order
  std::vector<int64_t> labels;  // of all; empty: none were given
  std::vector<Sample> samples, held_out;
  std::vector<std::string> warnings;  // of the samples
};

// For options with a request to quantize. Of 10 samples or more every fifth is held out, to judge
// the result by.
QuantizedModel quantize_model(const CompileOptions& options);

// What the float and the integer network take all samples of the request for, by its labels.
std::string accuracy_changes(const CompileOptions& options, const QuantizedModel& model);

}  // namespace motec
