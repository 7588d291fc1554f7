// Work on many items at once, with results that do not depend on how many threads there are: each
// item is worked on alone, and what comes of it is taken in the order of the items.
//
//   parallel_in_order(samples.count(),
//                     [&](int64_t i) { return statistics_of(samples.read(i)); },  // any thread
//                     [&](int64_t i, Statistics&& s) { total.merge(s); });        // in order
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace motec {

struct ParallelOptions {
  int threads = 0;                                  // 0: one per processor
  std::function<void(int64_t done)> progress = {};  // after each item, by one thread at a time
};

// The number of threads that `asked` stands for: 0 is one per processor.
int thread_count(int asked);

// parallel_in_order() for results of any type.
void run_in_order(int64_t count, const ParallelOptions& options,
                  const std::function<std::shared_ptr<void>(int64_t)>& work,
                  const std::function<void(int64_t, void*)>& take);

// Calls work(i) for each i below `count`, on several threads, and take(i, result) in the order of
// i, on any of them but never two at a time. Threads run ahead of take() by a few items only, so
// that memory stays bounded. Of several exceptions, the one that leaves is the one that a loop
// would have met first, and take() was called for just the items before it.
template <class Work, class Take>
void parallel_in_order(int64_t count, Work work, Take take, const ParallelOptions& options = {}) {
  using Result = decltype(work(count));
  run_in_order(
      count, options,
      [&](int64_t i) -> std::shared_ptr<void> { return std::make_shared<Result>(work(i)); },
      [&](int64_t i, void* result) { take(i, std::move(*static_cast<Result*>(result))); });
}

}  // namespace motec
