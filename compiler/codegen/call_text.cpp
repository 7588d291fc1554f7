#include "codegen/call_text.h"

#include "codegen/shapes.h"
#include "ir/op_def.h"

namespace motec {

int64_t offset_of(const Program& program, const Place& place) {
  return place.kind == Place::Kind::State ? place.offset : program.buffers[place.buffer].offset;
}

std::string address_of(const Program& program, const Place& place) {
  std::string base = "arena";
  if (place.kind == Place::Kind::State)
    base = "state";
  else if (!program.memories.empty())
    base += "." + program.memories[program.buffers[place.buffer].memory].name;
  return fmt::format("{}, {}", base, offset_of(program, place));
}

std::string argument_text(const Program& program, const Argument& argument) {
  const std::string type =
      fmt::format("{}{}", argument.written ? "" : "const ", c_type_of(argument.dtype));
  switch (argument.place.kind) {
    case Place::Kind::None:
      return "nullptr";
    case Place::Kind::Constant:
      return fmt::format("{}_impl::{}", program.name,
                         program.constants[argument.place.buffer].name);
    case Place::Kind::Arena:
    case Place::Kind::State:
      break;
  }
  return fmt::format("mote::at<{}>({})", type, address_of(program, argument.place));
}

std::string call_text(const Program& program, const Step& step) {
  std::string arguments = shape_argument(program, step);
  for (const Argument& argument : step.arguments)
    arguments += ", " + argument_text(program, argument);
  return fmt::format("{}({})", step.call.function, arguments);
}

std::string step_comment(const Program& program, const Step& step) {
  std::string in, out;
  for (const ValueId id : step.op.in)
    if (id && !program.graph.constant(id))
      in += (in.empty() ? "" : ", ") + to_string(program.graph.type(id));
  for (const ValueId id : step.op.out)
    out += (out.empty() ? "" : ", ") + to_string(program.graph.type(id));
  std::string text = fmt::format("{} ({}): {} -> {}", step.name, step.op.def->name, in, out);
  if (step.macs) text += fmt::format(", {} MACs", step.macs);
  return text;
}

}  // namespace motec
