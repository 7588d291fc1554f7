// From a float model and a user's samples to a quantized graph.
#pragma once
#include "driver/compile.h"
#include "driver/terminal.h"
#include "report/accuracy.h"

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

// Has the quantizer, if the options ask for it, tell how far it is. The terminal must outlive them.
void show_progress(CompileOptions& options, Terminal& terminal);

// What the float and the integer network take all samples of the request for; empty without labels.
std::optional<Comparison> compare_classes(const CompileOptions& options,
                                          const QuantizedModel& model);

}  // namespace motec
