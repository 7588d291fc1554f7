// Which channels an integer graph can do without. A channel goes with all channels that are tied to
// it: those that pooling, adding, joining or moving make of it, and the group of a grouped
// convolution. It goes where every reader can do without it: in a layer's sums, a constant becomes
// part of the bias, and what has no weight is nothing.
#pragma once
#include "passes/channel_ranges.h"

namespace motec {

// By value: the channels that stay, ascending; at least one of each value that has any. `budget` is
// the number of sets of tied channels that may go, counted down.
std::vector<std::vector<int64_t>> kept_channels(const Graph& graph,
                                                const std::vector<ChannelRanges>& ranges,
                                                int64_t& budget);

}  // namespace motec
