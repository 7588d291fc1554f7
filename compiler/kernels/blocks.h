// What the rows of kernels with packed weights share: the block sizes of each ISA, and the operands
// and costs that follow from them.
#pragma once
#include "kernels/kernel.h"
#include "ops/unary.h"

namespace motec {

// Output channels per block of packed weights: gemm_nr and depthwise_nr of the runtime's ISA.
struct Blocks {
  std::string_view isa;
  int64_t gemm, depthwise;
};
const Blocks& blocks_of(const Kernel& kernel);

// Conditions on the runtime by which the blocks hold.
std::vector<std::string> block_checks(const Kernel& kernel);

// "isa/neon.h"
std::string isa_header(const Kernel& kernel);
// "mote::conv2d_f32<mote::isa::Neon, mote::fn::Relu>"
std::string isa_function(const Kernel& kernel, std::string_view name, UnaryFn act);

Operand packed_floats(std::string_view name, std::vector<float> values);
// Operand 2, the bias, or zeros. Kernels load whole vectors of biases: the array is filled up with
// zeros to a whole block.
Operand bias_operand(const Site& site, int64_t channels, int64_t nr);

// Refuses operands 1 and 2, weights and bias, that are not constant.
std::string constant_weights(const Site& site);

// The op's multiply-adds over the lanes of one step of the ISA.
double per_mac(const Site& site, const Kernel& kernel, double weight);

}  // namespace motec
