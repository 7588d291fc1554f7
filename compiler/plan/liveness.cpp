#include "plan/liveness.h"

#include <algorithm>
#include <map>

#include "support/diag.h"
#include "support/identifier.h"

namespace motec {
namespace {

class Assigner {
 public:
  Assigner(Program& program, const Values& values, const GroupedRowCalls& rows)
      : program_(program),
        graph_(program.graph),
        values_(values),
        rows_(rows),
        place_(graph_.values.size()),
        region_of_(program.steps.size(), nullptr) {
    for (Region& region : program_.regions)
      for (size_t t = region.first; t <= region.last; ++t) region_of_[t] = &region;
  }

  void run() {
    place_states();
    for (const Port& port : graph_.inputs)
      if (!is_fed(port.value)) place_tensor(port.value, 0);
    for (size_t t = 0; t < program_.steps.size(); ++t) {
      Region* region = region_of_[t];
      if (!region) place_step(t);
      if (region && region->first == t) place_region(*region);
      place_arguments(t);
    }
    place_unstepped_outputs();
    make_slots();
  }

 private:
  Place& place(ValueId id) { return place_[values_.root(id)]; }

  bool is_fed(ValueId id) const {
    return std::any_of(program_.regions.begin(), program_.regions.end(), [&](const Region& region) {
      return region.fed && region.driver().root == values_.root(id);
    });
  }

  // State inputs live in the caller's state memory; their outputs are copied there by the last
  // steps.
  void place_states() {
    for (const StatePair& pair : graph_.states) {
      const Port& in = graph_.inputs[static_cast<size_t>(pair.input)];
      const int64_t bytes = graph_.type(in.value).bytes();
      place(in.value) = {Place::Kind::State, 0, program_.state_bytes};
      place(graph_.outputs[static_cast<size_t>(pair.output)].value) = place(in.value);
      program_.state_bytes += aligned(bytes);
    }
  }

  // The last step of the stage that step `t` belongs to: regions begin and end as one.
  int32_t end_of(int32_t t) const {
    if (t < 0 || t >= std::ssize(region_of_)) return t;
    const Region* region = region_of_[static_cast<size_t>(t)];
    return region ? static_cast<int32_t>(region->last) : t;
  }

  Place add_buffer(std::string name, int64_t bytes, int32_t first, int32_t last) {
    program_.buffers.push_back(
        {.name = std::move(name), .bytes = bytes, .first = first, .last = last});
    return {Place::Kind::Arena, program_.buffers.size() - 1};
  }

  size_t place_tensor(ValueId id, int32_t first) {
    Place& to = place(id);
    if (to.kind == Place::Kind::None) {
      const Value& value = graph_.values[values_.root(id)];
      const int32_t last = std::max(end_of(first), end_of(values_.last_use(values_.root(id))));
      to = add_buffer(value.name, value.type.bytes(), first, last);
    }
    return to.buffer;
  }
  size_t place_root(size_t root, int32_t first) {
    return place_tensor({static_cast<int32_t>(root)}, first);
  }

  // Buffers of a stage, and what of them may overlap.
  void place_items(const StageMemory& memory, int32_t first, int32_t last, Region* region) {
    std::vector<size_t> buffers;
    for (const MemoryItem& item : memory.items) {
      using Kind = MemoryItem::Kind;
      if (item.kind == Kind::Tensor) {
        buffers.push_back(place_root(item.index, first));
        continue;
      }
      // Counters tell that the next image may begin, whatever else the program has done.
      const bool counts = item.kind == Kind::Counters;
      const Place at = add_buffer(item.name, item.bytes, counts ? 0 : first,
                                  counts ? static_cast<int32_t>(program_.steps.size()) : last);
      buffers.push_back(at.buffer);
      if (item.kind == Kind::Ring) region->tensors[item.index].place = at;
      if (item.kind == Kind::Stage) region->tensors[item.index].stage = at;
      if (item.kind == Kind::Counters) region->counters = at;
      if (item.kind == Kind::Scratch) scratch_[item.index] = at;
    }
    for (const ArenaOverlap& overlap : memory.overlaps)
      program_.overlaps.push_back({.below = buffers[overlap.below],
                                   .above = buffers[overlap.above],
                                   .distance = overlap.distance});
  }

