#include "report/facts.h"

#include <fmt/format.h>

#include <algorithm>

namespace motec {

std::vector<size_t> buffers_of(const Step& step) {
  std::vector<size_t> buffers;
  for (const Argument& argument : step.arguments) {
    if (argument.place.kind != Place::Kind::Arena) continue;
    if (std::find(buffers.begin(), buffers.end(), argument.place.buffer) == buffers.end())
      buffers.push_back(argument.place.buffer);
  }
  return buffers;
}

std::string result_type(const Program& program, const Step& step) {
  std::string text;
  for (const ValueId id : step.op.out)
    text += (text.empty() ? "" : ", ") + to_string(program.graph.type(id));
  return text;
}

int64_t parameters(const Program& program) {
  int64_t elements = 0;
  for (const Constant& constant : program.constants) elements += constant.tensor.elements();
  return elements;
}

std::vector<const Step*> top_steps(const Program& program, size_t n) {
  std::vector<const Step*> steps;
  for (const Step& step : program.steps)
    if (step.macs > 0) steps.push_back(&step);
  std::sort(steps.begin(), steps.end(), [](const Step* a, const Step* b) {
    return a->macs != b->macs ? a->macs > b->macs : a < b;  // by address: by position
  });
  if (steps.size() > n) steps.resize(n);
  return steps;
}

std::string_view name_of(Role role) {
  switch (role) {
    case Role::Tensor:
      return "tensor";
    case Role::Input:
      return "input";
    case Role::Output:
      return "output";
    case Role::Scratch:
      return "scratch";
  }
  return "";
}

std::vector<Role> roles_of(const Program& program) {
  std::vector<Role> roles(program.buffers.size(), Role::Tensor);
  for (const Step& step : program.steps)
    for (size_t i = 0; i < step.arguments.size(); ++i)
      if (step.call.operands[i].kind == Operand::Kind::Scratch &&
          step.arguments[i].place.kind == Place::Kind::Arena)
        roles[step.arguments[i].place.buffer] = Role::Scratch;
  for (const Slot& slot : program.outputs)
    if (slot.place.kind == Place::Kind::Arena) roles[slot.place.buffer] = Role::Output;
  for (const Slot& slot : program.inputs)
    if (slot.place.kind == Place::Kind::Arena) roles[slot.place.buffer] = Role::Input;
  return roles;
}

std::vector<int64_t> used_bytes(const Program& program, size_t memory) {
  std::vector<const Buffer*> ascending;
  for (const Buffer& buffer : program.buffers)
    if (buffer.memory == memory) ascending.push_back(&buffer);
  std::stable_sort(ascending.begin(), ascending.end(),
                   [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; });
  std::vector<int64_t> used(program.steps.size()), end(program.steps.size());
  for (const Buffer* buffer : ascending) {
    const int64_t top = buffer->offset + buffer->bytes;
    for (int32_t step = buffer->first; step <= buffer->last; ++step) {
      if (step < 0 || step >= std::ssize(used)) continue;
      const auto t = static_cast<size_t>(step);
      used[t] += std::max<int64_t>(top - std::max(buffer->offset, end[t]), 0);
      end[t] = std::max(end[t], top);
    }
  }
  return used;
}

std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  return text;
}

std::string grouped(int64_t value) {
  std::string text = fmt::format("{}", value);
  const size_t sign = value < 0;
  for (size_t i = text.size(); i > sign + 3;) text.insert(i -= 3, 1, ' ');
  return text;
}

std::string regions_text(const Program& program, const Candidate& candidate) {
  std::string text;
  for (const Candidate::Part& part : candidate.regions) {
    const std::string rows =
        part.group > 1 ? fmt::format("{} rows at a time", part.group) : std::string("row by row");
    text += fmt::format("{}{} to {} {}{}", text.empty() ? "" : ", ", program.steps[part.first].name,
                        program.steps[part.last].name, rows,
                        part.staged && part.group == 1 ? ", staged" : "");
  }
  return text.empty() ? "layer by layer" : text;
}

}  // namespace motec
