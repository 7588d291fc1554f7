// The program: a linear list of kernel calls with every buffer placed. The planner makes it; code
// generation and reports read it; nothing rewrites it.
#pragma once
#include <string>
#include <vector>

#include "ir/graph.h"
#include "kernels/kernel.h"
#include "plan/arena.h"
#include "plan/pipeline.h"
#include "target/target.h"

namespace motec {

// Where a tensor's bytes are.
struct Place {
  enum class Kind : uint8_t { None, Arena, State, Constant };
  Kind kind = Kind::None;
  size_t buffer = 0;   // Arena: index into Program::buffers; Constant: into Program::constants
  int64_t offset = 0;  // State: byte offset
};

// A part of the arena that the user put into a memory of its own, such as a tightly coupled one.
struct Memory {
  std::string name;         // a C identifier
  int64_t limit_bytes = 0;  // what there is
  int64_t bytes = 0;        // what is used
  int64_t lower_bound = 0;  // of what the buffers that went there need
  bool optimal = false;     // these buffers fit into no less
};

// A stretch of the arena. Values that take over one another's memory share one buffer.
struct Buffer {
  std::string name;  // of the value that was first in it
  int64_t bytes = 0;
  int32_t first = 0, last = 0;  // steps between which it is live, inclusive
  int64_t offset = 0;
  size_t memory = 0;  // index of memories_of(program), in which the offset counts
};

// An array of NAME_weights.cpp.
struct Constant {
  std::string name;  // a C identifier
  Tensor tensor;
};

struct Argument {
  Place place;
  DType dtype = DType::F32;
  bool written = false;
};

struct Step {
  Op op;
  Selection selection;
  Call call;                        // its weights have been moved to Program::constants
  std::vector<Argument> arguments;  // one per call.operands
  std::string name;                 // a C identifier, unique in the program
  int64_t macs = 0;
  int64_t weights_bytes = 0;
  std::optional<RowCall> rows = {};        // of a step in a region: `call` makes a row
  std::optional<int64_t> est_cycles = {};  // where the target has fitted costs for the kernel
  bool shares_body = false;  // one body of the kernel serves others, too, see shared_bodies.h
};

// A tensor whose rows flow through a region. Row r of a ring of n rows stands at r % n.
struct RowTensor {
  size_t root = 0;   // index of its value
  std::string name;  // a C identifier, unique in the program
  DType dtype = DType::F32;
  int64_t row_elements = 0;
  int64_t ring = 0;  // rows that stand in memory
  Place place = {};  // of the ring, or of the whole tensor
  Place stage = {};  // of the newest row, if that has a place of its own
};

// Steps that run together, row by row. Pipeline, run and tensors have the same indices; node i is
// step first + i.
struct Region {
  size_t first = 0, last = 0;
  int64_t group = 1;  // rows that steps make at a time
  bool fed = false;   // the caller hands over the rows of the driver
  Pipeline pipeline;
  PipelineRun run;
  std::vector<RowTensor> tensors;
  Place counters = {};  // of a fed region, which is left and entered again
  // Whether the newest row of the driver stays where the caller has it: others are collected until
  // there are as many as the first step takes at a time.
  bool takes_rows_in_place() const { return fed && pipeline.burst == 1; }
  const RowTensor& driver() const { return tensors[static_cast<size_t>(pipeline.driver)]; }
};

// Two counters for each tensor of a fed region, and a pointer of at most 8 bytes.
int64_t counter_bytes(const Region& region);

// A way to cut the program into regions that was placed, to compare it with others.
struct Candidate {
  struct Part {
    size_t first, last;  // steps
    int64_t group;       // rows at a time
    bool staged;         // newest rows have places of their own
  };
  std::vector<Part> regions;  // all other steps run whole
  int64_t arena_bytes = 0;
  std::optional<int64_t> est_cycles = {};
  std::string refused = {};  // why it was not taken; empty: it was
};

// No rows flow into this step from the one before.
struct RowStop {
  size_t step = 0;
  std::string why;
};

// A graph input or output as the emitted header shows it.
struct Slot {
  std::string name, c_name;
  Type type;
  Place place;       // of a fed input: none
  int64_t rows = 0;  // of a fed input, which the caller hands over one by one
};

struct Program {
  std::string name;
  const Target* target = nullptr;
  Graph graph;  // after all passes; for types and names
  std::vector<Step> steps;
  std::vector<Region> regions;  // ascending
  std::vector<Buffer> buffers;
  std::vector<ArenaOverlap> overlaps;  // of buffers
  std::vector<Constant> constants;
  std::vector<Slot> inputs, outputs;  // without those that live in the state
  std::vector<Memory> memories;       // empty: the arena is one
  int64_t arena_bytes = 0, arena_lower_bound = 0, state_bytes = 0;
  bool arena_optimal = false;
  std::vector<Candidate> candidates;  // for the report
  std::vector<RowStop> row_stops;     // ascending; for the report
  int64_t weights_bytes() const;
  int64_t macs() const;
  // Of all layers with multiply-adds; empty if one of them has no estimate.
  std::optional<int64_t> est_cycles() const;
};

// The memories that the arena consists of: the user's, or one of the name "arena".
std::vector<Memory> memories_of(const Program& program);

// Every tensor and the arena itself start at multiples of this: a NEON or MVE register.
constexpr int64_t kArenaAlignment = 16;
constexpr int64_t aligned(int64_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

}  // namespace motec
