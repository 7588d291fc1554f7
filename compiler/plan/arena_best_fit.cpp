// Greedy packing: the items are taken in some order, each put into a gap between those before it.
// No order is best for every network and each is cheap (n^2), so all are tried.
#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <optional>
#include <set>

#include "plan/arena_internal.h"

namespace motec::arena {
namespace {

/// Items are taken in descending order of `major`, then of `minor`.
struct Key {
  double major = 0;  // Wide enough for an area without overflow.
  int64_t minor = 0;
};

int64_t length(const Item& item) { return int64_t{item.last} - item.first + 1; }

double area(const Item& item) {
  return static_cast<double>(item.size) * static_cast<double>(length(item));
}

/// The largest load in a section the item lives through.
double busiest(const Problem& problem, const Item& item) {
  const auto begin = problem.load.begin();
  return static_cast<double>(*std::max_element(begin + item.first, begin + item.last + 1));
}

using KeyFunction = Key (*)(const Problem&, const Item&);

constexpr std::array<KeyFunction, 7> kOrders = {
    [](const Problem&, const Item& i) {
      return Key{static_cast<double>(i.size), length(i)};
    },
    [](const Problem&, const Item& i) {
      return Key{area(i), i.size};
    },
    [](const Problem&, const Item& i) {
      return Key{static_cast<double>(length(i)), i.size};
    },
    [](const Problem&, const Item& i) {
      return Key{-static_cast<double>(i.first), i.size};
    },
    [](const Problem&, const Item& i) {
      return Key{static_cast<double>(i.last), i.size};
    },
    [](const Problem& p, const Item& i) {
      return Key{busiest(p, i), i.size};
    },
    [](const Problem& p, const Item& i) {
      return Key{busiest(p, i), length(i)};
    },
};

std::vector<int32_t> sorted_by(const Problem& problem, KeyFunction key_of) {
  std::vector<Key> keys;
  for (const Item& item : problem.items) keys.push_back(key_of(problem, item));
  std::vector<int32_t> order(problem.items.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    if (keys[a].major != keys[b].major) return keys[a].major > keys[b].major;
    return keys[a].minor > keys[b].minor;
  });
  return order;
}

/// Leaves room for every gap; sizes together take at most half of it.
constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

/// Which of the gaps that are large enough an item goes into.
enum class Gap { Lowest, Tightest };

/// Nothing if it gets no lower than `limit`.
std::optional<Packing> pack_in_order(const Problem& problem, Room& room,
                                     const std::vector<int32_t>& order, Gap rule, int64_t limit) {
  Packing packing;
  packing.offsets.assign(problem.items.size(), 0);
  std::vector<int32_t> placed;  // Ascending by offset.
  placed.reserve(order.size());
  for (const int32_t index : order) {
    const Item& item = problem.items[index];
    const std::vector<Stretch>& free = room.around(index, placed, packing.offsets, kUnlimited);
    auto chosen = free.begin();
    if (rule == Gap::Tightest) {
      chosen = std::min_element(free.begin(), free.end(), [](const Stretch& a, const Stretch& b) {
        return a.high - a.low < b.high - b.low;
      });
    }
    const int64_t offset = chosen->low;
    packing.offsets[index] = offset;
    packing.height = std::max(packing.height, offset + item.size);
    if (packing.height >= limit) return {};
    const auto above = std::upper_bound(
        placed.begin(), placed.end(), offset,
        [&](int64_t value, int32_t other) { return value < packing.offsets[other]; });
    placed.insert(above, index);
  }
  return packing;
}

}  // namespace

Packing pack_best_fit(const Problem& problem) {
  Packing best{.offsets = {}, .height = kUnlimited};
  Room room(problem);
  // Many orders are the same where all items are alive at once.
  std::set<std::vector<int32_t>> tried;
  for (const KeyFunction key_of : kOrders) {
    std::vector<int32_t> order = sorted_by(problem, key_of);
    if (tried.contains(order)) continue;
    for (const Gap rule : {Gap::Lowest, Gap::Tightest}) {
      if (auto packing = pack_in_order(problem, room, order, rule, best.height))
        best = std::move(*packing);
      if (best.height == problem.bound) return best;
    }
    tried.insert(std::move(order));
  }
  return best;
}

}  // namespace motec::arena
