// Places buffers of known size and lifetime at fixed offsets in one arena, as low as possible.
// It knows nothing of graphs or kernels: sizes and steps go in, offsets come out.  The result is a
// function of the input alone (the search is limited by counted work, never by a clock).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace motec {

/// One buffer, alive from step `first` to step `last`, both inclusive.
///
/// Two buffers with a step in common never overlap in the arena, unless an ArenaOverlap allows it;
/// a kernel's inputs and outputs therefore share the kernel's step.  A buffer of 0 bytes takes no
/// room and is put at offset 0.
struct ArenaBuffer {
  int64_t bytes = 0;
  int32_t first = 0;
  int32_t last = 0;
};

/// Lets two buffers that are alive together overlap: `below` may begin as few as `distance` bytes
/// under `above`, instead of its whole size.
///
/// A kernel that reads its input in ascending order and writes its output behind what it has read
/// gives {.below = output, .above = input, .distance = how far the writing must stay behind}; 0
/// means that they may begin at the same offset.  Permission in the other direction is an entry of
/// its own.  A distance of the buffer's size or more says nothing; of several for the same two
/// buffers the largest counts.
struct ArenaOverlap {
  size_t below = 0, above = 0;  // Indices of buffers.
  int64_t distance = 0;         // Rounded up to the alignment by the planner.
};

struct ArenaOptions {
  /// Every offset is a multiple of this.  Any positive number, normally a power of two.
  int64_t alignment = 16;
  /// How long the exact search may go on, in visits of (buffer, step) pairs; about 4 ns each, so
  /// the default is a fraction of a second.  0 leaves the best-fit plan as it is; anything else
  /// still solves up to 12 buffers exactly.
  int64_t work_limit = 80'000'000;
};

struct ArenaPlan {
  /// Byte offset of each buffer, in the order they were given.
  std::vector<int64_t> offsets;
  /// Size of the arena: the highest end of a buffer, each rounded up to the alignment.
  int64_t bytes = 0;
  /// The most bytes alive at one step, each buffer rounded up, less what overlaps can save there.
  /// No arena can be smaller, but the smallest arena may be larger.
  int64_t lower_bound = 0;
  /// True if no arena can be smaller than `bytes`; false if the search ran out of work.
  bool optimal = false;
  /// Nodes of the search tree visited; 0 if best-fit met the lower bound.
  int64_t nodes = 0;
};

/// Finds offsets for all buffers.
///
/// Several best-fit orders are tried first; if none meets the lower bound, a sweep through time and
/// a branch-and-bound search take over.  The latter is exhaustive for small problems (always up to
/// 12 buffers); when the work runs out, the best plan seen is kept.  Above 1000 buffers there is no
/// search.
///
///     std::vector<ArenaBuffer> buffers = {{.bytes = 100, .first = 0, .last = 1},
///                                         {.bytes = 40, .first = 1, .last = 2}};
///     ArenaPlan plan = plan_arena(buffers);  // plan.bytes == 160, plan.optimal
///
/// With overlaps:
///
///     std::vector<ArenaOverlap> overlaps = {{.below = 1, .above = 0, .distance = 16}};
///     plan = plan_arena(buffers, overlaps);  // plan.bytes == 128: 16 under the 112 of buffer 0
///
/// Throws std::invalid_argument if a size or distance is negative, a lifetime ends before it
/// begins, the alignment is not positive, the sizes together do not fit in 62 bits, an overlap
/// names no pair of buffers, or distances of 0 that hold in one direction only run in a circle.
ArenaPlan plan_arena(std::span<const ArenaBuffer> buffers, const ArenaOptions& options = {});
ArenaPlan plan_arena(std::span<const ArenaBuffer> buffers, std::span<const ArenaOverlap> overlaps,
                     const ArenaOptions& options = {});

}  // namespace motec
