// Tables of functions of one int16 value (runtime/mote/lookup_s16.h).
#pragma once
#include <optional>
#include <vector>

#include "ir/tensor.h"

namespace motec {

struct LineTable {
  Tensor blocks, knots;
};

// function[i] is for the value i - 32768, in units of knots, and lies within their range; the one
// behind the last value counts as a knot only. Every block has as few knots as leave all of its
// values within `tolerance` (at least 0.5). Empty if there would be more than kMostKnots.
std::optional<LineTable> line_table(const std::vector<double>& function, double tolerance);

}  // namespace motec
