// plan/: lifetimes, memory taken over in place, states, constants.
#include "plan/plan.h"

#include <catch2/catch.hpp>

#include "ops/concat.h"
#include "ops/move.h"
#include "ops/reshape.h"
#include "plan/liveness.h"
#include "plan/placement.h"
#include "support/graph_builder.h"

namespace motec {
namespace {

using test::GraphBuilder;

Program plan_of(const Graph& graph) {
  return plan(graph, find_target("generic"), {.name = "test"});
}

const Slot& slot(const std::vector<Slot>& slots, const std::string& name) {
  for (const Slot& s : slots)
    if (s.name == name) return s;
  FAIL("no slot " << name);
  throw;
}

TEST_CASE("elementwise chains run in one buffer") {
  GraphBuilder b;
  const ValueId x = b.input("x", {10});
  b.output("y",
           b.unary(UnaryFn::Exp, b.binary(BinaryFn::Add, b.unary(UnaryFn::Relu, x), b.scalar(1))));
  const Program program = plan_of(b.graph());
  CHECK(program.steps.size() == 3);
  REQUIRE(program.buffers.size() == 1);
  CHECK(program.buffers[0].bytes == 40);
  CHECK(program.buffers[0].first == 0);
  CHECK(program.buffers[0].last == 3);  // the caller reads the result after the last step
  CHECK(program.arena_bytes == 48);     // rounded up to the alignment
}

TEST_CASE("an operand that is still needed is not overwritten") {
  GraphBuilder b;
  const ValueId x = b.input("x", {10});
  const ValueId y = b.unary(UnaryFn::Relu, x);
  SECTION("by a later step") { b.output("z", b.binary(BinaryFn::Add, x, y)); }
  SECTION("by the caller") { b.output("z", b.unary(UnaryFn::Exp, y)).output("y", y); }
  const Program program = plan_of(b.graph());
  CHECK(program.buffers.size() == 2);
  CHECK(program.arena_bytes == 96);
}

TEST_CASE("a smaller operand cannot give its memory to the result") {
  GraphBuilder b;
  const ValueId x = b.input("x", {4, 1});
  b.output("y", b.binary(BinaryFn::Add, x, b.random({4, 4})));
  const Program program = plan_of(b.graph());
  CHECK(program.buffers.size() == 2);
}

TEST_CASE("views take no step and no memory") {
  GraphBuilder b;
  const ValueId x = b.input("x", {4, 4});
  const ValueId flat = b.reshape(x, {16});
  SECTION("between ops") { b.output("y", b.unary(UnaryFn::Relu, flat)); }
  SECTION("as output") { b.output("y", flat); }
  SECTION("keeping what they show alive") {
    b.unary(UnaryFn::Exp, x);
    b.output("y", b.reshape(flat, {2, 8}));
  }
  const Program program = plan_of(b.graph());
  const Slot &in = slot(program.inputs, "x"), &out = slot(program.outputs, "y");
  CHECK(in.place.buffer == out.place.buffer);
  for (const Step& step : program.steps) CHECK_FALSE(step.op.def->is_view);
}

TEST_CASE("the bytes of a step are those of everything it needs") {
  GraphBuilder b;
  const ValueId x = b.input("x", {100});
  const ValueId wide = b.op(ops::concat, ConcatAttrs{0}, {x, x, x});
  b.output("y", b.op(ops::slice, SliceAttrs{{0}, {1}, {10}}, {wide}));
  const Program program = plan_of(b.graph());
  REQUIRE(program.steps.size() == 2);
  CHECK(live_bytes(program, 0) == 1600);
  CHECK(live_bytes(program, 1) == 1240);
  CHECK(peak_step(program) == 0);
  CHECK(program.arena_bytes == 1600);
  CHECK(program.arena_lower_bound == 1600);
  CHECK(program.arena_optimal);
}

// x is read by a product with 100 * 64 MACs, and its result by one with 64 * 2.
TEST_CASE("what is accessed most goes to the fast memory") {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 100});
  b.output("y", b.dense(b.dense(x, 64), 2));
  const Target& target = find_target("generic");
  const Program one = plan(b.graph(), target, {.name = "test"});
  CHECK(one.memories.empty());
  CHECK(memories_of(one).size() == 1);
  const std::vector<int64_t> accesses = accessed_bytes(one);
  REQUIRE(one.buffers.size() == 3);
  CHECK(accesses[0] == 100 * 64 * 4 / 4);
  CHECK(accesses[1] == 64 * 4 + 64 * 4);  // written, then read, which is more than 64 * 2 * 4 / 4
  CHECK(accesses[2] == 2 * 4);

