// Divides buffers among several memories, so that what is read and written most is in the fastest.
// It knows nothing of graphs or kernels: sizes, steps and accesses go in, memories and offsets out.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/arena.h"

namespace motec {

struct Division {
  std::vector<size_t> memory;    // of each buffer
  std::vector<ArenaPlan> plans;  // of each memory; offsets of its buffers, in their order
  int64_t slow_accesses = 0;     // accesses times the position of the memory, summed up
  bool optimal = false;          // no division has fewer, as far as arenas were planned exactly
};

struct DivisionOptions {
  ArenaOptions arena = {};  // of the arenas in the end
  // How many pairs of buffers may be compared while dividing, and again while improving: 1700
  // trials with 24 buffers, which take a tenth of a second. Each buffer gets a few trials anyway.
  int64_t work_limit = 1'000'000;
};

/// Divides buffers among memories of so many bytes, the fastest first; empty if no division was
/// found in which every memory holds its buffers.
///
/// `accesses[i]` is how many bytes of buffer i are read and written in all. The search is
/// exhaustive for about 15 buffers; beyond, the best division seen within the work limit is
/// improved by moves and exchanges. What fits into one of the memories as a whole is always
/// divided.
///
///     divide_buffers(buffers, {}, accesses, std::vector<int64_t>{65536, 262144});
std::optional<Division> divide_buffers(std::span<const ArenaBuffer> buffers,
                                       std::span<const ArenaOverlap> overlaps,
                                       std::span<const int64_t> accesses,
                                       std::span<const int64_t> capacities,
                                       const DivisionOptions& options = {});

}  // namespace motec
