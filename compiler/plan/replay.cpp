#include "plan/replay.h"

#include <optional>

#include "plan/memory.h"
#include "plan/replay_memory.h"

namespace motec {
namespace {

void write_inputs(Replay& r) {
  auto slot = r.program.inputs.begin();
  for (const Port& port : r.program.graph.inputs) {
    const size_t root = r.values.root(port.value);
    const int64_t bytes = r.program.graph.type(port.value).bytes();
    if (!r.values.in_state(root)) {
      if (slot->place.kind == Place::Kind::Arena)
        r.memory.write({slot->place, 0, bytes, r.tags.value(root)}, port.name, "the caller");
      ++slot;
    }
  }
  // What the last call has left there.
  int64_t offset = 0;
  for (const StatePair& pair : r.program.graph.states) {
    const ValueId id = r.program.graph.inputs[static_cast<size_t>(pair.input)].value;
    const int64_t bytes = r.program.graph.type(id).bytes();
    r.memory.write({{Place::Kind::State, 0, offset}, 0, bytes, r.tags.value(r.values.root(id))},
                   "a state", "the last call");
    offset += aligned(bytes);
  }
}

// Of a fed region: how many rows have come.
std::optional<Stretch> counters_of(const Replay& r) {
  for (const Region& region : r.program.regions)
    if (region.fed) return Stretch{region.counters, 0, counter_bytes(region), r.tags.counters()};
  return {};
}

void read_outputs(Replay& r) {
  auto slot = r.program.outputs.begin();
  for (const Port& port : r.program.graph.outputs) {
    const size_t root = r.values.root(port.value);
    if (r.values.in_state(root)) continue;
    const int64_t bytes = r.program.graph.type(port.value).bytes();
    if (bytes > 0)
      r.memory.read({slot->place, 0, bytes, r.tags.value(root)}, port.name, "the caller");
    ++slot;
  }
}

}  // namespace

void check_plan(const Program& program) {
  Replay r{program, Values(program), Tags(program), ShadowMemory(program)};
  write_inputs(r);
  const std::optional<Stretch> counters = counters_of(r);
  if (counters) r.memory.write(*counters, "the counters", "the caller");
  auto region = program.regions.begin();
  for (size_t t = 0; t < program.steps.size(); ++t) {
    if (region != program.regions.end() && region->first == t) {
      replay_region(r, *region);
      t = region->last;
      ++region;
    } else {
      replay_step(r, t);
    }
  }
  read_outputs(r);
  if (counters) r.memory.read(*counters, "the counters", "the next image");
}

}  // namespace motec
