#include "plan/expansion.h"

#include <algorithm>

#include "plan/liveness.h"

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

std::vector<ValueId> expanded_by_memory(const Program& program) {
  std::vector<int32_t> steps;
  for (int32_t t = 0; t < std::ssize(program.steps); ++t)
    if (program.steps[static_cast<size_t>(t)].selection.kernel->weights == Weights::Expanded)
      steps.push_back(t);
  std::stable_sort(steps.begin(), steps.end(), [&](int32_t a, int32_t b) {
    return live_bytes(program, a) > live_bytes(program, b);
  });
  std::vector<ValueId> results;
  for (const int32_t t : steps) results.push_back(program.steps[static_cast<size_t>(t)].op.out[0]);
  return results;
}

}  // namespace motec
