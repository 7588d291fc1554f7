// How far long work is, on a terminal.
#pragma once
#include <chrono>
#include <string>

#include "driver/terminal.h"

namespace motec {

// Shows "evaluating: 120 of 500, 14 s left" while items are done, a few times a second.
//
//   Progress progress(terminal, "evaluating", samples.count());
//   parallel_in_order(count, work, take, {.progress = [&](int64_t n) { progress.show(n); }});
class Progress {
 public:
  Progress(Terminal& terminal, std::string doing, int64_t count);
  ~Progress() { terminal_.clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(int64_t done);

 private:
  using Clock = std::chrono::steady_clock;
  Terminal& terminal_;
  std::string doing_;
  int64_t count_;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point shown_ = {};
};

// The line after `seconds` of work. Before the first second the time left is a guess, and left out.
std::string progress_text(const std::string& doing, int64_t done, int64_t count, double seconds);

}  // namespace motec
