// Weights that kernels store in four bits (runtime/mote/int4.h): the factors that groups of
// successive input channels have in common, and what is left of the weights.
#pragma once
#include <optional>

#include "ir/tensor.h"

namespace motec {

struct Int4Weights {
  Tensor q;             // shape of the weights, each in -8 .. 7
  int64_t group = 0;    // input channels of a group; 0: one scale for each output channel
  Tensor factors = {};  // 1 .. 16, shape of the weights but for the last dimension: the groups
};

// Whether the kernels have groups for weights of that shape: there is one position of the kernel,
// or the input channels are a multiple of 16.
bool takes_int4_groups(const Shape& weights);

// Of a layer's int8 weights, whose first dimension are the output channels, the last one input
// channels: without groups if they fit so, otherwise with the widest groups of 128, 64, 32 or 16
// channels that have common factors. Empty if they need more bits.
std::optional<Int4Weights> as_int4(const Tensor& weights);

// The factor of weight i, of the groups of `group` that `channels` input channels are in.
inline int8_t int4_factor(const Tensor& factors, int64_t group, int64_t channels, int64_t i) {
  return factors.data<int8_t>()[i / channels * factors.shape.back() + i % channels / group];
}
// weights[i] = q[i] * its factor.
Tensor int4_products(const Tensor& q, const Tensor& factors, int64_t group);

}  // namespace motec
