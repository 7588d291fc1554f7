#include "driver/progress.h"

#include <fmt/format.h>

#include <cmath>

namespace motec {

Progress::Progress(Terminal& terminal, std::string doing, int64_t count)
    : terminal_(terminal), doing_(std::move(doing)), count_(count) {
  terminal_.progress(doing_);
}

void Progress::show(int64_t done) {
  const Clock::time_point now = Clock::now();
  if (now - shown_ < std::chrono::milliseconds(100)) return;
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  terminal_.progress(progress_text(doing_, done, count_, seconds));
}

std::string progress_text(const std::string& doing, int64_t done, int64_t count, double seconds) {
  std::string text = fmt::format("{}: {} of {}", doing, done, count);
  if (done == 0 || seconds < 1) return text;
  const double left = seconds / static_cast<double>(done) * static_cast<double>(count - done);
  const auto whole = static_cast<int64_t>(std::ceil(left));
  if (whole < 100) return text + fmt::format(", {} s left", whole);
  return text + fmt::format(", {} min left", (whole + 59) / 60);
}

}  // namespace motec
