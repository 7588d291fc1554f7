// What a step, or a region of steps that stream, needs in the arena while it runs, and which of it
// may overlap.
#pragma once
#include "plan/arena.h"
#include "plan/streaming.h"

namespace motec {

struct MemoryItem {
  // Tensor: stands whole, and may be alive before and after. The others live only here.
  enum class Kind : uint8_t { Tensor, Ring, Stage, Scratch, Counters };
  Kind kind = Kind::Tensor;
  size_t index =
      0;  // Tensor: the root of the value; Ring, Stage: in Region::tensors; Scratch: step
  int64_t bytes = 0;
  std::string name = {};
};

struct StageMemory {
  std::vector<MemoryItem> items;
  std::vector<ArenaOverlap> overlaps;  // of items
};

// `rows` are of single rows.
StageMemory step_memory(const Program& program, const Values& values, const RowCalls& rows,
                        size_t step);
StageMemory region_memory(const Program& program, const Values& values, const RowCalls& rows,
                          const Region& region);

// The operand whose memory result 0 of a whole step takes over: it dies here, has as many bytes,
// and the kernel allows it. -1: none.
int taken_over(const Program& program, const Values& values, size_t step);

}  // namespace motec
