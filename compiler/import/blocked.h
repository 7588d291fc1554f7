// Constants with a scale for each block of elements, as integers with one scale for each channel.
#pragma once
#include <optional>

#include "ir/graph.h"

namespace motec {

// (q - zeros) * scales, of which the scales, one for each element, are those of blocks along
// `axis`. Empty unless the scales of each channel are integer multiples of one of its own, up to
// rounding to float32, and what they make of the integers fits int8. Channels are those of
// dimension 0, or of dimension 1 if the blocks lie along the other.
std::optional<QuantizedConstant> as_channel_scales(const Tensor& q, const Tensor& scales,
                                                   const Tensor& zeros, int axis);

}  // namespace motec
