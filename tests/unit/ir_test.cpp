// ir/: text of graphs, verification, folding of constants.
#include <catch2/catch.hpp>

#include "ir/op_def.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "ops/move.h"
#include "ops/reshape.h"
#include "support/diag.h"
#include "support/graph_builder.h"

namespace motec {
namespace {

using test::GraphBuilder;

TEST_CASE("a graph as text") {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 2, 2, 3});
  const ValueId y = b.binary(BinaryFn::Add, b.unary(UnaryFn::Relu, x), b.floats({3}, {1, 2, 3}));
  b.output("y", y).output("bias", b.random({16}));
  CHECK(print(b.graph()) ==
        "graph test (%0 x: float32[1,2,2,3]) {\n"
        "  %1 = Unary(%0) fn=Relu alpha=0 beta=0 : float32[1,2,2,3]\n"
        "  %2 = Binary(%1, float32[3]{1,2,3}) fn=Add act=(fn=Identity alpha=0 beta=0) : "
        "float32[1,2,2,3]\n"
        "  return y=%2 bias=float32[16] const\n"
        "}\n");
}

TEST_CASE("text does not depend on values that are gone") {
  GraphBuilder a, b;
  const ValueId x = a.input("x", {4}), z = b.input("x", {4});
  a.output("y", a.unary(UnaryFn::Relu, x));
  b.unary(UnaryFn::Abs, z);
  b.graph().ops.clear();
  b.output("y", b.unary(UnaryFn::Relu, z));
  CHECK(print(a.graph()) == print(b.graph()));
}

TEST_CASE("an origin as text") {
  CHECK(describe({"/conv1", "Conv", 3}) == "node '/conv1' (Conv, node 3)");
  CHECK(describe({}).empty());
}

TEST_CASE("operations on constants are done at once") {
  GraphBuilder b;
  const ValueId sum = b.binary(BinaryFn::Add, b.floats({2}, {1, 2}), b.scalar(3));
  CHECK(b.graph().ops.empty());
  CHECK(to_doubles(*b.graph().constant(sum)) == std::vector<double>{4, 5});
}

TEST_CASE("constants that would grow much are left to run time") {
  GraphBuilder b;
  const ValueId small = b.op(ops::expand, ExpandAttrs{{100}}, {b.scalar(1)});
  CHECK(b.graph().constant(small));
  const ValueId large = b.op(ops::expand, ExpandAttrs{{100000}}, {b.scalar(1)});
  CHECK_FALSE(b.graph().constant(large));
  CHECK(b.graph().ops.size() == 1);
}

TEST_CASE("operators with empty results are not evaluated") {
  GraphBuilder b;
  const ValueId empty = b.unary(UnaryFn::Exp, b.floats({0, 3}, {}));
  CHECK(b.graph().constant(empty)->elements() == 0);
}

TEST_CASE("verification finds broken graphs") {
  GraphBuilder b;
  const ValueId x = b.input("x", {4});
  const ValueId y = b.unary(UnaryFn::Relu, x);
  const ValueId z = b.binary(BinaryFn::Add, x, y);
  b.output("z", z);
  Graph graph = b.graph();
  CHECK_NOTHROW(verify(graph, "test"));
  const auto broken = [&graph](const std::string& message) {
    CHECK_THROWS_WITH(verify(graph, "test"), Catch::Contains("after test: " + message));
  };
  SECTION("order") {
    std::swap(graph.ops[0], graph.ops[1]);
    broken("Binary uses 'Unary' before it is made");
  }
  SECTION("made twice") {
    graph.ops.push_back(graph.ops[0]);
    broken("'Unary' is made twice");
  }
  SECTION("an input is made") {
    graph.ops[1].out[0] = x;
    broken("'x' is made twice");
  }
  SECTION("type") {
    graph[y].type.shape = {5};
    broken("Unary makes float32[4], but the value is float32[5]");
  }
  SECTION("number of results") {
    graph.ops[0].out.push_back(graph.add_value("more", {}));
    broken("Unary has 2 results, not 1");
  }
  SECTION("operand") {
    graph.ops[0].in[0] = {99};
    broken("Unary has an operand that does not exist");
  }
  SECTION("output") {
    graph.ops.clear();
    broken("output 'z' is never made");
  }
  SECTION("constant") {
    const ValueId c = graph.add_constant("c", f32_tensor({2}, {1, 2}));
    graph[c].type.shape = {3};
    broken("constant 'c' does not have the shape of its type");
  }
}

}  // namespace
}  // namespace motec
