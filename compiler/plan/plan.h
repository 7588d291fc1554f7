// From graph to program: operator order, kernels, liveness, memory taken over in place, offsets.
#pragma once
#include "plan/program.h"

namespace motec {

struct PlanOptions {
  std::string name;                         // of the model, a C identifier
  Goal goal = Goal::Balanced;               // of the choice of kernels
  std::optional<int64_t> arena_limit = {};  // bytes; E4101 when no plan fits
  std::optional<int64_t> flash_limit = {};  // bytes of weights; E4102
};

Program plan(Graph graph, const Target& target, const PlanOptions& options);

}  // namespace motec
