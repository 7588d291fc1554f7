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

/// The problem without what does not matter: empty buffers are dropped, and of the steps only
/// those are kept (as sections 0, 1, ...) whose live set is not part of a neighbour's.
struct Problem {
  std::vector<Item> items;  // Largest first; equal shapes are neighbours.
  int32_t sections = 0;
  int64_t unit = 1;           // Bytes; divides every rounded size, hence every sensible offset.
  std::vector<int64_t> load;  // Units alive in each section.
  int64_t bound = 0;          // The largest load.
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
Problem make_problem(std::span<const ArenaBuffer> buffers, int64_t alignment);

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
