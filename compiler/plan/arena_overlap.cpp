// Buffers that may overlap: who may overlap whom by how much, and the room that this leaves.
#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "plan/arena_internal.h"

namespace motec::arena {
namespace {

using Pair = std::pair<int32_t, int32_t>;  // Items: the one below, the one above.

/// The distances that say something, in bytes.
std::map<Pair, int64_t> useful_distances(const Problem& problem, size_t buffers,
                                         std::span<const ArenaOverlap> overlaps,
                                         int64_t alignment) {
  std::vector<int32_t> item_of(buffers, -1);
  for (size_t i = 0; i < problem.items.size(); ++i)
    item_of[problem.items[i].buffer] = static_cast<int32_t>(i);
  std::map<Pair, int64_t> distances;
  for (const ArenaOverlap& overlap : overlaps) {
    if (overlap.below >= buffers || overlap.above >= buffers || overlap.below == overlap.above)
      throw std::invalid_argument("arena overlap of no two buffers");
    if (overlap.distance < 0) throw std::invalid_argument("arena overlap of negative distance");
    const int32_t below = item_of[overlap.below], above = item_of[overlap.above];
    if (below < 0 || above < 0 || !problem.items[below].meets(problem.items[above])) continue;
    const int64_t size = problem.items[below].size;
    const int64_t whole = overlap.distance / alignment + (overlap.distance % alignment != 0);
    const int64_t distance = whole > size / alignment ? size : whole * alignment;
    int64_t& known = distances.try_emplace({below, above}, distance).first->second;
    known = std::max(known, distance);
  }
  std::erase_if(distances, [&](const auto& entry) {
    return entry.second == problem.items[entry.first.first].size;
  });
  return distances;
}

/// Items at the same offset count as placed in an order in which each may lie below the next ones.
/// There is one if distances of 0 that hold in one direction only form no circle.
void check_order_at_equal_offsets(const Problem& problem) {
  std::vector<int> waits(problem.items.size(), 0);  // For how many items that must be below.
  const auto must_be_below = [](const Partner& p) { return p.under == 0 && p.over > 0; };
  for (const std::vector<Partner>& partners : problem.partners)
    for (const Partner& partner : partners) waits[partner.item] += must_be_below(partner);
  std::vector<int32_t> ready;
  for (size_t i = 0; i < waits.size(); ++i)
    if (waits[i] == 0) ready.push_back(static_cast<int32_t>(i));
  for (size_t next = 0; next < ready.size(); ++next)
    for (const Partner& partner : problem.partners[ready[next]])
      if (must_be_below(partner) && --waits[partner.item] == 0) ready.push_back(partner.item);
  if (ready.size() < waits.size())
    throw std::invalid_argument("arena overlaps of distance 0 run in a circle");
}

}  // namespace

void find_partners(Problem& problem, size_t buffers, std::span<const ArenaOverlap> overlaps,
                   int64_t alignment) {
  problem.partners.resize(problem.items.size());
  const std::map<Pair, int64_t> distances = useful_distances(problem, buffers, overlaps, alignment);
  for (const auto& [pair, distance] : distances) {
    const auto [below, above] = pair;
    const auto reverse = distances.find({above, below});
    if (reverse != distances.end() && above < below) continue;  // Was done with the reverse.
    const int64_t below_size = problem.items[below].size, above_size = problem.items[above].size;
    const int64_t over = reverse == distances.end() ? above_size : reverse->second;
    const int64_t common = std::max(std::min(above_size, below_size - distance),
                                    std::min(below_size, above_size - over));
    problem.partners[below].push_back(
        {.item = above, .under = distance, .over = over, .common = common});
    problem.partners[above].push_back(
        {.item = below, .under = over, .over = distance, .common = common});
  }
  check_order_at_equal_offsets(problem);
}

std::vector<Stretch> free_stretches(const Problem& problem, int32_t index,
                                    const std::vector<int32_t>& placed,
                                    const std::vector<int64_t>& offsets, int64_t capacity) {
  // Each placed item forbids the offsets between `begin` and `end`, themselves allowed.
  const Item& item = problem.items[index];
  const std::vector<Partner>& partners = problem.partners[index];
  std::vector<Stretch> forbidden;
  for (const int32_t other : placed) {
    if (!problem.items[other].meets(item)) continue;
    int64_t under = item.size, over = problem.items[other].size;
    for (const Partner& partner : partners)
      if (partner.item == other) under = partner.under, over = partner.over;
    if (under + over > 0) forbidden.push_back({offsets[other] - under, offsets[other] + over});
  }
  if (!partners.empty()) {
    std::sort(forbidden.begin(), forbidden.end(),
              [](const Stretch& a, const Stretch& b) { return a.low < b.low; });
  }
  std::vector<Stretch> free;
  int64_t low = 0;  // Everything met so far allows this and more.
  for (const Stretch& between : forbidden) {
    if (between.low >= low) free.push_back({low, between.low});
    low = std::max(low, between.high);
  }
  if (capacity - item.size >= low) free.push_back({low, capacity - item.size});
  return free;
}

}  // namespace motec::arena
