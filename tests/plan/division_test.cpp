// Buffers divided among memories, against every division of small problems.
#include "plan/division.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace motec {
namespace {

using Random = std::mt19937;

int64_t pick(Random& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random() % static_cast<uint32_t>(high - low + 1));
}

struct Problem {
  std::vector<ArenaBuffer> buffers;
  std::vector<ArenaOverlap> overlaps;
  std::vector<int64_t> accesses, capacities;
};

Problem random_problem(Random& random, int64_t count, size_t memories) {
  Problem problem;
  int64_t total = 0;
  for (int64_t i = 0; i < count; ++i) {
    const auto first = static_cast<int32_t>(pick(random, 0, 5));
    const auto last = static_cast<int32_t>(pick(random, first, first + 2));
    problem.buffers.push_back({.bytes = 16 * pick(random, 0, 8), .first = first, .last = last});
    problem.accesses.push_back(problem.buffers.back().bytes * pick(random, 1, 9));
    total += problem.buffers.back().bytes;
  }
  for (size_t a = 1; a < problem.buffers.size(); ++a)
    if (pick(random, 0, 2) == 0)
      problem.overlaps.push_back({.below = a, .above = a - 1, .distance = 16 * pick(random, 0, 4)});
  for (size_t m = 0; m < memories; ++m)
    problem.capacities.push_back(16 * pick(random, 0, total / 24));
  return problem;
}

ArenaPlan plan_of(const Problem& problem, const std::vector<size_t>& memory, size_t m) {
  std::vector<ArenaBuffer> chosen;
  std::vector<size_t> index(memory.size());
  for (size_t i = 0; i < memory.size(); ++i) {
    index[i] = chosen.size();
    if (memory[i] == m) chosen.push_back(problem.buffers[i]);
  }
  std::vector<ArenaOverlap> overlaps;
  for (const ArenaOverlap& o : problem.overlaps)
    if (memory[o.below] == m && memory[o.above] == m)
      overlaps.push_back({index[o.below], index[o.above], o.distance});
  return plan_arena(chosen, overlaps);
}

int64_t slow_accesses(const Problem& problem, const std::vector<size_t>& memory) {
  int64_t slow = 0;
  for (size_t i = 0; i < memory.size(); ++i)
    slow += problem.accesses[i] * static_cast<int64_t>(memory[i]);
  return slow;
}

// -1: nothing fits.
int64_t fewest_slow_accesses(const Problem& problem) {
  const size_t memories = problem.capacities.size();
  std::vector<size_t> memory(problem.buffers.size(), 0);
  int64_t best = -1;
  while (true) {
    const int64_t slow = slow_accesses(problem, memory);
    if (best < 0 || slow < best) {
      bool fits = true;
      for (size_t m = 0; m < memories && fits; ++m)
        fits = plan_of(problem, memory, m).bytes <= problem.capacities[m];
      if (fits) best = slow;
    }
    size_t digit = 0;
    while (digit < memory.size() && ++memory[digit] == memories) memory[digit++] = 0;
    if (digit == memory.size()) return best;
  }
}

std::string fault(const Problem& problem, const Division& division) {
  for (size_t m = 0; m < problem.capacities.size(); ++m) {
    const ArenaPlan& plan = division.plans[m];
    if (plan.bytes > problem.capacities[m]) return "memory " + std::to_string(m) + " is too full";
    if (plan.bytes != plan_of(problem, division.memory, m).bytes) return "another plan";
  }
  return slow_accesses(problem, division.memory) == division.slow_accesses ? "" : "wrong accesses";
}

TEST_CASE("division: the best of all divisions of small problems", "[plan]") {
  int impossible = 0, divided = 0;
  for (uint32_t seed = 0; seed < 400; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    const size_t memories = seed % 3 == 0 ? 3 : 2;
    const Problem problem =
        random_problem(random, pick(random, 1, memories == 3 ? 6 : 9), memories);
    const int64_t best = fewest_slow_accesses(problem);
    const auto division =
        divide_buffers(problem.buffers, problem.overlaps, problem.accesses, problem.capacities);
    REQUIRE(division.has_value() == (best >= 0));
    if (!division) {
      ++impossible;
      continue;
    }
    REQUIRE(fault(problem, *division) == "");
    REQUIRE(division->optimal);
    REQUIRE(division->slow_accesses == best);
    divided += best > 0;
  }
  CHECK(impossible > 20);
  CHECK(divided > 100);
  std::printf("division: 400 problems, seeds 0 to 399: %d use the slow memory, %d do not fit\n",
              divided, impossible);
}

TEST_CASE("division: many buffers", "[plan]") {
  for (uint32_t seed = 0; seed < 5; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    Problem problem = random_problem(random, 60, 2);
    const int64_t bytes = plan_of(problem, std::vector<size_t>(60, 0), 0).bytes;
    problem.capacities = {bytes / 3, bytes};
    const auto division =
        divide_buffers(problem.buffers, problem.overlaps, problem.accesses, problem.capacities);
    REQUIRE(division.has_value());
    REQUIRE(fault(problem, *division) == "");
    // At least a third of the accesses are fast.
    const int64_t all =
        std::accumulate(problem.accesses.begin(), problem.accesses.end(), int64_t{0});
    CHECK(division->slow_accesses < all * 2 / 3);
  }
}

TEST_CASE("division: one memory is an arena", "[plan]") {
  Random random(1);
  Problem problem = random_problem(random, 10, 1);
  const int64_t bytes = plan_of(problem, std::vector<size_t>(10, 0), 0).bytes;
  problem.capacities = {bytes};
  const auto exactly =
      divide_buffers(problem.buffers, problem.overlaps, problem.accesses, problem.capacities);
  REQUIRE(exactly.has_value());
  CHECK(exactly->plans[0].bytes == bytes);
  problem.capacities = {bytes - 1};
  CHECK_FALSE(
      divide_buffers(problem.buffers, problem.overlaps, problem.accesses, problem.capacities)
          .has_value());
}

}  // namespace
}  // namespace motec
