// The instructions that evaluation uses for float kernels whose vectors run along output channels:
// 2 to 6 times as fast as one float at a time. Each sum is still made in the order of
// mote::isa::Scalar, and motec is built without contraction of products and sums, so the results
// have the same bits whatever the machine is.
#pragma once
#include "mote/isa/vec.h"

namespace motec {
using HostIsa = mote::isa::Vec;
}  // namespace motec
