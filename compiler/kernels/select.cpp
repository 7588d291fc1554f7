#include <cmath>

#include "kernels/shape_members.h"
#include "support/diag.h"

namespace motec {

std::vector<const Kernel*> kernels_of(const OpDef& op) {
  std::vector<const Kernel*> rows;
  for (const std::span<const Kernel> table : kernel_tables())
    for (const Kernel& row : table)
      if (row.op == &op) rows.push_back(&row);
  return rows;
}

namespace {

int64_t flash_of(const Call& call) {
  int64_t bytes = 0;
  for (const Operand& operand : call.operands)
    if (operand.kind == Operand::Kind::Weights) bytes += operand.weights.type().bytes();
  return bytes;
}

[[noreturn]] void fail_unserved(const Site& site, const std::vector<Choice>& candidates) {
  std::string types;
  for (size_t i = 0; i < site.op.in.size(); ++i)
    if (site.has_in(i)) types += (types.empty() ? "" : ", ") + to_string(site.in(i));
  Diag diag{.code = "E4001",
            .message = fmt::format("no kernel computes {} of {}", site.op.def->name, types),
            .where = describe(site.op.origin)};
  for (const Choice& choice : candidates)
    diag.why.push_back(fmt::format("{}: {}", choice.kernel->name, choice.refused));
  diag.hint = "cast the operands to float32, or replace the operator in the model";
  fail(std::move(diag));
}

// The least of a member among the candidates that are still open.
template <class T>
T least(const std::vector<Choice>& candidates, T Choice::*member) {
  T value{};
  bool first = true;
  for (const Choice& choice : candidates) {
    if (!choice.refused.empty()) continue;
    if (first || choice.*member < value) value = choice.*member;
    first = false;
  }
  return value;
}

// Closes the candidates for which `too_much` holds, with that reason.
template <class TooMuch>
void close(std::vector<Choice>& candidates, TooMuch too_much) {
  for (Choice& choice : candidates)
    if (choice.refused.empty()) choice.refused = too_much(choice);
}

// Closes the candidates that expand weights, where that is not wanted.
void keep_weights(std::vector<Choice>& candidates, Goal goal, Weights weights) {
  if (goal == Goal::Speed && weights == Weights::Expanded) return;
  const std::string_view reason = goal == Goal::Speed
                                      ? "which the limits or the rows of the input do not allow"
                                      : "which only --optimize speed takes";
  close(candidates, [&](const Choice& choice) {
    return choice.kernel->weights == Weights::Plain
               ? std::string()
               : fmt::format("needs {} bytes of flash for expanded weights, {}", choice.flash_bytes,
                             reason);
  });
}

void apply_goal(std::vector<Choice>& candidates, Goal goal) {
  if (goal == Goal::Speed) return;
  const double fastest = least(candidates, &Choice::cost);
  const double slowest = goal == Goal::Flash ? 4 : 2;
  close(candidates, [&](const Choice& choice) {
    return choice.cost <= slowest * fastest
               ? std::string()
               : fmt::format("needs more than {} times the cycles of the fastest", slowest);
  });
  const int64_t flash = least(candidates, &Choice::flash_bytes);
  const int64_t most = goal == Goal::Flash ? flash + flash / 8 + 256 : flash + flash / 4;
  close(candidates, [&](const Choice& choice) {
    return choice.flash_bytes <= most
               ? std::string()
               : fmt::format("needs {} bytes of flash where {} suffice", choice.flash_bytes, flash);
  });
  if (goal != Goal::Ram && goal != Goal::LeastRam) return;
  const double balanced = least(candidates, &Choice::cost);
  close(candidates, [&](const Choice& choice) {
    return choice.cost <= 1.1 * balanced ? "" : "is more than a tenth slower than the fastest";
  });
  const int64_t scratch = least(candidates, &Choice::scratch_bytes);
  close(candidates, [&](const Choice& choice) {
    return choice.scratch_bytes <= scratch
               ? std::string()
               : fmt::format("needs {} bytes of scratch where {} suffice", choice.scratch_bytes,
                             scratch);
  });
}

}  // namespace

Selection select_kernel(const Site& site, const Target& target, Goal goal, Weights weights) {
  Selection selection;
  std::vector<Call> calls;
  bool served = false;
  for (const Kernel* kernel : kernels_of(*site.op.def)) {
    Choice choice{.kernel = kernel, .refused = {}};
    choice.refused = target.has(kernel->needs) ? kernel->refuses(site)
                                               : fmt::format("{} lacks what it needs", target.name);
    calls.emplace_back();
    if (choice.refused.empty()) {
      served = true;
      calls.back() = kernel->lower(site, *kernel);
      choice.cost = kernel->cost(site, *kernel);
      choice.flash_bytes = flash_of(calls.back());
      choice.scratch_bytes = calls.back().scratch_bytes;
    }
    selection.candidates.push_back(std::move(choice));
  }
  if (!served) fail_unserved(site, selection.candidates);
  keep_weights(selection.candidates, goal, weights);
  apply_goal(selection.candidates, goal);
  const Choice* best = nullptr;
  for (const Choice& choice : selection.candidates)
    if (choice.refused.empty() && (!best || choice.cost < best->cost)) best = &choice;
  selection.kernel = best->kernel;
  selection.call = std::move(calls[static_cast<size_t>(best - selection.candidates.data())]);
  return selection;
}

std::string literal(int32_t value) {
  // -2147483648 is no int literal in C++.
  return value == INT32_MIN ? "(-2147483647 - 1)" : fmt::format("{}", value);
}

namespace {

template <class T>
std::string real_literal(T value, std::string_view suffix) {
  if (std::isnan(value)) return fmt::format("(({})NAN)", sizeof(T) == 4 ? "float" : "double");
  if (std::isinf(value))
    return fmt::format("({}({})INFINITY)", value < 0 ? "-" : "",
                       sizeof(T) == 4 ? "float" : "double");
  std::string text = fmt::format("{}", value);  // the shortest that reads back as `value`
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return text + std::string(suffix);
}

}  // namespace

std::string literal(float value) { return real_literal(value, "f"); }
std::string literal(double value) { return real_literal(value, ""); }

}  // namespace motec
