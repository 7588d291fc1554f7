#include "plan/liveness.h"

#include <algorithm>
#include <map>

#include "support/diag.h"
#include "support/identifier.h"

namespace motec {
namespace {

class Assigner {
 public:
  explicit Assigner(Program& program)
      : program_(program),
        graph_(program.graph),
        root_(graph_.values.size()),
        last_(graph_.values.size(), -1),
        place_(graph_.values.size()) {}

  void run() {
    resolve_views();
    find_last_uses();
    place_states();
    for (const Port& port : graph_.inputs) make_buffer(port.value, 0);
    for (size_t t = 0; t < program_.steps.size(); ++t) place_step(static_cast<int32_t>(t));
    place_unstepped_outputs();
    make_slots();
  }

 private:
  size_t root(ValueId id) const { return root_[static_cast<size_t>(id.index)]; }
  Place& place(ValueId id) { return place_[root(id)]; }

  void resolve_views() {
    for (size_t i = 0; i < root_.size(); ++i) root_[i] = i;
    for (const Op& op : graph_.ops)
      if (op.def->is_view) root_[static_cast<size_t>(op.out[0].index)] = root(op.in[0]);
  }

  void find_last_uses() {
    for (size_t t = 0; t < program_.steps.size(); ++t)
      for (const ValueId id : program_.steps[t].op.in)
        if (id) last_[root(id)] = static_cast<int32_t>(t);
    for (const Port& port : graph_.outputs)
      last_[root(port.value)] = static_cast<int32_t>(program_.steps.size());
  }

  // State inputs live in the caller's state memory; their outputs are copied there by the last
  // steps.
  void place_states() {
    for (const StatePair& pair : graph_.states) {
      const Port& in = graph_.inputs[static_cast<size_t>(pair.input)];
      const int64_t bytes = graph_.type(in.value).bytes();
      place(in.value) = {Place::Kind::State, 0, program_.state_bytes};
      place(graph_.outputs[static_cast<size_t>(pair.output)].value) = place(in.value);
      program_.state_bytes += (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
    }
  }

  void make_buffer(ValueId id, int32_t first) {
    Place& to = place(id);
    if (to.kind != Place::Kind::None) return;
    const Value& value = graph_[id];
    to = {Place::Kind::Arena, program_.buffers.size()};
    program_.buffers.push_back({.name = value.name,
                                .bytes = value.type.bytes(),
                                .first = first,
                                .last = std::max(first, last_[root(id)])});
  }

  // The operand whose buffer result 0 of the step can have.
  bool take_over(const Step& step, int32_t t) {
    const Kernel& kernel = *step.selection.kernel;
    const ValueId out = step.op.out[0];
    if (!kernel.in_place || place(out).kind != Place::Kind::None) return false;
    const uint32_t allowed = kernel.in_place(Site{graph_, step.op});
    for (size_t i = 0; i < step.op.in.size(); ++i) {
      const ValueId in = step.op.in[i];
      if (!(allowed >> i & 1) || !in || place(in).kind != Place::Kind::Arena) continue;
      Buffer& buffer = program_.buffers[place(in).buffer];
      if (buffer.last != t || buffer.bytes != graph_.type(out).bytes()) continue;
      buffer.last = std::max(t, last_[root(out)]);
      place(out) = place(in);
      return true;
    }
    return false;
  }

  void place_step(int32_t t) {
    Step& step = program_.steps[static_cast<size_t>(t)];
    if (!take_over(step, t)) make_buffer(step.op.out[0], t);
    for (size_t i = 1; i < step.op.out.size(); ++i) make_buffer(step.op.out[i], t);
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
          argument = {{Place::Kind::Arena, program_.buffers.size()}, step.call.scratch_dtype, true};
          program_.buffers.push_back({.name = step.name + "_scratch",
                                      .bytes = step.call.scratch_bytes,
                                      .first = t,
                                      .last = t});
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
      make_buffer(port.value, static_cast<int32_t>(program_.steps.size()));
  }

  void make_slots() {
    // Slots are members of the emitted class, too.
    UniqueNames input_names, output_names;
    for (UniqueNames* names : {&input_names, &output_names})
      for (const std::string& member :
           {std::string("invoke"), std::string("reset"), camel(program_.name)})
        names->make(member);
    add_slots(graph_.inputs, input_names, program_.inputs);
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
  std::vector<size_t> root_;
  std::vector<int32_t> last_;
  std::vector<Place> place_;  // by root value
};

}  // namespace

void assign_buffers(Program& program) { Assigner(program).run(); }

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
