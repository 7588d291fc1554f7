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

Problem make_problem(std::span<const ArenaBuffer> buffers, int64_t alignment) {
  check(buffers, alignment);
  Problem problem;
  int64_t unit = 0;
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].bytes == 0) continue;
    const int64_t bytes = round_up(buffers[i].bytes, alignment);
    unit = std::gcd(unit, bytes);
    problem.items.push_back({.size = bytes,
                             .first = buffers[i].first,
                             .last = buffers[i].last,
                             .buffer = static_cast<int32_t>(i)});
  }
  if (problem.items.empty()) return problem;
  problem.unit = unit;

  const std::vector<int32_t> steps = section_steps(problem.items);
  problem.sections = static_cast<int32_t>(steps.size());
  problem.load.assign(steps.size(), 0);
  for (Item& item : problem.items) {
    item.size /= unit;
    const auto first = std::lower_bound(steps.begin(), steps.end(), item.first);
    const auto last = std::upper_bound(first, steps.end(), item.last) - 1;
    item.first = static_cast<int32_t>(first - steps.begin());
    item.last = static_cast<int32_t>(last - steps.begin());
    for (int32_t t = item.first; t <= item.last; ++t) problem.load[t] += item.size;
  }
  problem.bound = *std::max_element(problem.load.begin(), problem.load.end());

  std::sort(problem.items.begin(), problem.items.end(), [](const Item& a, const Item& b) {
    return std::tuple(-a.size, a.first - a.last, a.first, a.buffer) <
           std::tuple(-b.size, b.first - b.last, b.first, b.buffer);
  });
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
