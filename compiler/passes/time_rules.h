// How ops work along the time axis of a stream: how many of the newest rows of their operands the
// rows that are new in their results take.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace motec {

// The rows of a tensor along time: in a whole window of the stream, and what of them is new when
// the window has moved on. The last new row is the last of the window.
struct Rows {
  int axis = 0;
  int64_t window = 0, fresh = 0;
  bool operator==(const Rows&) const = default;
};
using RowsOf = std::vector<std::optional<Rows>>;  // by value; empty: no axis is time

// An op that computes new rows alone.
struct TimeStep {
  std::any attrs;      // for the rows that it takes
  int64_t takes = 0;   // newest rows of each operand that has rows
  Rows out;            // of its result
  bool keeps = false;  // takes more rows than are new
};

// Of an op with an operand that has rows. Empty with `why` filled if the op must see the whole
// window. `uneven` tells that it only lacks more new rows: its stride is no divisor of theirs.
std::optional<TimeStep> time_step(const Graph& graph, const Op& op, const RowsOf& rows,
                                  std::string& why, bool& uneven);

}  // namespace motec
