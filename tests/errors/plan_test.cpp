// Targets, names, states, limits, kernels that do not exist, data that do not fit.
#include "plan/plan.h"

#include <catch2/catch.hpp>

#include "driver/compile.h"
#include "eval/evaluator.h"
#include "ops/dense.h"
#include "ops/move.h"
#include "ops/normalize.h"
#include "ops/pad.h"
#include "ops/recurrent.h"
#include "passes/pipeline.h"
#include "support/error_case.h"
#include "support/graph_builder.h"

namespace motec::test {
namespace {

Graph small_graph() {
  GraphBuilder b;
  b.output("y", b.dense(b.unary(UnaryFn::Relu, b.input("x", {8})), 16));
  b.graph().ops[0].origin = {"/relu", "Relu", 0};
  b.graph().ops[1].origin = {"/fc", "Gemm", 1};
  return b.graph();
}

void check(const char* name, const std::function<void()>& body) {
  INFO(name);
  CHECK(problem_of_error(name, body) == "");
}

TEST_CASE("unknown targets") {
  check("target_near", [] { find_target("cortexm4"); });
  check("target_unknown", [] { find_target("z80"); });
}

TEST_CASE("limits that cannot be kept") {
  const Target& target = find_target("generic");
  check("arena_limit", [&] { plan(small_graph(), target, {.name = "m", .arena_limit = 32}); });
  check("flash_limit", [&] { plan(small_graph(), target, {.name = "m", .flash_limit = 100}); });
  check("memories_too_small", [&] {
    plan(small_graph(), target, {.name = "m", .memories = {{"dtcm", 16}, {"sram", 64}}});
  });
  CHECK_NOTHROW(plan(small_graph(), target, {.name = "m", .arena_limit = 96, .flash_limit = 576}));
}

TEST_CASE("operators without a kernel") {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 4, 4, 2}), w = b.input("w", {3, 3, 3, 2});
  b.output("y", b.op(ops::conv2d, Conv2dAttrs{}, {x, w}));
  b.graph().ops[0].origin = {"/conv", "Conv", 7};
  // Not the whole text: it lists all kernels of the operator.
  CHECK_THROWS_WITH(
      plan(b.graph(), find_target("generic"), {.name = "m"}),
      Catch::StartsWith("error[E4001]: no kernel computes Conv2D of float32[1,4,4,2], "
                        "float32[3,3,3,2]\n  where: node '/conv' (Conv, node 7)\n") &&
          Catch::Contains("  why:   conv2d_f32: weights or bias are not constant\n"));
}

// Nine dimensions, of which every other one is broadcast: no two of them merge.
TEST_CASE("ranks that kernels do not have") {
  GraphBuilder b;
  const ValueId x = b.input("x", {2, 1, 2, 1, 2, 1, 2, 1, 2});
  const ValueId y = b.input("y", {1, 2, 1, 2, 1, 2, 1, 2, 1});
  b.output("z", b.binary(BinaryFn::Add, x, y));
  b.graph().ops[0].origin = {"/add", "Add", 2};
  check("rank_too_high", [&] { plan(b.graph(), find_target("generic"), {.name = "m"}); });
}

