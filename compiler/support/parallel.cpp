#include "support/parallel.h"

#ifdef __linux__
#include <sched.h>
#endif

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace motec {
namespace {

using Result = std::shared_ptr<void>;

class OrderedRun {
 public:
  OrderedRun(int64_t count, int threads, const ParallelOptions& options,
             const std::function<Result(int64_t)>& work,
             const std::function<void(int64_t, void*)>& take)
      : end_(count), ahead_(4 * threads), options_(options), work_(work), take_(take) {}

  void run(int threads) {
    std::vector<std::jthread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back([this] { work_on_items(); });
    work_on_items();
    others.clear();  // joins them
    if (error_) std::rethrow_exception(error_);
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  void work_on_items() {
    Lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return next_ >= end_ || next_ < taken_ + ahead_; });
      if (next_ >= end_) return;
      const int64_t item = next_++;
      lock.unlock();
      Result result;
      std::exception_ptr error;
      try {
        result = work_(item);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      if (error)
        stop_at(item, error);
      else
        finished_[item] = std::move(result);
      if (!taking_) take_finished(lock);
    }
  }

  // Items from here on are dropped; those before it still run to their end.
  void stop_at(int64_t item, std::exception_ptr error) {
    if (item >= end_) return;
    end_ = item;
    error_ = std::move(error);
    changed_.notify_all();
  }

  // Takes what is next in order, without the lock, so that the others work on meanwhile.
  void take_finished(Lock& lock) {
    taking_ = true;
    for (auto it = finished_.find(taken_); it != finished_.end() && taken_ < end_;
         it = finished_.find(taken_)) {
      const Result result = std::move(it->second);
      finished_.erase(it);
      lock.unlock();
      std::exception_ptr error;
      try {
        take_(taken_, result.get());
        if (options_.progress) options_.progress(taken_ + 1);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      if (error)
        stop_at(taken_, error);
      else
        ++taken_;
      changed_.notify_all();
    }
    taking_ = false;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t next_ = 0;   // the first item that nobody works on
  int64_t taken_ = 0;  // items taken; only the thread that is taking writes it
  int64_t end_;        // items to work on: all, or those before the first fault
  bool taking_ = false;
  std::map<int64_t, Result> finished_;
  std::exception_ptr error_;
  const int64_t ahead_;
  const ParallelOptions& options_;
  const std::function<Result(int64_t)>& work_;
  const std::function<void(int64_t, void*)>& take_;
};

}  // namespace

int thread_count(int asked) {
  if (asked > 0) return asked;
#ifdef __linux__
  // Those that this process may use can be fewer than there are.
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable) == 0) return std::max(1, CPU_COUNT(&usable));
#endif
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

void run_in_order(int64_t count, const ParallelOptions& options,
                  const std::function<Result(int64_t)>& work,
                  const std::function<void(int64_t, void*)>& take) {
  const auto threads = static_cast<int>(
      std::min<int64_t>(thread_count(options.threads), std::max<int64_t>(count, 1)));
  OrderedRun(count, threads, options, work, take).run(threads);
}

}  // namespace motec
