// Chooses each tensor's range among those of all methods by measured error: the one for which the
// operators that read the tensor change their results least on the samples.
#pragma once
#include "quant/insert.h"
#include "quant/observe.h"

namespace motec {

struct RangeChoice {
  Range range;
  RangeMethod method = RangeMethod::MinMax;
};

// By group.
std::vector<RangeChoice> choose_ranges(const Graph& graph, const Scheme& scheme,
                                       const Placement& placement, const Precisions& precisions,
                                       const std::vector<Histogram>& histograms,
                                       const std::vector<Sample>& samples);

}  // namespace motec
