// A buffer goes to one memory after the other, fastest first, in descending order of accesses per
// byte: the first complete division is what greed gives, and branch and bound improves on it.
//
// Bound: what is still open goes to the fastest memory. A branch ends where a memory's buffers need
// more than it has by a quick plan.
#include "plan/division.h"

#include <algorithm>
#include <numeric>

namespace motec {
namespace {

// Of each arena while dividing. Up to 12 buffers it is exact for any limit.
constexpr int64_t kQuickWork = 20'000;

// For each buffer. A first complete division takes about two; with fewer, none was found for the
// 59 buffers of an image network, and all of them went to the slow memory.
constexpr int64_t kLeastTrials = 4;

class Divider {
 public:
  Divider(std::span<const ArenaBuffer> buffers, std::span<const ArenaOverlap> overlaps,
          std::span<const int64_t> accesses, std::span<const int64_t> capacities,
          const DivisionOptions& options)
      : buffers_(buffers),
        overlaps_(overlaps),
        accesses_(accesses),
        capacities_(capacities),
        options_(options),
        order_(buffers.size()) {
    std::iota(order_.begin(), order_.end(), size_t{0});
  }

  std::optional<Division> run() {
    order_by([&](size_t i) { return density(i); });
    const bool complete = search();
    if (best_) {
      best_->optimal = complete;
      if (!complete) improve();
      return best_;
    }
    if (complete) return {};
    // Nothing found: the large ones first, which are the harder to place.
    order_by([&](size_t i) { return static_cast<double>(buffers_[i].bytes); });
    stop_at_first_ = true;
    search();
    for (size_t m = 0; m < capacities_.size() && !best_; ++m) take_one(m);
    if (best_) improve();
    return best_;
  }

  // The buffers of a memory with its plan.
  ArenaPlan plan(const std::vector<size_t>& memory, size_t m, int64_t work_limit) const {
    std::vector<ArenaBuffer> chosen;
    std::vector<size_t> index(buffers_.size(), buffers_.size());
    for (size_t i = 0; i < buffers_.size(); ++i) {
      if (memory[i] != m) continue;
      index[i] = chosen.size();
      chosen.push_back(buffers_[i]);
    }
    std::vector<ArenaOverlap> overlaps;
    for (const ArenaOverlap& overlap : overlaps_)
      if (memory[overlap.below] == m && memory[overlap.above] == m)
        overlaps.push_back({.below = index[overlap.below],
                            .above = index[overlap.above],
                            .distance = overlap.distance});
    return plan_arena(chosen, overlaps,
                      {.alignment = options_.arena.alignment, .work_limit = work_limit});
  }

  ArenaPlan best_plan(const std::vector<size_t>& memory, size_t m) const {
    ArenaPlan quick = plan(memory, m, kQuickWork);
    ArenaPlan slow = plan(memory, m, options_.arena.work_limit);
    return slow.bytes <= quick.bytes ? slow : quick;
  }

 private:
  double density(size_t i) const {
    return static_cast<double>(accesses_[i]) /
           static_cast<double>(std::max<int64_t>(buffers_[i].bytes, 1));
  }

  template <class Key>
  void order_by(Key key) {
    std::stable_sort(order_.begin(), order_.end(),
                     [&](size_t a, size_t b) { return key(a) > key(b); });
  }

  void allow_trials() {
    const auto n = static_cast<int64_t>(buffers_.size());
    trials_left_ = std::max(options_.work_limit / (1 + n * n), kLeastTrials * n);
  }

  bool fits(size_t m) const { return plan(memory_, m, kQuickWork).bytes <= capacities_[m]; }

  // Whether the search came to its end.
  bool search() {
    memory_.assign(buffers_.size(), capacities_.size());
    allow_trials();
    return extend(0, 0);
  }

  // Places the buffers from `rank` on; false if the trials ran out, or the first was enough.
  bool extend(size_t rank, int64_t slow) {
    if (best_ && slow >= best_->slow_accesses) return true;
    if (rank == order_.size()) {
      best_.emplace();
      best_->memory = memory_;
      best_->slow_accesses = slow;
      return !stop_at_first_;
    }
    const size_t buffer = order_[rank];
    for (size_t m = 0; m < capacities_.size(); ++m) {
      if (--trials_left_ < 0) return false;
      memory_[buffer] = m;
      if (fits(m) && !extend(rank + 1, slow + accesses_[buffer] * static_cast<int64_t>(m)))
        return false;
      memory_[buffer] = capacities_.size();
    }
    return true;
  }

  void take_one(size_t m) {
    const std::vector<size_t> memory(buffers_.size(), m);
    if (best_plan(memory, m).bytes > capacities_[m]) return;
    best_.emplace();
    best_->memory = memory;
    best_->slow_accesses =
        static_cast<int64_t>(m) * std::accumulate(accesses_.begin(), accesses_.end(), int64_t{0});
  }

  // Buffers go to faster memories, alone or in exchange for one that is accessed less, as long as
  // trials are left.
  void improve() {
    order_by([&](size_t i) { return static_cast<double>(accesses_[i]); });
    memory_ = best_->memory;
    allow_trials();
    for (size_t rank = 0; rank < order_.size() && trials_left_ > 0;)
      rank = promote(order_[rank]) ? 0 : rank + 1;
    best_->memory = memory_;
  }

  bool promote(size_t i) {
    const size_t slow = memory_[i];
    for (size_t fast = 0; fast < slow; ++fast) {
      if (exchange(i, fast, {})) return true;
      for (size_t rank = order_.size(); rank-- > 0;) {
        const size_t j = order_[rank];
        if (accesses_[j] >= accesses_[i]) break;
        if (memory_[j] == fast && exchange(i, fast, j)) return true;
      }
    }
    return false;
  }

  // Moves buffer i to a faster memory, and j to where i was.
  bool exchange(size_t i, size_t fast, std::optional<size_t> j) {
    if (--trials_left_ < 0) return false;
    const size_t slow = memory_[i];
    memory_[i] = fast;
    if (j) memory_[*j] = slow;
    if (fits(fast) && fits(slow)) {
      best_->slow_accesses -=
          (accesses_[i] - (j ? accesses_[*j] : 0)) * static_cast<int64_t>(slow - fast);
      return true;
    }
    memory_[i] = slow;
    if (j) memory_[*j] = fast;
    return false;
  }

  std::span<const ArenaBuffer> buffers_;
  std::span<const ArenaOverlap> overlaps_;
  std::span<const int64_t> accesses_, capacities_;
  DivisionOptions options_;
  int64_t trials_left_ = 0;
  std::vector<size_t> order_;
  std::vector<size_t> memory_;  // the number of memories: not yet placed
  std::optional<Division> best_;
  bool stop_at_first_ = false;
};

}  // namespace

std::optional<Division> divide_buffers(std::span<const ArenaBuffer> buffers,
                                       std::span<const ArenaOverlap> overlaps,
                                       std::span<const int64_t> accesses,
                                       std::span<const int64_t> capacities,
                                       const DivisionOptions& options) {
  Divider divider(buffers, overlaps, accesses, capacities, options);
  std::optional<Division> division = divider.run();
  if (!division) return {};
  for (size_t m = 0; m < capacities.size(); ++m)
    division->plans.push_back(divider.best_plan(division->memory, m));
  return division;
}

}  // namespace motec
