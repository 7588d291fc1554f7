// Scales of int4 weights in groups of input channels: each is a factor of 1 .. 16 times its output
// channel's, so that the products are integers of eight bits (runtime/mote/int4.h).
#pragma once
#include <vector>

#include "ir/op_def.h"

namespace motec {

constexpr int64_t kWeightGroup = 32;

// Whether the layer's kernels have groups.
bool takes_weight_groups(const Graph& graph, const Op& layer);

struct GroupScales {
  std::vector<float> scale;  // per output channel, 0 for a row of zeros
  Tensor factors;            // int8, shape of the weights but for the last dimension: the groups
  double error = 0;          // squared, of all weights
};

// Those of least squared error.
GroupScales group_scales(const Tensor& weights, int64_t group);

// The next scale of which all factors make exact multiples, so that an ONNX model can say each.
float exact_in_multiples(float scale);

// Whether factors are worth their flash: as many more bits for each weight would lessen the error
// by 6 dB a bit.
bool worth_factors(const Tensor& weights, const Tensor& factors, double error_without,
                   double error_with);

}  // namespace motec
