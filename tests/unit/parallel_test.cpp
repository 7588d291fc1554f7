#include "support/parallel.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace motec {
namespace {

// Later items finish first: each sleeps less than the one before.
int64_t slow_square(int64_t i) {
  std::this_thread::sleep_for(std::chrono::microseconds(100 * (7 - i % 8)));
  return i * i;
}

TEST_CASE("results are taken in the order of the items, whatever the threads") {
  for (const int threads : {1, 2, 3, 8}) {
    INFO(threads << " threads");
    std::vector<int64_t> taken, done;
    parallel_in_order(50, slow_square,
                      [&](int64_t i, int64_t square) {
                        CHECK(square == i * i);
                        taken.push_back(i);
                      },
                      {.threads = threads, .progress = [&](int64_t n) { done.push_back(n); }});
    REQUIRE(taken.size() == 50);
    for (int64_t i = 0; i < 50; ++i) {
      CHECK(taken[static_cast<size_t>(i)] == i);
      CHECK(done[static_cast<size_t>(i)] == i + 1);
    }
  }
  parallel_in_order(0, slow_square, [](int64_t, int64_t) { FAIL("there is no item"); });
}

TEST_CASE("threads do not run far ahead of what is taken") {
  std::atomic<int64_t> started = 0;
  int64_t ahead = 0;
  parallel_in_order(
      100, [&](int64_t) { return ++started; },
      [&](int64_t i, int64_t) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ahead = std::max(ahead, started - i);
      },
      {.threads = 4});
  CHECK(started == 100);
  CHECK(ahead <= 16);
}

TEST_CASE("the first fault in the order of the items is the one that leaves") {
  for (const int threads : {1, 4}) {
    for (const bool in_take : {false, true}) {
      INFO(threads << " threads, in " << (in_take ? "take" : "work"));
      std::vector<int64_t> taken;
      const auto fault = [](int64_t i) {
        if (i == 17 || i == 18 || i == 40) throw std::runtime_error(std::to_string(i));
      };
      const auto run = [&] {
        parallel_in_order(
            60,
            [&](int64_t i) {
              if (!in_take) fault(i);
              return slow_square(i);
            },
            [&](int64_t i, int64_t) {
              if (in_take) fault(i);
              taken.push_back(i);
            },
            {.threads = threads});
      };
      CHECK_THROWS_WITH(run(), "17");
      CHECK(taken.size() == 17);
    }
  }
}

}  // namespace
}  // namespace motec
