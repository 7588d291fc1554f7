// How far the quantizer is, for whoever waits.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

namespace motec {

// What is being done, how many steps of it are done, and how many there are.
using ShowProgress = std::function<void(const std::string& doing, int64_t done, int64_t count)>;

// One piece of work after the other. A step is an evaluation of the network on all samples.
class Pace {
 public:
  explicit Pace(ShowProgress show) : show_(std::move(show)) {}

  void begin(std::string doing, int64_t count) {
    doing_ = std::move(doing);
    count_ = count;
    reach(0);
  }
  void step(int64_t steps = 1) { reach(done_ + steps); }
  // Where fewer steps were needed than foreseen.
  void reach(int64_t done) {
    done_ = std::min(done, count_);
    if (show_) show_(doing_, done_, count_);
  }

 private:
  ShowProgress show_;
  std::string doing_;
  int64_t done_ = 0, count_ = 0;
};

}  // namespace motec
