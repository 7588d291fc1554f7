// Exact packing by branch and bound.
//
// Among the lowest packings take one whose offsets have the smallest sum, and build it bottom up:
// in ascending order of offset, equal offsets in order of index.  Then every item rests exactly on
// what was placed under it, so the state is the set of open (unplaced) items and the floor of
// each, and a choice is only which open item comes next.  Four cuts follow from that packing:
//   - the next item's floor is not below the one before it (the `Mark`);
//   - it is below the end of every open item set on its own floor, as that one would have had to
//     be placed first (the `roof`);
//   - of open items of the same shape, without partners, only the first is tried;
//   - open items that share no section, even indirectly, are packed independently (`parts`).
// Partners may begin closer than one ends: only the floors change.  A distance of 0 lets an item
// come after another of higher index at the same offset, so that it leaves no mark but its floor.
// The bound of a section stacks its open items in order of their floors, leaving the gaps that the
// floors force; of partners it counts what they cannot have in common.
#include <algorithm>
#include <compare>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plan/arena_internal.h"

namespace motec::arena {
namespace {

/// Room for failed states, in open items.  16 bytes each.
constexpr size_t kMaxRemembered = size_t{1} << 21;

/// What copying, sorting and hashing an open item costs, in visits of a section by the bound.
constexpr int64_t kWorkPerItem = 16;

/// An item not yet placed.  `floor` is the highest end among the placed items it meets.
struct Open {
  int64_t floor = 0;
  int32_t item = 0;

  friend auto operator<=>(const Open&, const Open&) = default;
};

/// Offset and index of the item placed last; the next one compares greater.
using Mark = Open;

struct StateHash {
  size_t operator()(const std::vector<Open>& open) const {
    uint64_t hash = open.size();
    for (const Open& o : open) {
      hash = (hash ^ static_cast<uint64_t>(o.floor)) * 0x9E3779B97F4A7C15u;
      hash = (hash ^ (hash >> 29) ^ static_cast<uint64_t>(o.item)) * 0xBF58476D1CE4E5B9u;
    }
    return static_cast<size_t>(hash ^ (hash >> 32));
  }
};

/// Looks for a packing within one capacity.
class CapacitySearch {
 public:
  CapacitySearch(const Problem& problem, int64_t capacity, int64_t work_limit)
      : problem_(problem), capacity_(capacity), work_limit_(work_limit) {
    offsets_.assign(problem.items.size(), 0);
    stack_height_.assign(static_cast<size_t>(problem.sections), 0);
    is_open_.assign(problem.items.size(), false);
  }

  Attempt run() {
    std::vector<Open> open;
    for (size_t i = 0; i < problem_.items.size(); ++i) {
      open.push_back({.floor = 0, .item = static_cast<int32_t>(i)});
    }
    std::sort(open.begin(), open.end(), [&](const Open& a, const Open& b) {
      return std::pair(item(a).first, a.item) < std::pair(item(b).first, b.item);
    });
    Attempt attempt;
    attempt.verdict = pack(open, {.floor = 0, .item = -1});
    if (attempt.verdict == Verdict::Packed) attempt.packing = make_packing(problem_, offsets_);
    attempt.work = work_;
    attempt.nodes = nodes_;
    return attempt;
  }

 private:
  const Item& item(const Open& open) const { return problem_.items[open.item]; }

  /// Packs the open items, given in order of their first section, part by independent part.
  Verdict pack(const std::vector<Open>& open, const Mark& mark) {
    size_t begin = 0;
    int32_t reach = -1;
    std::vector<std::vector<Open>> parts;
    for (size_t i = 0; i <= open.size(); ++i) {
      if (i == open.size() || (i > begin && item(open[i]).first > reach)) {
        if (i > begin) parts.emplace_back(open.begin() + begin, open.begin() + i);
        begin = i;
      }
      if (i < open.size()) reach = std::max(reach, item(open[i]).last);
    }
    // The small parts first: if one fails, it fails soon.
    std::stable_sort(parts.begin(), parts.end(),
                     [](const auto& a, const auto& b) { return a.size() < b.size(); });
    for (const std::vector<Open>& part : parts) {
      const Verdict verdict = pack_part(part, mark);
      if (verdict != Verdict::Packed) return verdict;
    }
    return Verdict::Packed;
  }

  Verdict pack_part(const std::vector<Open>& part, const Mark& mark) {
    if (work_ >= work_limit_) return Verdict::OutOfWork;
    ++nodes_;
    work_ += kWorkPerItem * static_cast<int64_t>(part.size());
    if (!stacks_fit(part, mark)) return Verdict::Impossible;

    const auto failed = failed_.find(part);
    if (failed != failed_.end() && failed->second <= mark) return Verdict::Impossible;

    for (const Open& next : candidates(part, mark)) {
      offsets_[next.item] = next.floor;
      const Verdict verdict = pack(without(part, next), mark_of(next));
      if (verdict != Verdict::Impossible) return verdict;
    }
    remember_failure(part, mark);
    return Verdict::Impossible;
  }

