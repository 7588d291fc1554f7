// Packing by a sweep through time, for networks that are long chains of small live sets.
//
// Items are placed in order of their first section, each at an end of a gap between the items
// alive there.  What is still to come depends only on the offsets of the items alive, so a state
// that failed once is never tried again, whatever came before it: a pattern that repeats, such as
// the steps of an unrolled recurrent layer, costs as much as its parts.  The bottom-up search
// cannot see that, as it works on all of time at once; on the other hand this one sees only gap
// ends, so that its failure says nothing.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <unordered_set>
#include <utility>
#include <vector>

#include "plan/arena_internal.h"

namespace motec::arena {
namespace {

/// Room for failed states, in numbers.  8 bytes each.
constexpr size_t kMaxRemembered = size_t{1} << 22;

/// What sorting and hashing an item alive costs, in units of the work limit.
constexpr int64_t kWorkPerItem = 16;

/// The next item's rank, then index and offset of each item alive, ascending by offset.
using State = std::vector<int64_t>;

struct StateHash {
  size_t operator()(const State& state) const {
    uint64_t hash = state.size();
    for (const int64_t word : state) {
      hash = (hash ^ static_cast<uint64_t>(word)) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 29;
    }
    return static_cast<size_t>(hash);
  }
};

class Sweep {
 public:
  Sweep(const Problem& problem, int64_t capacity, int64_t work_limit)
      : problem_(problem),
        capacity_(capacity),
        work_limit_(work_limit),
        room_(problem),
        order_(problem.items.size()),
        offsets_(problem.items.size(), 0) {
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](int32_t a, int32_t b) {
      return std::pair(problem.items[a].first, a) < std::pair(problem.items[b].first, b);
    });
  }

  Attempt run() {
    Attempt attempt;
    if (place(0, {}) == Verdict::Packed) {
      attempt.verdict = Verdict::Packed;
      attempt.packing = make_packing(problem_, offsets_);
    }
    attempt.work = work_;
    attempt.nodes = nodes_;
    return attempt;
  }

 private:
  /// Places the items from `rank` on; `alive` holds, ascending by offset, at least the placed
  /// items that the first of them meets.
  Verdict place(size_t rank, std::vector<int32_t> alive) {
    if (rank == order_.size()) return Verdict::Packed;
    if (work_ >= work_limit_) return Verdict::OutOfWork;
    ++nodes_;
    const int32_t index = order_[rank];
    const Item& item = problem_.items[index];
    std::erase_if(alive, [&](int32_t i) { return problem_.items[i].last < item.first; });
    work_ += kWorkPerItem * (1 + static_cast<int64_t>(alive.size()));

    State state = {static_cast<int64_t>(rank)};
    for (const int32_t i : alive) state.insert(state.end(), {i, offsets_[i]});
    if (failed_.contains(state)) return Verdict::Impossible;

    for (const int64_t offset : gap_ends(index, alive)) {
      offsets_[index] = offset;
      std::vector<int32_t> next_alive = alive;
      const auto above =
          std::upper_bound(alive.begin(), alive.end(), offset,
                           [&](int64_t value, int32_t other) { return value < offsets_[other]; });
      next_alive.insert(next_alive.begin() + (above - alive.begin()), index);
      const Verdict verdict = place(rank + 1, std::move(next_alive));
      if (verdict != Verdict::Impossible) return verdict;
    }
    if (remembered_ + state.size() <= kMaxRemembered) {
      remembered_ += state.size();
      failed_.insert(std::move(state));
    }
    return Verdict::Impossible;
  }

  /// The offsets at which the item touches the end of a gap, tightest gap first.
  std::vector<int64_t> gap_ends(int32_t index, const std::vector<int32_t>& alive) {
    std::vector<std::pair<int64_t, int64_t>> found;  // Slack, offset.
    for (const Stretch& free : room_.around(index, alive, offsets_, capacity_)) {
      const int64_t slack = free.high - free.low;
      found.emplace_back(slack, free.low);
      if (slack > 0) found.emplace_back(slack, free.high);
    }
    std::sort(found.begin(), found.end());
    std::vector<int64_t> ends;
    for (const auto& [slack, offset] : found) ends.push_back(offset);
    return ends;
  }

  const Problem& problem_;
  const int64_t capacity_;
  const int64_t work_limit_;
  Room room_;
  std::vector<int32_t> order_;  // Item indices by first section, the largest first.
  std::vector<int64_t> offsets_;
  std::unordered_set<State, StateHash> failed_;
  size_t remembered_ = 0;
  int64_t work_ = 0;
  int64_t nodes_ = 0;
};

}  // namespace

Attempt pack_sweep(const Problem& problem, int64_t capacity, int64_t work_limit) {
  return Sweep(problem, capacity, work_limit).run();
}

}  // namespace motec::arena
