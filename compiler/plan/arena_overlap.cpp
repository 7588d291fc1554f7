// Buffers that may overlap: who may overlap whom by how much, and the room that this leaves.
#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "plan/arena_internal.h"

namespace motec::arena {
namespace {

/// How far item `above` must begin over item `below`, in bytes.
struct Distance {
  int32_t below, above;
  int64_t distance;
  std::pair<int32_t, int32_t> pair() const { return {below, above}; }
};

/// The distances that say something, one for each pair, ascending by pair.
std::vector<Distance> useful_distances(const Problem& problem, size_t buffers,
                                       std::span<const ArenaOverlap> overlaps, int64_t alignment) {
  std::vector<int32_t> item_of(buffers, -1);
  for (size_t i = 0; i < problem.items.size(); ++i)
    item_of[problem.items[i].buffer] = static_cast<int32_t>(i);
  std::vector<Distance> all;
  all.reserve(overlaps.size());
  for (const ArenaOverlap& overlap : overlaps) {
    if (overlap.below >= buffers || overlap.above >= buffers || overlap.below == overlap.above)
      throw std::invalid_argument("arena overlap of no two buffers");
    if (overlap.distance < 0) throw std::invalid_argument("arena overlap of negative distance");
    const int32_t below = item_of[overlap.below], above = item_of[overlap.above];
    if (below < 0 || above < 0 || !problem.items[below].meets(problem.items[above])) continue;
    const int64_t size = problem.items[below].size;
    const int64_t whole = overlap.distance / alignment + (overlap.distance % alignment != 0);
    const int64_t distance = whole > size / alignment ? size : whole * alignment;
    all.push_back({below, above, distance});
  }
  // Of those for one pair, the greatest counts.
  std::sort(all.begin(), all.end(), [](const Distance& a, const Distance& b) {
    return std::pair(a.pair(), -a.distance) < std::pair(b.pair(), -b.distance);
  });
  const auto same = [](const Distance& a, const Distance& b) { return a.pair() == b.pair(); };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  std::erase_if(all, [&](const Distance& d) { return d.distance == problem.items[d.below].size; });
  return all;
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
  const std::vector<Distance> distances = useful_distances(problem, buffers, overlaps, alignment);
  for (const auto& [below, above, distance] : distances) {
    const std::pair reversed(above, below);
    const auto reverse =
        std::lower_bound(distances.begin(), distances.end(), reversed,
                         [](const Distance& d, const auto& pair) { return d.pair() < pair; });
    const bool both = reverse != distances.end() && reverse->pair() == reversed;
    if (both && above < below) continue;  // Was done with the reverse.
    const int64_t below_size = problem.items[below].size, above_size = problem.items[above].size;
    const int64_t over = both ? reverse->distance : above_size;
    const int64_t common = std::max(std::min(above_size, below_size - distance),
                                    std::min(below_size, above_size - over));
    problem.partners[below].push_back(
        {.item = above, .under = distance, .over = over, .common = common});
    problem.partners[above].push_back(
        {.item = below, .under = over, .over = distance, .common = common});
  }
  check_order_at_equal_offsets(problem);
}

const std::vector<Stretch>& Room::around(int32_t index, const std::vector<int32_t>& placed,
                                         const std::vector<int64_t>& offsets, int64_t capacity) {
  // Each placed item forbids the offsets between `low` and `high`, themselves allowed.
  const Item& item = problem_.items[index];
  const std::vector<Partner>& partners = problem_.partners[index];
  for (const Partner& partner : partners) partner_[partner.item] = &partner;
  forbidden_.clear();
  for (const int32_t other : placed) {
    if (!problem_.items[other].meets(item)) continue;
    int64_t under = item.size, over = problem_.items[other].size;
    if (const Partner* partner = partner_[other]) under = partner->under, over = partner->over;
    if (under + over > 0) forbidden_.push_back({offsets[other] - under, offsets[other] + over});
  }
  for (const Partner& partner : partners) partner_[partner.item] = nullptr;
  if (!partners.empty()) {
    std::sort(forbidden_.begin(), forbidden_.end(),
              [](const Stretch& a, const Stretch& b) { return a.low < b.low; });
  }
  free_.clear();
  int64_t low = 0;  // Everything met so far allows this and more.
  for (const Stretch& between : forbidden_) {
    if (between.low >= low) free_.push_back({low, between.low});
    low = std::max(low, between.high);
  }
  if (capacity - item.size >= low) free_.push_back({low, capacity - item.size});
  return free_;
}

}  // namespace motec::arena
