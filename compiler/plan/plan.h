// From graph to program: operator order, kernels, liveness, memory taken over in place, offsets.
#pragma once
#include <functional>

#include "plan/program.h"
#include "plan/streaming.h"

namespace motec {

// A memory that buffers may be in.
struct MemoryLimit {
  std::string name;  // a C identifier
  int64_t bytes = 0;
};

struct PlanOptions {
  std::string name;                         // of the model, a C identifier
  Goal goal = Goal::Balanced;               // of the choice of kernels
  std::optional<int64_t> arena_limit = {};  // bytes; E4101 when no plan fits
  std::optional<int64_t> flash_limit = {};  // bytes of weights; E4102
  // Name of the input whose rows the caller hands over one by one; E1115 and E4103.
  std::optional<std::string> stream_input = {};
  std::vector<MemoryLimit> memories = {};  // the fastest first; empty: one arena; E4105
  Weights weights = Weights::Expanded;     // the most that Goal::Speed may take
};

Program plan(Graph graph, const Target& target, const PlanOptions& options);

// The same with regions that are given instead of searched for, and without limits: for tests, and
// to compare plans.
using ChooseRegions = std::function<std::vector<Region>(const Program& whole, const Values& values,
                                                        const GroupedRowCalls& rows)>;
Program plan_with(Graph graph, const Target& target, const PlanOptions& options,
                  const ChooseRegions& choose);

}  // namespace motec