  const Program two =
      plan(b.graph(), target, {.name = "test", .memories = {{"fast", 400}, {"slow", 1000}}});
  REQUIRE(two.memories.size() == 2);
  CHECK(two.buffers[0].memory == 0);
  CHECK(two.buffers[1].memory == 1);
  CHECK(two.buffers[2].memory == 0);  // after x is dead
  CHECK(two.memories[0].bytes == 400);
  CHECK(two.memories[0].limit_bytes == 400);
  CHECK(two.memories[1].bytes == 256);
  CHECK(two.arena_bytes == 656);
}

TEST_CASE("states live outside the arena") {
  GraphBuilder b;
  const ValueId x = b.input("x", {4}), h = b.input("h", {4}), c = b.input("c", {6});
  const ValueId next = b.binary(BinaryFn::Add, x, h);
  b.output("y", b.unary(UnaryFn::Tanh, next)).output("h2", next);
  b.output("c2", b.unary(UnaryFn::Neg, c));
  b.graph().states = {{1, 1}, {2, 2}};
  const Program program = plan_of(b.graph());
  CHECK(program.state_bytes == 48);  // 16, and 24 rounded up
  CHECK(program.inputs.size() == 1);
  CHECK(program.outputs.size() == 1);
  // Each state's memory is written once, by a copy, and read by nothing after that.
  for (const int64_t offset : {0, 16}) {
    int written_at = -1, read_at = -1;
    for (size_t t = 0; t < program.steps.size(); ++t) {
      for (const Argument& argument : program.steps[t].arguments) {
        if (argument.place.kind != Place::Kind::State || argument.place.offset != offset) continue;
        (argument.written ? written_at : read_at) = static_cast<int>(t);
      }
    }
    CHECK(read_at >= 0);
    CHECK(written_at > read_at);
  }
}

TEST_CASE("states that swap their values are copied aside first") {
  GraphBuilder b;
  const ValueId p = b.input("p", {4}), q = b.input("q", {4});
  b.output("p2", q).output("q2", p).output("y", b.binary(BinaryFn::Sub, p, q));
  b.graph().states = {{0, 0}, {1, 1}};
  const Program program = plan_of(b.graph());
  int last_read = -1, first_write = -1;
  for (size_t t = 0; t < program.steps.size(); ++t) {
    for (const Argument& argument : program.steps[t].arguments) {
      if (argument.place.kind != Place::Kind::State) continue;
      if (!argument.written) last_read = static_cast<int>(t);
      if (argument.written && first_write < 0) first_write = static_cast<int>(t);
    }
  }
  CHECK(first_write > last_read);
}

TEST_CASE("an output that is a constant, or an input, is there") {
  GraphBuilder b;
  const ValueId x = b.input("x", {4});
  b.output("c", b.random({3})).output("x", x).output("again", x);
  const Program program = plan_of(b.graph());
  CHECK(slot(program.outputs, "c").place.kind == Place::Kind::Arena);
  CHECK(slot(program.outputs, "x").place.buffer == slot(program.inputs, "x").place.buffer);
  CHECK(program.steps.size() == 1);
}

TEST_CASE("equal constants are stored once") {
  GraphBuilder b;
  const ValueId x = b.input("x", {4, 8});
  const Tensor w = *b.graph().constant(b.random({8, 8}));
  const ValueId first = b.op(ops::concat, ConcatAttrs{0}, {x, b.constant(w)});
  b.output("y", b.op(ops::concat, ConcatAttrs{0}, {first, b.constant(w)}));
  const Program program = plan_of(b.graph());
  CHECK(program.constants.size() == 1);
  CHECK(program.weights_bytes() == 256);
}

TEST_CASE("values without elements have no step") {
  GraphBuilder b;
  const ValueId x = b.input("x", {0, 3});
  b.output("y", b.unary(UnaryFn::Relu, x));
  const Program program = plan_of(b.graph());
  CHECK(program.steps.empty());
  CHECK(program.arena_bytes == 0);
  CHECK(peak_step(program) == -1);
}

TEST_CASE("names of ports and steps are unique identifiers") {
  GraphBuilder b;
  const ValueId p = b.input("in:0", {4}), q = b.input("in/0", {4});
  b.output("in:0", b.binary(BinaryFn::Add, p, q)).output("int", b.binary(BinaryFn::Mul, p, q));
  const Program program = plan_of(b.graph());
  CHECK(program.inputs[0].c_name == "in_0");
  CHECK(program.inputs[1].c_name == "in_0_2");
  CHECK(program.outputs[1].c_name == "int_");
  CHECK(program.steps[0].name != program.steps[1].name);
}

}  // namespace
}  // namespace motec
