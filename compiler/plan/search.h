// Which parts of a program stream, and which run layer by layer.
//
// A program is cut into stages: single steps that run whole, and regions whose rows stream. Each
// stage has a cost and a number of bytes that it needs in the arena while it runs. Where no stage
// may need more than a limit, dynamic programming over the cuts finds the fastest sequence; the
// limit is the smallest for which that is fast enough.
#pragma once
#include "plan/memory.h"

namespace motec {

// Longer regions are not tried: what a region gains is in its first few layers.
constexpr size_t kLongestRegion = 48;

struct SearchOptions {
  // How much slower than the fastest sequence of stages the plan may be: 0.1 is a tenth.
  double slowdown = 0;
  std::optional<int64_t> arena_limit = {};  // rather slower than more than this
  std::optional<size_t> fed_input = {};     // root of the input whose rows the caller hands over
};

struct Cuts {
  std::vector<Region> regions;  // ascending; steps outside run whole
  int64_t bytes = 0;            // the most that a stage needs
  double cost = 0;
  double slowdown = 0;    // against the fastest: 0.1 is a tenth
  bool too_slow = false;  // for the options; others come first
};

struct SearchResult {
  std::vector<Cuts> cuts;          // those worth placing; never empty
  std::vector<RowStop> row_stops;  // ascending
};

// Without a limit, those that are too slow are a few of the next smaller ones, to be reported.
SearchResult search_cuts(const Program& program, const Values& values, const GroupedRowCalls& rows,
                         const SearchOptions& options);

}  // namespace motec
