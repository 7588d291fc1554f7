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

Selection select_kernel(const Site& site, const Target& target) {
  Selection selection;
  double best = 0;
  for (const Kernel* kernel : kernels_of(*site.op.def)) {
    Choice choice{kernel, {}, 0};
    if (!target.has(kernel->needs)) {
      choice.refused = fmt::format("{} lacks what it needs", target.name);
    } else {
      choice.refused = kernel->refuses(site);
    }
    if (choice.refused.empty()) {
      choice.cost = kernel->cost(site, *kernel);
      if (!selection.kernel || choice.cost < best) selection.kernel = kernel, best = choice.cost;
    }
    selection.candidates.push_back(std::move(choice));
  }
  if (!selection.kernel) {
    std::string types;
    for (size_t i = 0; i < site.op.in.size(); ++i)
      if (site.has_in(i)) types += (types.empty() ? "" : ", ") + to_string(site.in(i));
    Diag diag{.code = "E4001",
              .message = fmt::format("no kernel computes {} of {}", site.op.def->name, types),
              .where = describe(site.op.origin)};
    for (const Choice& choice : selection.candidates)
      diag.why.push_back(fmt::format("{}: {}", choice.kernel->name, choice.refused));
    diag.hint = "cast the operands to float32, or replace the operator in the model";
    fail(std::move(diag));
  }
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
