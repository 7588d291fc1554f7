// The graph as text, one op a line; stable, for dumps and for tests that compare graphs.
#pragma once
#include <string>

#include "ir/graph.h"

namespace motec {

// graph digits (%0 image: float32[1,1,8,8]) {
//   %5 = Conv2D(%0, %1: float32[16,3,3,1] const, %2 ...) stride=[1,1] ... : float32[1,8,8,16]
//   return probabilities=%9
// }
std::string print(const Graph& graph);

}  // namespace motec
