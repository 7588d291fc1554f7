// Parts of a program whose rows flow from layer to layer through rings of a few rows.
#pragma once
#include "plan/program.h"
#include "plan/values.h"

namespace motec {

// How each step of a program makes its result row by row; empty for those that do not.
using RowCalls = std::vector<std::optional<RowCall>>;
RowCalls row_calls(const Program& program, int64_t group);

// The same for groups of 1, 2, ... rows.
class GroupedRowCalls {
 public:
  static constexpr int64_t kMostRows = 4;
  explicit GroupedRowCalls(const Program& program) {
    for (int64_t group = 1; group <= kMostRows; ++group)
      calls_.push_back(row_calls(program, group));
  }
  const RowCalls& of(int64_t group) const { return calls_[static_cast<size_t>(group - 1)]; }

 private:
  std::vector<RowCalls> calls_;
};

struct RegionOptions {
  bool staged = false;  // rows that are kept for later make room for the newest of other tensors
  int64_t group = 1;    // rows that are made at a time; more than 1 needs `staged`
  // Root of an input whose rows the caller hands over; it becomes the driver.
  std::optional<size_t> fed = {};
};

// Steps first to last as a region, with places for nothing yet. Empty with `why` filled if rows do
// not get through them.
std::optional<Region> make_region(const Program& program, const Values& values,
                                  const RowCalls& rows, size_t first, size_t last,
                                  const RegionOptions& options, std::string* why = nullptr);

}  // namespace motec
