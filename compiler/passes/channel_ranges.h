// Interval analysis of integer graphs: which values each channel can have, whatever the inputs.
// Channels are positions along the innermost dimension.
//
// Every element has bounds of its own, because padding makes borders differ from the interior; a
// channel's range spans its elements. The bounds of a result come from evaluating the operator
// itself on bounds of its operands, so that rounding and clamps are those of the device.
#pragma once
#include <vector>

#include "ir/graph.h"
#include "passes/layer_sums.h"

namespace motec {

using ChannelRanges = std::vector<Interval>;  // one per channel

int64_t channels_of(const Type& type);  // 1 for a scalar

// By value. Empty for values that are not integers of at most 16 bits, and for empty tensors.
std::vector<ChannelRanges> channel_ranges(const Graph& graph);

}  // namespace motec
