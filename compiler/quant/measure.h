// How far a quantized network is from the float one.
#pragma once
#include <vector>

#include "quant/observe.h"

namespace motec {

using ResultSets = std::vector<std::vector<Tensor>>;  // [sample][output]

struct OutputError {
  double signal = 0, noise = 0;  // sums of squares
  double largest = 0;            // difference
  double sqnr() const;           // 10 log10(signal / noise), at most 200 dB
  double relative() const;       // sqrt(noise / signal)
};

// What outputs are judged by: themselves, but for those of a Softmax its operand. Probabilities
// near 0 and 1 hide errors, and a few undecided samples would outweigh all others.
std::vector<ValueId> judged_values(const Graph& graph);
ResultSets judged_of(const Graph& graph, const std::vector<Sample>& samples);

OutputError output_error(const ResultSets& want, const ResultSets& got);

// Both together: judged_of() and the outputs.
struct Results {
  ResultSets judged, outputs;
};
Results results_of(const Graph& graph, const std::vector<Sample>& samples);

}  // namespace motec
