// The arena planner's entry point.  Best-fit comes first; if it does not meet the lower bound, the
// searches are asked for packings within a capacity: first within the bound itself, where the
// least is left to choose, then by bisection between what failed and what is known.
#include "plan/arena.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "plan/arena_internal.h"

namespace motec {
namespace {

using arena::Attempt;
using arena::Packing;
using arena::Problem;
using arena::Verdict;

/// Beyond this many buffers best-fit has to do: the exact search needs memory of their square.
constexpr size_t kMaxItems = 1000;

/// Up to this many the exact search always runs to its end, alone.  The worst seen was 100000
/// nodes, and with most pairs allowed to overlap 900000, which take 0.4 s.
constexpr size_t kAlwaysExact = 12;

struct SearchResult {
  Packing best;
  bool optimal = false;
  int64_t nodes = 0;
};

/// Improves on `start` until it is optimal or the work is used up.
SearchResult search(const Problem& problem, Packing start, int64_t work_limit) {
  SearchResult result{.best = std::move(start)};
  const bool is_small = problem.items.size() <= kAlwaysExact;
  int64_t work_left = problem.items.size() > kMaxItems ? 0
                      : is_small && work_limit > 0     ? std::numeric_limits<int64_t>::max()
                                                       : work_limit;
  int64_t proved = problem.bound;        // No packing is lower than this.
  int64_t given_up = problem.bound - 1;  // Highest capacity that failed, proved or not.
  int64_t capacity = problem.bound;
  while (given_up + 1 < result.best.height && work_left > 0) {
    // Half of what is left for each capacity but the last, and of that a quarter for the sweep,
    // which comes first as it is quick where it succeeds at all.
    const bool is_last = capacity + 1 == result.best.height;
    const int64_t share = is_last ? work_left : work_left - work_left / 2;
    Attempt attempt;
    if (!is_small) attempt = arena::pack_sweep(problem, capacity, share / 4);
    result.nodes += attempt.nodes;
    work_left -= attempt.work;
    if (attempt.verdict != Verdict::Packed) {
      attempt = arena::pack_exact(problem, capacity, share - attempt.work);
      result.nodes += attempt.nodes;
      work_left -= attempt.work;
    }
    if (attempt.verdict == Verdict::Packed) {
      result.best = std::move(attempt.packing);
    } else {
      given_up = capacity;
      if (attempt.verdict == Verdict::Impossible) proved = capacity + 1;
    }
    capacity = given_up + (result.best.height - given_up) / 2;
  }
  result.optimal = proved >= result.best.height;
  return result;
}

}  // namespace

ArenaPlan plan_arena(std::span<const ArenaBuffer> buffers, const ArenaOptions& options) {
  return plan_arena(buffers, {}, options);
}

ArenaPlan plan_arena(std::span<const ArenaBuffer> buffers, std::span<const ArenaOverlap> overlaps,
                     const ArenaOptions& options) {
  const Problem problem = arena::make_problem(buffers, overlaps, options.alignment);
  const SearchResult result = search(problem, arena::pack_best_fit(problem), options.work_limit);

  ArenaPlan plan;
  plan.offsets.assign(buffers.size(), 0);
  for (size_t i = 0; i < problem.items.size(); ++i) {
    plan.offsets[problem.items[i].buffer] = result.best.offsets[i] * problem.unit;
  }
  plan.bytes = result.best.height * problem.unit;
  plan.lower_bound = problem.bound * problem.unit;
  plan.optimal = result.optimal;
  plan.nodes = result.nodes;
  return plan;
}

}  // namespace motec
