#include "support/pass_case.h"

#include <fmt/format.h>

#include "ir/print.h"
#include "ir/verify.h"
#include "passes/compare.h"
#include "support/diag.h"
#include "support/golden.h"

namespace motec::test {

std::string problem_of(const PassCase& c) {
  GraphBuilder b;
  c.build(b);
  const Graph before = b.graph();
  Graph after = before;
  PassCtx ctx{1000};
  try {
    verify(before, "building");
    const bool changed = c.pass(after, ctx);
    verify(after, c.name);
    expect_same_results(before, after, c.name);
    const std::string text = print(after);
    if (!changed && text != print(before)) return "the pass denies that it changed the graph";
    if (c.pass(after, ctx) || print(after) != text)
      return fmt::format("a second run goes on from\n{}to\n{}", text, print(after));
  } catch (const InternalError& error) {
    return error.what();
  }
  return compare_with_golden(fmt::format("before {}after {}", print(before), print(after)),
                             fmt::format("passes/expected/{}.txt", c.name));
}

}  // namespace motec::test
