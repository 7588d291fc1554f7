// Integers of constants: weights of layers, symmetric with one scale per output channel, and other
// operands of operators.
#pragma once
#include <vector>

#include "ir/graph.h"
#include "quant/fixedpoint.h"

namespace motec {

// [outputs][depth] of a layer's weights, whose dimension 0 is the output channels.
struct WeightMatrix {
  int64_t outputs = 0, depth = 0;
  std::vector<float> values;
};
WeightMatrix weight_matrix(const Tensor& weights);

// The scales that use the whole range of integers of `bits` bits; 0 for a row of zeros.
std::vector<float> largest_scales(const WeightMatrix& weights, int bits);
// The scales of least squared error, and that error.
std::vector<float> mse_scales(const WeightMatrix& weights, int bits, double* error = nullptr);

// Scales large enough for biases of at most 2^30, so that their sums fit int32.
void fit_bias(std::vector<float>& scales, const Tensor* bias, double x_scale);

// Rounded to nearest. Weights keep their shape.
QuantizedConstant round_weights(const Tensor& weights, const std::vector<float>& scales, int axis,
                                int bits);
// The same in four bits, with factors (group_scales.h).
QuantizedConstant round_in_groups(const Tensor& weights, const std::vector<float>& scales,
                                  const Tensor& factors, int64_t group);
QuantizedConstant round_bias(const Tensor& bias, const std::vector<float>& scales, double x_scale);

// One scale and zero point for all elements.
QuantizedConstant round_tensor(const Tensor& tensor);

}  // namespace motec
