// Networks that slide along a stream give, call by call, what the whole network gives for each
// window of it.
#include "passes/stream_time.h"

#include <catch2/catch.hpp>

#include "eval/evaluator.h"
#include "eval/window.h"
#include "ir/op_def.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "ops/move.h"
#include "ops/slide.h"
#include "support/diag.h"
#include "support/graph_builder.h"
#include "support/integer_layers.h"
#include "support/time_networks.h"

namespace motec::test {
namespace {

// Frames `first` to `first + count` of x.
Tensor frames(const Tensor& x, int axis, int64_t first, int64_t count) {
  SliceAttrs attrs{Shape(x.shape.size(), 0), Shape(x.shape.size(), 1), x.shape};
  attrs.start[static_cast<size_t>(axis)] = first;
  attrs.size[static_cast<size_t>(axis)] = count;
  Tensor y = Tensor::zeros(x.dtype, attrs.size);
  evaluate(Op{&ops::slice, attrs, {}, {}, {}}, {.in = {&x}, .out = {&y}});
  return y;
}

Tensor random_stream(const Graph& graph, const TimePort& time, int64_t length, uint32_t seed) {
  Type type = graph.type(graph.inputs[0].value);
  type.shape[static_cast<size_t>(time.axis)] = length;
  GraphBuilder b(seed);
  if (type.dtype == DType::S8) return *b.graph().constant(random_int8(b, type.shape));
  return *b.graph().constant(b.random(type.shape));
}

// How many windows of a random stream give the same bytes; an output along time is compared in its
// new rows.
int compare(const Graph& whole, const Graph& streamed, uint32_t seed) {
  const TimePort& time = *streamed.time;
  constexpr int64_t kMoves = 7;
  const int64_t length = time.first_call() * time.frames + kMoves * time.frames;
  const Tensor stream = random_stream(whole, time, length, seed);
  const auto results = evaluate_stream(streamed, {stream});
  int same = 0;
  for (int64_t call = time.first_call(); call <= std::ssize(results); ++call) {
    const int64_t end = call * time.frames;
    Tensor expected =
        evaluate(whole, {frames(stream, time.axis, end - time.window, time.window)})[0];
    const Tensor& got = results[static_cast<size_t>(call - 1)][0];
    for (size_t axis = 0; axis < got.shape.size(); ++axis)
      if (got.shape[axis] < expected.shape[axis])
        expected = frames(expected, static_cast<int>(axis), expected.shape[axis] - got.shape[axis],
                          got.shape[axis]);
    same += got == expected;
  }
  return same - static_cast<int>(kMoves) - 1;
}

TEST_CASE("random networks slide along a stream") {
  constexpr uint32_t kNetworks = 600;
  int streamed = 0, slides = 0, saved = 0;
  for (uint32_t seed = 1; seed <= kNetworks; ++seed) {
    const Graph whole = time_network(seed);
    Graph graph = whole;
    INFO("seed " << seed << "\n" << print(whole));
    try {
      stream_time(graph, {.input = "x"});
    } catch (const CompileError& error) {
      REQUIRE(error.diags().at(0).code == "E4104");
      continue;
    }
    INFO(print(graph));
    verify(graph, "stream_time");
    REQUIRE(compare(whole, graph, seed) == 0);
    ++streamed;
    saved += graph.notes.empty();
    for (const Op& op : graph.ops) slides += op.def == &ops::slide;
  }
  CHECK(streamed > 400);
  CHECK(slides > 800);
  CHECK(saved > 200);
}

TEST_CASE("a call may take more frames than it must") {
  for (const int64_t frames : {1, 2, 3, 5}) {
    for (uint32_t seed = 1; seed <= 60; ++seed) {
      const Graph whole = time_network(seed);
      Graph graph = whole;
      INFO("seed " << seed << ", " << frames << " frames\n" << print(whole));
      try {
        stream_time(graph, {.input = "x", .frames = frames});
      } catch (const CompileError&) {
        continue;
      }
      CHECK(graph.time->frames == frames);
      REQUIRE(compare(whole, graph, seed) == 0);
    }
  }
}

int64_t macs_of(const Graph& graph) {
  int64_t macs = 0;
  for (const Op& op : graph.ops)
    if (op.def->macs) macs += op.def->macs(op, infer_ctx(graph, op));
  return macs;
}

TEST_CASE("each layer computes its new rows alone") {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 20, 1, 4});
  const auto layer = [&](ValueId v, int64_t kernel, int64_t stride) {
    const ValueId w = b.random({4, kernel, 1, 4});
    return b.op(ops::conv2d, Conv2dAttrs{.stride = {stride, 1}}, {v, w, b.random({4})});
  };
  b.output("y", layer(layer(layer(x, 3, 1), 4, 2), 8, 1));  // 18, 8 and 1 rows
  Graph graph = b.graph();
  stream_time(graph, {.input = "x"});
  CHECK(graph.time->frames == 2);
  CHECK(graph.time->first_call() == 10);
  CHECK(macs_of(graph) == 16 * (2 * 3 + 1 * 4 + 8));
  std::vector<Shape> histories;
  for (const StatePair& pair : graph.states)
    histories.push_back(graph.type(graph.inputs[static_cast<size_t>(pair.input)].value).shape);
  CHECK(histories == std::vector<Shape>{{1, 4, 1, 4}, {1, 4, 1, 4}, {1, 8, 1, 4}});
}

}  // namespace
}  // namespace motec::test
