#include "plan/placement.h"

#include <algorithm>

#include "plan/liveness.h"
#include "plan/values.h"
#include "support/diag.h"

namespace motec {
namespace {

// How many results of a kernel use an operand's element once it is in a register.
constexpr int64_t kReuse = 4;

int64_t read_bytes(const Step& step, const Type& type) {
  const int64_t by_macs = step.macs * size_of(type.dtype) / kReuse;
  return std::max(type.bytes(), by_macs);
}

class Counter {
 public:
  explicit Counter(const Program& program)
      : program_(program), values_(program), accesses_(program.buffers.size()) {}

  std::vector<int64_t> run() {
    auto region = program_.regions.begin();
    for (size_t t = 0; t < program_.steps.size(); ++t) {
      while (region != program_.regions.end() && t > region->last) ++region;
      const bool inside = region != program_.regions.end() && t >= region->first;
      count(program_.steps[t], inside ? &*region : nullptr);
    }
    for (const Region& fed : program_.regions)
      if (fed.fed)
        add(fed.counters, counter_bytes(fed) *
                              fed.pipeline.tensors[static_cast<size_t>(fed.pipeline.driver)].rows);
    return std::move(accesses_);
  }

 private:
  void count(const Step& step, const Region* region) {
    for (size_t i = 0; i < step.arguments.size(); ++i) {
      const Operand& operand = step.call.operands[i];
      const Place& place = step.arguments[i].place;
      if (operand.kind == Operand::Kind::Input && step.op.in[operand.index]) {
        const ValueId id = step.op.in[operand.index];
        add(id, place, region, read_bytes(step, program_.graph.type(id)));
      } else if (operand.kind == Operand::Kind::Output) {
        const ValueId id = step.op.out[operand.index];
        add(id, place, region, program_.graph.type(id).bytes());
      } else if (operand.kind == Operand::Kind::Scratch) {
        add(place, step.call.scratch_bytes + step.macs * size_of(step.call.scratch_dtype) / kReuse);
      }
    }
  }

  // Rows of a region stand in rings, and the newest perhaps in a place of its own.
  void add(ValueId id, const Place& place, const Region* region, int64_t bytes) {
    if (region) {
      for (const RowTensor& tensor : region->tensors) {
        if (tensor.root != values_.root(id)) continue;
        add(tensor.place, bytes);
        add(tensor.stage, bytes);
        return;
      }
    }
    add(place, bytes);
  }
  void add(const Place& place, int64_t bytes) {
    if (place.kind == Place::Kind::Arena) accesses_[place.buffer] += bytes;
  }

  const Program& program_;
  Values values_;
  std::vector<int64_t> accesses_;
};

std::optional<Division> divide(const Program& program, const std::vector<MemoryLimit>& memories,
                               const DivisionOptions& options) {
  std::vector<ArenaBuffer> requests;
  for (const Buffer& buffer : program.buffers)
    requests.push_back({.bytes = buffer.bytes, .first = buffer.first, .last = buffer.last});
  std::vector<int64_t> capacities;
  for (const MemoryLimit& memory : memories) capacities.push_back(memory.bytes);
  return divide_buffers(requests, program.overlaps, accessed_bytes(program), capacities, options);
}

// The least size of the last memory, in whole KiB where that is more than a few, that was found to
// be enough. All that one arena takes is enough in any case.
int64_t enough_in_last(const Program& program, std::vector<MemoryLimit> memories) {
  const int64_t unit = program.arena_bytes >= 16 * 1024 ? 1024 : kArenaAlignment;
  int64_t too_small = memories.back().bytes / unit;
  int64_t enough = std::max((program.arena_bytes + unit - 1) / unit, too_small + 1);
  while (enough - too_small > 1) {
    const int64_t middle = (too_small + enough) / 2;
    memories.back().bytes = middle * unit;
    (divide(program, memories, kQuickDivision) ? enough : too_small) = middle;
  }
  return enough * unit;
}

std::string size_text(int64_t bytes) {
  return bytes % 1024 == 0 ? fmt::format("{}K", bytes / 1024) : fmt::format("{}", bytes);
}

}  // namespace

std::vector<int64_t> accessed_bytes(const Program& program) { return Counter(program).run(); }

int64_t total_bytes(const std::vector<MemoryLimit>& memories) {
  int64_t bytes = 0;
  for (const MemoryLimit& memory : memories) bytes += memory.bytes;
  return bytes;
}

void fail_to_fit(const Program& program, const std::vector<MemoryLimit>& memories) {
  std::string names;
  for (const MemoryLimit& memory : memories)
    names += fmt::format("{}{} ({} bytes)", names.empty() ? "" : ", ", memory.name, memory.bytes);
  Diag diag{.code = "E4105",
            .message = fmt::format("the buffers do not fit into {}", names),
            .why = {fmt::format("one memory for all would need {} bytes", program.arena_bytes)}};
  const auto largest =
      std::max_element(program.buffers.begin(), program.buffers.end(),
                       [](const Buffer& a, const Buffer& b) { return a.bytes < b.bytes; });
  if (largest != program.buffers.end())
    diag.why.push_back(fmt::format("the largest buffer, which cannot be divided, is '{}': {} bytes",
                                   largest->name, largest->bytes));
  if (const int32_t peak = peak_step(program); peak >= 0)
    diag.why.push_back(fmt::format("most is alive in {}: {} bytes",
                                   describe(program.steps[static_cast<size_t>(peak)].op.origin),
                                   live_bytes(program, peak)));
  diag.hint = fmt::format("{}={} would be enough", memories.back().name,
                          size_text(enough_in_last(program, memories)));
  fail(std::move(diag));
}

std::optional<int64_t> place_in_memories(Program& program, const std::vector<MemoryLimit>& memories,
                                         const DivisionOptions& options) {
  const std::optional<Division> division = divide(program, memories, options);
  if (!division) return {};
  program.memories.clear();
  program.arena_bytes = program.arena_lower_bound = 0;
  program.arena_optimal = division->optimal;
  for (size_t m = 0; m < memories.size(); ++m) {
    const ArenaPlan& plan = division->plans[m];
    program.memories.push_back({.name = memories[m].name,
                                .limit_bytes = memories[m].bytes,
                                .bytes = plan.bytes,
                                .lower_bound = plan.lower_bound,
                                .optimal = plan.optimal});
    program.arena_bytes += plan.bytes;
    program.arena_lower_bound += plan.lower_bound;
    program.arena_optimal &= plan.optimal;
    size_t next = 0;
    for (size_t i = 0; i < program.buffers.size(); ++i) {
      if (division->memory[i] != m) continue;
      program.buffers[i].memory = m;
      program.buffers[i].offset = plan.offsets[next++];
    }
  }
  return division->slow_accesses;
}

}  // namespace motec
