// The numbers of a quantized network: scales and zero points of its tensors from their ranges, and
// the integers of its constants.
#pragma once
#include <vector>

#include "quant/insert.h"
#include "quant/ranges.h"

namespace motec {

// How scales of weights are found. PerTensor: one for all channels, for their largest; others have
// one for each.
enum class WeightMethod : uint8_t { PerTensor, Largest, Mse };

// Of groups that are rounded: the range of each.
std::vector<TensorParams> assign_tensors(const Scheme& scheme, const Precisions& precisions,
                                         const std::vector<Range>& ranges);

// Weights of four bits: one scale for each channel, or groups where they are worth it.
enum class Int4Scales : uint8_t { PerChannel, Groups };

// Integers of all constants that the integer operators read, rounded to nearest.
void assign_constants(const Graph& graph, const Scheme& scheme, const Placement& placement,
                      const Precisions& precisions, WeightMethod method, Int4Scales int4,
                      Parameters& parameters);

// The scale of the operand of op `op`, which must be a layer.
double operand_scale(const Graph& graph, const Scheme& scheme, const Parameters& parameters,
                     int op);

}  // namespace motec
