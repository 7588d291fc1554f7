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

std::string grouped(int64_t value) {
  std::string text = fmt::format("{}", value);
  const size_t sign = value < 0;
  for (size_t i = text.size(); i > sign + 3;) text.insert(i -= 3, 1, ' ');
  return text;
}

}  // namespace motec
