// What the parts of the arena planner share: the problem in a normal form, and their entry points.
// Only arena*.cpp and tests include this; everybody else uses arena.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/arena.h"

namespace motec::arena {

/// A buffer in normal form: its size counted in units, its lifetime in sections.
struct Item {
  int64_t size = 0;   // In units; never 0.
  int32_t first = 0;  // First and last section in which it is alive, inclusive.
  int32_t last = 0;
  int32_t buffer = 0;  // Index among the buffers the caller gave.

  bool meets(const Item& other) const { return first <= other.last && other.first <= last; }
  bool same_shape(const Item& other) const {
    return size == other.size && first == other.first && last == other.last;
  }
};

/// What an item has to do with another one that it meets and may overlap.
struct Partner {
  int32_t item = 0;
  int64_t under = 0;   // How far this item begins under the partner, at least, ...
  int64_t over = 0;    // ... or over it.
  int64_t common = 0;  // The most units that the two can have in common.
};

/// The problem without what does not matter: empty buffers are dropped, and of the steps only
/// those are kept (as sections 0, 1, ...) whose live set is not part of a neighbour's.
struct Problem {
  std::vector<Item> items;                     // Largest first; equal shapes are neighbours.
  std::vector<std::vector<Partner>> partners;  // By item; most have none.
  int32_t sections = 0;
  int64_t unit = 1;           // Bytes; divides every rounded size, hence every sensible offset.
  std::vector<int64_t> load;  // Units alive in each section, less what partners can have in common.
  int64_t bound = 0;          // The largest load, or item.

  /// How far `above` must begin over `below`, if they meet and it is not to begin under it.
  int64_t distance(int32_t below, int32_t above) const {
    for (const Partner& partner : partners[below])
      if (partner.item == above) return partner.under;
    return items[below].size;
  }
  /// Whether the saving of an overlap is taken off `item`, not off the partner.  Items with few
  /// partners count whole: a sum's operands, not the sum that may lie over either of them.
  bool yields_to(int32_t item, const Partner& partner) const {
    const size_t own = partners[item].size(), other = partners[partner.item].size();
    return own != other ? own > other : item > partner.item;
  }
};

/// Offsets in units, one for each item, and the highest end.
struct Packing {
  std::vector<int64_t> offsets;
  int64_t height = 0;
};

enum class Verdict { Packed, Impossible, OutOfWork };

/// What a search for a packing within some capacity found out, and what it took.
struct Attempt {
  Verdict verdict = Verdict::OutOfWork;
  Packing packing;  // If Packed.
  int64_t work = 0;
  int64_t nodes = 0;
};

/// arena_bound.cpp: checks the input and brings it into normal form.
Problem make_problem(std::span<const ArenaBuffer> buffers, std::span<const ArenaOverlap> overlaps,
                     int64_t alignment);

/// arena_overlap.cpp: fills in the partners of a problem's items, whose sizes are still in bytes.
void find_partners(Problem& problem, size_t buffers, std::span<const ArenaOverlap> overlaps,
                   int64_t alignment);

/// Offsets that an item can have, from `low` to `high`; `high` may be unlimited.
struct Stretch {
  int64_t low = 0, high = 0;
};

/// arena_overlap.cpp: where an item can be put among others.  An object, as it is asked a hundred
/// thousand times for a network and keeps its buffers.
class Room {
 public:
  explicit Room(const Problem& problem)
      : problem_(problem), partner_(problem.items.size(), nullptr) {}

  /// The others are placed and come in ascending order of offset.  Ascending; the last stretch ends
  /// where the item would end at the capacity.  Valid until the next question.
  const std::vector<Stretch>& around(int32_t index, const std::vector<int32_t>& placed,
                                     const std::vector<int64_t>& offsets, int64_t capacity);

 private:
  const Problem& problem_;
  std::vector<const Partner*> partner_;  // By item; all null between questions.
  std::vector<Stretch> forbidden_, free_;
};

/// arena_bound.cpp: completes offsets to a packing.
Packing make_packing(const Problem& problem, std::vector<int64_t> offsets);

/// arena_best_fit.cpp: the lowest of several greedy packings.
Packing pack_best_fit(const Problem& problem);

/// arena_sweep.cpp: searches through time.  Finds packings of long chains, proves nothing: it
/// never answers Impossible.
Attempt pack_sweep(const Problem& problem, int64_t capacity, int64_t work_limit);

/// arena_exact.cpp: searches from the bottom up.  Given enough work it answers either way.
Attempt pack_exact(const Problem& problem, int64_t capacity, int64_t work_limit);

}  // namespace motec::arena