  /// Whether the open items of every section, stacked in order of their floors, stay within the
  /// capacity.  With nothing else to mind, no other order of a section's items ends lower.
  bool stacks_fit(const std::vector<Open>& part, const Mark& mark) {
    std::vector<Open> ascending = part;
    for (Open& open : ascending) open.floor = std::max(open.floor, mark.floor);
    std::sort(ascending.begin(), ascending.end());
    for (const Open& open : ascending) {
      const auto first = stack_height_.begin() + item(open).first;
      const auto last = stack_height_.begin() + item(open).last + 1;
      work_ += last - first;
      std::fill(first, last, 0);
    }
    for (const Open& open : part) is_open_[open.item] = true;
    const bool fit = std::all_of(ascending.begin(), ascending.end(),
                                 [&](const Open& open) { return stack(open); });
    for (const Open& open : part) is_open_[open.item] = false;
    return fit;
  }

  /// Puts what an open item cannot share with others onto the stacks of its sections.
  bool stack(const Open& open) {
    const std::vector<Partner>& partners = problem_.partners[open.item];
    if (open.floor + item(open).size > capacity_) return false;
    for (int32_t t = item(open).first; t <= item(open).last; ++t) {
      int64_t rest = item(open).size;
      for (const Partner& partner : partners) {
        const Item& other = problem_.items[partner.item];
        if (is_open_[partner.item] && other.first <= t && t <= other.last &&
            problem_.yields_to(open.item, partner)) {
          rest -= partner.common;
        }
      }
      if (rest <= 0) continue;
      stack_height_[t] = std::max(stack_height_[t], open.floor) + rest;
      if (stack_height_[t] > capacity_) return false;
    }
    return true;
  }

  /// Where the search stands after `next` was placed.
  Mark mark_of(const Open& next) const {
    const std::vector<Partner>& partners = problem_.partners[next.item];
    const bool lets_others_begin_with_it = std::any_of(
        partners.begin(), partners.end(), [](const Partner& p) { return p.under == 0; });
    return lets_others_begin_with_it ? Mark{.floor = next.floor, .item = -1} : next;
  }

  /// The open items that may come next, lowest first, of equal floors the largest first.
  std::vector<Open> candidates(const std::vector<Open>& part, const Mark& mark) const {
    int64_t roof = capacity_;
    for (const Open& open : part) roof = std::min(roof, open.floor + item(open).size);
    std::vector<Open> chosen;
    for (const Open& open : part) {
      if (open > mark && open.floor < roof) chosen.push_back(open);
    }
    std::sort(chosen.begin(), chosen.end());
    // Equal shapes have neighbouring indices and equal floors, so they are neighbours here too.
    const auto twins = [&](const Open& a, const Open& b) {
      return item(a).same_shape(item(b)) && problem_.partners[a.item].empty() &&
             problem_.partners[b.item].empty();
    };
    chosen.erase(std::unique(chosen.begin(), chosen.end(), twins), chosen.end());
    return chosen;
  }

  /// The open items after `next` was placed on its floor.
  std::vector<Open> without(const std::vector<Open>& part, const Open& next) const {
    std::vector<Open> rest;
    rest.reserve(part.size() - 1);
    const Item& placed = item(next);
    for (const Open& open : part) {
      if (open.item == next.item) continue;
      rest.push_back(open);
      if (item(open).meets(placed)) {
        rest.back().floor =
            std::max(open.floor, next.floor + problem_.distance(next.item, open.item));
      }
    }
    return rest;
  }

  void remember_failure(const std::vector<Open>& part, const Mark& mark) {
    if (remembered_ + part.size() > kMaxRemembered) return;
    const auto [entry, is_new] = failed_.try_emplace(part, mark);
    if (is_new) {
      remembered_ += part.size();
    } else {
      entry->second = std::min(entry->second, mark);
    }
  }

  const Problem& problem_;
  const int64_t capacity_;
  const int64_t work_limit_;
  std::vector<int64_t> offsets_;
  std::vector<int64_t> stack_height_;  // Scratch of stacks_fit, by section.
  /// States that cannot be packed, with the lowest mark for which that is known: a lower mark
  /// allows more, so failure under it covers every higher one.
  std::unordered_map<std::vector<Open>, Mark, StateHash> failed_;
  std::vector<bool> is_open_;  // Scratch of stacks_fit, by item.
  size_t remembered_ = 0;
  int64_t work_ = 0;
  int64_t nodes_ = 0;
};

}  // namespace

Attempt pack_exact(const Problem& problem, int64_t capacity, int64_t work_limit) {
  return CapacitySearch(problem, capacity, work_limit).run();
}

}  // namespace motec::arena
