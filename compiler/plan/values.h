// When values are made and used, as steps of a program.
#pragma once
#include "plan/program.h"

namespace motec {

// Views share their operand's memory, so all is told of its root. Steps are indices; what is used
// by the caller lasts until after the last step.
class Values {
 public:
  explicit Values(const Program& program);

  size_t root(ValueId id) const { return root_[static_cast<size_t>(id.index)]; }
  int32_t last_use(size_t root) const { return last_[root]; }  // -1: none
  int32_t maker(size_t root) const { return maker_[root]; }    // -1: none, an input or constant
  bool in_state(size_t root) const { return state_[root]; }

 private:
  std::vector<size_t> root_;
  std::vector<int32_t> last_, maker_;
  std::vector<bool> state_;
};

}  // namespace motec
