// Normal form and lower bound of an arena problem.
#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "plan/arena_internal.h"

namespace motec::arena {
namespace {

void check(std::span<const ArenaBuffer> buffers, int64_t alignment) {
  if (alignment <= 0) throw std::invalid_argument("arena alignment is not positive");
  int64_t room = std::numeric_limits<int64_t>::max() / 2;
  for (const ArenaBuffer& buffer : buffers) {
    if (buffer.bytes < 0) throw std::invalid_argument("arena buffer of negative size");
    if (buffer.last < buffer.first) {
      throw std::invalid_argument("arena buffer whose lifetime ends before it begins");
    }
    // Rounding up may add alignment - 1; written so that nothing here can overflow.
    if (buffer.bytes > room - std::min(room, alignment)) {
      throw std::invalid_argument("arena buffers too large in sum");
    }
    room -= buffer.bytes + alignment;
  }
}

int64_t round_up(int64_t bytes, int64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// From bytes to the largest unit that everything is a multiple of.
void to_units(Problem& problem) {
  problem.unit = 0;
  for (const Item& item : problem.items) problem.unit = std::gcd(problem.unit, item.size);
  for (const std::vector<Partner>& partners : problem.partners)
    for (const Partner& partner : partners) problem.unit = std::gcd(problem.unit, partner.under);
  for (Item& item : problem.items) item.size /= problem.unit;
  for (std::vector<Partner>& partners : problem.partners) {
    for (Partner& partner : partners) {
      partner.under /= problem.unit;
      partner.over /= problem.unit;
      partner.common /= problem.unit;
    }
  }
}

/// Units that each section takes at least.  What an item may have in common with partners is taken
/// off it, so the rest of it is disjoint from theirs: these rests are counted.
void find_loads(Problem& problem) {
  problem.load.assign(static_cast<size_t>(problem.sections), 0);
  for (size_t i = 0; i < problem.items.size(); ++i) {
    const Item& item = problem.items[i];
    problem.bound = std::max(problem.bound, item.size);
    for (int32_t t = item.first; t <= item.last; ++t) {
      int64_t rest = item.size;
      for (const Partner& partner : problem.partners[i]) {
        const Item& other = problem.items[partner.item];
        const bool is_there = other.first <= t && t <= other.last;
        if (is_there && problem.yields_to(static_cast<int32_t>(i), partner)) rest -= partner.common;
      }
      problem.load[t] += std::max<int64_t>(rest, 0);
    }
  }
  for (const int64_t load : problem.load) problem.bound = std::max(problem.bound, load);
}

/// Steps at which a section begins, ascending.
///
/// The live set only grows at a step where a buffer begins, so only these matter, and of them only
/// those after which a buffer ends before the next one begins: otherwise the next live set
/// contains this one.
std::vector<int32_t> section_steps(const std::vector<Item>& items) {
  std::vector<int32_t> begins, ends, steps;
  for (const Item& item : items) {
    begins.push_back(item.first);
    ends.push_back(item.last);
  }
  std::sort(begins.begin(), begins.end());
  begins.erase(std::unique(begins.begin(), begins.end()), begins.end());
  std::sort(ends.begin(), ends.end());
  for (size_t i = 0; i < begins.size(); ++i) {
    const auto end = std::lower_bound(ends.begin(), ends.end(), begins[i]);
    const bool ends_before_next =
        i + 1 == begins.size() || (end != ends.end() && *end < begins[i + 1]);
    if (ends_before_next) steps.push_back(begins[i]);
  }
  return steps;
}

}  // namespace

Problem make_problem(std::span<const ArenaBuffer> buffers, std::span<const ArenaOverlap> overlaps,
                     int64_t alignment) {
  check(buffers, alignment);
  Problem problem;
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].bytes == 0) continue;
    problem.items.push_back({.size = round_up(buffers[i].bytes, alignment),
                             .first = buffers[i].first,
                             .last = buffers[i].last,
                             .buffer = static_cast<int32_t>(i)});
  }

  const std::vector<int32_t> steps = section_steps(problem.items);
  problem.sections = static_cast<int32_t>(steps.size());
  for (Item& item : problem.items) {
    const auto first = std::lower_bound(steps.begin(), steps.end(), item.first);
    const auto last = std::upper_bound(first, steps.end(), item.last) - 1;
    item.first = static_cast<int32_t>(first - steps.begin());
    item.last = static_cast<int32_t>(last - steps.begin());
  }
  std::sort(problem.items.begin(), problem.items.end(), [](const Item& a, const Item& b) {
    return std::tuple(-a.size, a.first - a.last, a.first, a.buffer) <
           std::tuple(-b.size, b.first - b.last, b.first, b.buffer);
  });
  find_partners(problem, buffers.size(), overlaps, alignment);
  if (problem.items.empty()) return problem;
  to_units(problem);
  find_loads(problem);
  return problem;
}

Packing make_packing(const Problem& problem, std::vector<int64_t> offsets) {
  Packing packing{.offsets = std::move(offsets)};
  for (size_t i = 0; i < packing.offsets.size(); ++i) {
    packing.height = std::max(packing.height, packing.offsets[i] + problem.items[i].size);
  }
  return packing;
}

}  // namespace motec::arena