// What stands in the way of rows that come one by one.
TEST_CASE("inputs that cannot be streamed") {
  const auto refused = [](const char* name, GraphBuilder& b, const char* input = "x") {
    check(name,
          [&] { plan(b.graph(), find_target("generic"), {.name = "m", .stream_input = input}); });
  };
  const auto named = [](GraphBuilder& b, std::vector<Origin> origins) {
    for (size_t i = 0; i < origins.size(); ++i) b.graph().ops[i].origin = origins[i];
  };
  {
    GraphBuilder b;
    b.output("y", b.conv(b.input("x", {1, 6, 6, 2}), 3, 3));
    CHECK_NOTHROW(plan(b.graph(), find_target("generic"), {.name = "m", .stream_input = "x"}));
    refused("stream_no_input", b, "image");
  }
  {
    GraphBuilder b;
    b.output("y", b.conv(b.input("x", {2, 6, 6, 2}), 3, 3));
    refused("stream_batch", b);
  }
  {
    GraphBuilder b;
    const ValueId x = b.input("x", {1, 6, 6, 2}), z = b.input("z", {1, 6, 6, 2});
    b.output("y", b.binary(BinaryFn::Add, x, z));
    refused("stream_several_inputs", b);
  }
  {
    GraphBuilder b;
    const ValueId x = b.input("x", {1, 6, 6, 2});
    b.output("y", b.dense(b.reshape(x, {1, 72}), 3));
    named(b, {{"/flatten", "Flatten", 0}, {"/fc", "Gemm", 1}});
    refused("stream_not_by_rows", b);
  }
  {
    GraphBuilder b;
    const ValueId x = b.input("x", {1, 2, 6, 6});
    b.output("y", b.conv(b.op(ops::transpose, TransposeAttrs{{0, 2, 3, 1}}, {x}), 3, 3));
    named(b, {{"/layout", "Conv", 0}, {"/conv", "Conv", 0}});
    refused("stream_nchw", b);
  }
  {
    GraphBuilder b;
    const ValueId x = b.input("x", {1, 1, 6, 6});
    b.output("y", b.unary(UnaryFn::Relu, x));
    refused("stream_one_row", b);
  }
  {
    // The rows of x are needed again when all of them have been read.
    GraphBuilder b;
    const ValueId x = b.input("x", {1, 4, 4, 2}), flat = b.reshape(b.conv(x, 2, 3), {1, 8});
    const ValueId dense = b.reshape(b.dense(flat, 32), {1, 4, 4, 2});
    b.output("y", b.binary(BinaryFn::Add, x, dense));
    named(b, {{"/conv", "Conv", 0},
              {"/flatten", "Flatten", 1},
              {"/fc", "Gemm", 2},
              {"/reshape", "Reshape", 3},
              {"/add", "Add", 4}});
    refused("stream_read_again", b);
  }
  {
    GraphBuilder b;
    const ValueId x = b.input("x", {1, 4, 4, 2});
    b.output("same", x).output("y", b.unary(UnaryFn::Relu, x));
    refused("stream_output", b);
  }
  {
    GraphBuilder b;
    b.input("x", {1, 4, 4, 2});
    b.output("y", b.floats({2}, {1, 2}));
    refused("stream_unread", b);
  }
  {
    GraphBuilder b;
    const ValueId x = b.input("x", {1, 4, 4, 2});
    ValueId y = x;
    for (int i = 0; i < 50; ++i) y = b.unary(UnaryFn::Relu, y);
    b.output("y", b.binary(BinaryFn::Add, x, y));
    b.graph().ops[48].origin = {"/relu48", "Relu", 48};
    b.graph().ops[50].origin = {"/add", "Add", 50};
    refused("stream_too_long", b);
  }
  {
    GraphBuilder b;
    const ValueId x = b.input("x", {1, 4, 4, 2}), h = b.input("h", {1, 4, 4, 2});
    b.output("y", b.binary(BinaryFn::Add, x, h)).output("h_out", b.unary(UnaryFn::Relu, h));
    b.graph().states = {{1, 1}};
    refused("stream_state", b);
  }
}

// What import rules out, or reports in its own words; passes must not get it wrong either.
TEST_CASE("operands that do not fit in a graph") {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 4, 4, 2}), flat = b.input("flat", {4, 8});
  check("graph_pad_value", [&] {
    b.op(ops::pad, PadAttrs{{0, 0}, {1, 1}}, {flat, b.floats({2}, {0, 0})});
  });
  check("graph_conv_rank", [&] {
    b.op(ops::conv2d, Conv2dAttrs{}, {flat, b.random({3, 1, 1, 2})});
  });
  check("graph_pool_rank", [&] { b.op(ops::pool, PoolAttrs{}, {flat}); });
  check("graph_normalize_scale", [&] {
    b.op(ops::normalize, NormalizeAttrs{{1}, 1e-5f}, {flat, b.random({4})});
  });
  check("graph_dense_bias", [&] {
    b.op(ops::dense, DenseAttrs{}, {flat, b.random({3, 8}), b.random({8})});
  });
  check("graph_recurrent_activations", [&] {
    const ValueId steps = b.input("steps", {5, 1, 3});
    b.op(ops::recurrent, RecurrentAttrs{}, {steps, b.random({1, 2, 3}), b.random({1, 2, 2})});
  });
  check("graph_expand", [&] { b.op(ops::expand, ExpandAttrs{{4, 4, 2}}, {x}); });
  check("graph_reshape", [&] { b.reshape(x, {31}); });
}

TEST_CASE("passes that do not exist") {
  Graph graph = small_graph();
  PassOptions options;
  options.dump = "after:fold-everything";
  check("dump_no_pass", [&] { run_passes(graph, options); });
}

TEST_CASE("inputs of another type") {
  check("input_data_type", [] { evaluate(small_graph(), {Tensor::zeros(DType::F32, {7})}); });
}

TEST_CASE("names and states") {
  CompileOptions options;
  options.model = MOTE_MODELS_DIR "/digits/model.onnx";
  options.name = "my model";
  check("model_name", [&] { model_name(options); });
  options.name = "";
  CHECK(model_name(options) == "digits");
  const Graph graph = load_graph(options);
  const std::string in = graph.inputs[0].name, out = graph.outputs[0].name;
  const auto refused = [&](const char* name, const decltype(options.states)& states) {
    options.states = states;
    INFO(name);
    CHECK(problem_of_error(
              name, [&] { load_graph(options); }, MOTE_MODELS_DIR) == "");
  };
  refused("state_no_input", {{"nothing", out}});
  refused("state_no_output", {{in, "nothing"}});
  refused("state_types", {{in, out}});
}

}  // namespace
}  // namespace motec::test