  void place_step(size_t t) {
    const Step& step = program_.steps[t];
    const auto now = static_cast<int32_t>(t);
    // The result of a step that works in place goes where the operand is, if all that has been
    // there dies with it.
    if (const int i = taken_over(program_, values_, t); i >= 0) {
      const Place from = place(step.op.in[static_cast<size_t>(i)]);
      Buffer& buffer = program_.buffers[from.buffer];
      if (buffer.last == now && buffer.bytes == graph_.type(step.op.out[0]).bytes()) {
        buffer.last = end_of(std::max(now, values_.last_use(values_.root(step.op.out[0]))));
        place(step.op.out[0]) = from;
      }
    }
    for (const ValueId id : step.op.out) place_tensor(id, now);
    place_items(step_memory(program_, values_, rows_.of(1), t), now, now, nullptr);
  }

  void place_region(Region& region) {
    place_items(region_memory(program_, values_, rows_.of(region.group), region),
                static_cast<int32_t>(region.first), static_cast<int32_t>(region.last), &region);
    for (RowTensor& tensor : region.tensors)
      if (tensor.place.kind == Place::Kind::None) tensor.place = place_[tensor.root];
    for (size_t i = 0; i < region.tensors.size(); ++i) {
      size_t at = i;  // rows that are overwritten stand where they will be overwritten
      while (region.pipeline.tensors[at].alias >= 0)
        at = static_cast<size_t>(region.pipeline.tensors[at].alias);
      if (at == i) continue;
      region.tensors[i].place = region.tensors[at].place;
      region.tensors[i].stage = region.tensors[at].stage;
      region.tensors[i].ring = region.tensors[at].ring;
    }
  }

  void place_arguments(size_t t) {
    Step& step = program_.steps[t];
    for (size_t i = 0; i < step.arguments.size(); ++i) {
      const Operand& operand = step.call.operands[i];
      Argument& argument = step.arguments[i];
      switch (operand.kind) {
        case Operand::Kind::Input:
          if (const ValueId id = step.op.in[operand.index]; id && !graph_.constant(id))
            argument = {place(id), graph_.type(id).dtype, false};
          break;
        case Operand::Kind::Output: {
          const ValueId id = step.op.out[operand.index];
          argument = {place(id), graph_.type(id).dtype, true};
          break;
        }
        case Operand::Kind::Scratch:
          if (const auto scratch = scratch_.find(t); scratch != scratch_.end())
            argument = {scratch->second, step.call.scratch_dtype, true};
          break;
        case Operand::Kind::Weights:
        case Operand::Kind::Null:
          break;
      }
    }
  }

  // Outputs without elements have no step.
  void place_unstepped_outputs() {
    for (const Port& port : graph_.outputs)
      place_tensor(port.value, static_cast<int32_t>(program_.steps.size()));
  }

  void make_slots() {
    // Slots are members of the emitted class, too.
    UniqueNames input_names, output_names;
    for (UniqueNames* names : {&input_names, &output_names})
      for (const std::string& member :
           {std::string("invoke"), std::string("reset"), camel(program_.name)})
        names->make(member);
    add_slots(graph_.inputs, input_names, program_.inputs);
    for (Slot& slot : program_.inputs) {
      if (slot.place.kind != Place::Kind::None) continue;
      const auto region = std::find_if(program_.regions.begin(), program_.regions.end(),
                                       [](const Region& r) { return r.fed; });
      slot.rows = region->pipeline.tensors[static_cast<size_t>(region->pipeline.driver)].rows;
      for (const char* verb : {"begin_", "push_"}) output_names.make(verb + slot.c_name);
    }
    add_slots(graph_.outputs, output_names, program_.outputs);
  }

  void add_slots(const std::vector<Port>& ports, UniqueNames& names, std::vector<Slot>& slots) {
    for (const Port& port : ports) {
      if (place(port.value).kind == Place::Kind::State) continue;
      Type type = graph_.type(port.value);
      type.quant = port.quant;
      slots.push_back({port.name, names.make(port.name), type, place(port.value)});
    }
  }

  Program& program_;
  const Graph& graph_;
  const Values& values_;
  const GroupedRowCalls& rows_;
  std::vector<Place> place_;         // by root value
  std::vector<Region*> region_of_;   // by step
  std::map<size_t, Place> scratch_;  // by step
};

}  // namespace

void assign_buffers(Program& program, const Values& values, const GroupedRowCalls& rows) {
  Assigner(program, values, rows).run();
}

int64_t live_bytes(const Program& program, int32_t step) {
  int64_t bytes = 0;
  for (const Buffer& buffer : program.buffers)
    if (buffer.first <= step && step <= buffer.last) bytes += buffer.bytes;
  return bytes;
}

int32_t peak_step(const Program& program) {
  int32_t best = -1;
  for (int32_t t = 0; t < std::ssize(program.steps); ++t)
    if (best < 0 || live_bytes(program, t) > live_bytes(program, best)) best = t;
  return best;
}

}  // namespace motec
