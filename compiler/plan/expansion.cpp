#include "plan/expansion.h"

#include <algorithm>

namespace motec {
namespace {

// Cycles saved for each byte, against the cheapest kernel that takes the weights as they are.
double worth(const Selection& selection) {
  const Choice *taken = nullptr, *plain = nullptr;
  for (const Choice& choice : selection.candidates) {
    if (choice.kernel == selection.kernel) taken = &choice;
    if (choice.refused.empty() && choice.kernel->weights == Weights::Plain &&
        (!plain || choice.cost < plain->cost))
      plain = &choice;
  }
  return (plain->cost - taken->cost) /
         static_cast<double>(std::max<int64_t>(taken->flash_bytes - plain->flash_bytes, 1));
}

}  // namespace

std::optional<ValueId> least_worthwhile(const Program& program) {
  std::optional<ValueId> result;
  double least = 0;
  for (const Step& step : program.steps) {
    if (step.selection.kernel->weights != Weights::Expanded) continue;
    const double value = worth(step.selection);
    if (!result || value < least) result = step.op.out[0], least = value;
  }
  return result;
}

}  // namespace motec
