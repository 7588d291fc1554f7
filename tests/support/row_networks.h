// Random networks of what streams row by row, and plans of them for every goal.
#pragma once
#include <string>
#include <vector>

#include "plan/plan.h"

namespace motec::test {

enum class Numbers : uint8_t { Int8, Float };

// Chains, residual diamonds, joins, pools and moves with random windows, of 2-D maps or along time:
// a function of the seed alone.
Graph row_network(uint32_t seed, Numbers numbers);

// How a network is planned: for a goal, or with all that can stream in regions, the longest or
// random ones, with rows staged or not, one at a time or in groups. Rows of the input come one by
// one where they get through all that reads it. In two memories, the fast one has 2/5 of what one
// arena takes.
struct PlanKind {
  std::string name;
  Goal goal = Goal::Balanced;
  bool forced = false;
  RegionOptions options = {};
  bool fed = false, memories = false;
  uint32_t cuts = 0;  // seed of the regions' lengths; 0: the longest
};
std::vector<PlanKind> plan_kinds(uint32_t seed);
Program plan_of(const Graph& graph, const Target& target, const std::string& name,
                const PlanKind& kind);

}  // namespace motec::test
