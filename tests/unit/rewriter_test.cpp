// ir/rewriter: what rules see, fixpoints, budgets, dead code.
#include <catch2/catch.hpp>

#include "ir/op_def.h"
#include "ir/rewriter.h"
#include "ir/verify.h"
#include "support/diag.h"
#include "support/graph_builder.h"

namespace motec {
namespace {

using test::GraphBuilder;

constexpr int64_t kUnlimited = 1000000;

bool is_unary(const Op& op, UnaryFn fn) {
  return op.def == &ops::unary && op.as<UnaryAttrs>().fn == fn;
}

// Neg(Neg(x)) -> x
bool drop_double_negation(Rewriter& r, const Op& op) {
  if (!is_unary(op, UnaryFn::Neg)) return false;
  const Op* inner = r.producer(op.in[0]);
  if (!inner || !is_unary(*inner, UnaryFn::Neg)) return false;
  r.replace(op.out[0], inner->in[0]);
  return true;
}

// Exp(x) -> Abs(Abs(x))
bool split_exp(Rewriter& r, const Op& op) {
  if (!is_unary(op, UnaryFn::Exp)) return false;
  const ValueId once = r.emit(ops::unary, UnaryAttrs{UnaryFn::Abs, 0, 0}, op.in, op.origin);
  r.replace(op.out[0], r.emit(ops::unary, UnaryAttrs{UnaryFn::Abs, 0, 0}, {once}, op.origin));
  return true;
}

// Abs(x) that nothing else uses -> Sin(x)
bool only_if_sole(Rewriter& r, const Op& op) {
  if (!is_unary(op, UnaryFn::Cos)) return false;
  const Op* inner = r.sole_producer(op.in[0], ops::unary);
  if (!inner || !is_unary(*inner, UnaryFn::Abs)) return false;
  const ValueId x = inner->in[0];
  r.replace(op.out[0], r.emit(ops::unary, UnaryAttrs{UnaryFn::Sin, 0, 0}, {x}, op.origin));
  return true;
}

bool never_settles(Rewriter& r, const Op& op) {
  if (op.def != &ops::unary) return false;
  r.replace(op.out[0], r.emit(ops::unary, op.attrs, op.in, op.origin));
  return true;
}

bool apply(Graph& graph, Rule rule, int64_t budget = kUnlimited) {
  const bool changed = rewrite(graph, {&rule, 1}, budget);
  verify(graph, "the test's rule");
  return changed;
}

ValueId chain(GraphBuilder& b, UnaryFn fn, int count) {
  ValueId id = b.input("x", {4});
  for (int i = 0; i < count; ++i) id = b.unary(fn, id);
  return id;
}

TEST_CASE("rules are applied until none matches") {
  const int count = GENERATE(0, 1, 2, 3, 8, 9);
  GraphBuilder b;
  b.output("y", chain(b, UnaryFn::Neg, count));
  CHECK(apply(b.graph(), drop_double_negation) == (count > 1));
  CHECK(b.graph().ops.size() == static_cast<size_t>(count % 2));
  if (count % 2 == 0) CHECK(b.graph().outputs[0].value == b.graph().inputs[0].value);
}

TEST_CASE("new ops stand before the users of what they replace") {
  GraphBuilder b;
  const ValueId e = b.unary(UnaryFn::Exp, b.input("x", {4}));
  b.output("a", b.unary(UnaryFn::Sqrt, e)).output("b", b.binary(BinaryFn::Add, e, e));
  CHECK(apply(b.graph(), split_exp));
  CHECK(b.graph().ops.size() == 4);
  CHECK(is_unary(b.graph().ops[0], UnaryFn::Abs));
  CHECK(is_unary(b.graph().ops[1], UnaryFn::Abs));
}

TEST_CASE("the budget stops rewriting after so many matches") {
  const int64_t budget = GENERATE(0, 1, 2, 3);
  GraphBuilder b;
  b.output("y", chain(b, UnaryFn::Exp, 3));
  int64_t left = budget;
  constexpr Rule kRule = split_exp;
  rewrite(b.graph(), {&kRule, 1}, left);
  verify(b.graph(), "the test's rule");
  CHECK(left == 0);
  CHECK(b.graph().ops.size() == static_cast<size_t>(3 + budget));
}

TEST_CASE("a result that is used twice, or is an output, has no sole user") {
  GraphBuilder b;
  const ValueId a = b.unary(UnaryFn::Abs, b.input("x", {4}));
  b.output("y", b.unary(UnaryFn::Cos, a));
  SECTION("one user") { CHECK(apply(b.graph(), only_if_sole)); }
  SECTION("two users") {
    b.output("z", b.unary(UnaryFn::Neg, a));
    CHECK_FALSE(apply(b.graph(), only_if_sole));
  }
  SECTION("an output") {
    b.output("z", a);
    CHECK_FALSE(apply(b.graph(), only_if_sole));
  }
}

TEST_CASE("rules that do not settle are found out") {
  GraphBuilder b;
  b.output("y", chain(b, UnaryFn::Neg, 1));
  CHECK_THROWS_WITH(apply(b.graph(), never_settles), Catch::Contains("do not settle"));
}

TEST_CASE("ops that nothing reads are dropped") {
  GraphBuilder b;
  const ValueId x = b.input("x", {4});
  const ValueId used = b.unary(UnaryFn::Abs, x);
  b.unary(UnaryFn::Exp, b.unary(UnaryFn::Neg, used));
  b.output("y", used);
  CHECK(drop_dead_ops(b.graph()));
  CHECK(b.graph().ops.size() == 1);
  CHECK_FALSE(drop_dead_ops(b.graph()));
}

}  // namespace
}  // namespace motec
