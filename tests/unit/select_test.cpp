// The choice of kernels for a target and a goal, and the reasons that the report gives.
#include <catch2/catch.hpp>

#include "kernels/kernel.h"
#include "ops/qconv2d.h"
#include "ops/qdense.h"
#include "plan/plan.h"
#include "support/graph_builder.h"

namespace motec {
namespace {

// A layer of 64 x 64 weights, all of value `weight`, for `rows` vectors.
Graph dense_graph(int8_t weight, int64_t rows = 16) {
  Graph graph;
  const ValueId x = graph.add_value("x", {.dtype = DType::S8, .shape = {rows, 64}});
  graph.inputs = {{"x", x}};
  const auto filled = [&](DType dtype, Shape shape, auto value) {
    Tensor t = Tensor::zeros(dtype, std::move(shape));
    std::fill_n(t.data<decltype(value)>(), t.elements(), value);
    return graph.add_constant("c", std::move(t));
  };
  const ValueId y =
      append1(graph, ops::qdense, QDenseAttrs{},
              {x, filled(DType::S8, {64, 64}, weight), filled(DType::S32, {64}, int32_t{0}),
               filled(DType::S32, {64}, int32_t{1 << 24})},
              {});
  graph.outputs = {{"y", y}};
  return graph;
}

Selection select(const Graph& graph, std::string_view target, Goal goal) {
  return select_kernel({graph, graph.ops[0]}, find_target(target), goal);
}

const Choice& choice_of(const Selection& selection, std::string_view kernel) {
  for (const Choice& choice : selection.candidates)
    if (choice.kernel->name == kernel) return choice;
  FAIL("there is no candidate " << kernel);
  return selection.candidates[0];
}

TEST_CASE("small weights are packed in four bits unless speed is asked for") {
  const Graph small = dense_graph(-8), large = dense_graph(113);
  CHECK(select(small, "cortex-m4", Goal::Speed).kernel->name == "dense_s8_dsp");
  CHECK(select(small, "cortex-m4", Goal::Balanced).kernel->name == "dense_s4_dsp");
  CHECK(select(small, "cortex-m4", Goal::Flash).kernel->name == "dense_s4_dsp");
  // Spreading weights that are used once costs too much, unless flash is all that counts.
  CHECK(select(dense_graph(-8, 1), "cortex-m4", Goal::Balanced).kernel->name == "dense_s8_dsp");
  CHECK(select(dense_graph(-8, 1), "cortex-m4", Goal::Flash).kernel->name == "dense_s4_dsp");
  for (const Goal goal : {Goal::Speed, Goal::Balanced, Goal::Ram, Goal::Flash})
    CHECK(select(large, "cortex-m4", goal).kernel->name == "dense_s8_dsp");
  // A factor of 16 in common.
  const Selection times_16 = select(dense_graph(-112), "cortex-m4", Goal::Balanced);
  CHECK(times_16.call.function == "mote::pointwise_s4<mote::isa::DspS8, mote::High, 128>");
  CHECK(times_16.call.operands[1].weights.elements() == 64 * 64 / 2 + 64 / 2);
}

// A 3x3 layer, all weights of value `weight`.
ValueId append_conv2d(Graph& graph, ValueId x, int64_t outputs, int8_t weight,
                      const QConv2dAttrs& attrs) {
  Tensor w = Tensor::zeros(DType::S8, {outputs, 3, 3, graph.type(x).shape[3]});
  std::fill_n(w.data<int8_t>(), w.elements(), weight);
  const auto vector = [&](int32_t value) {
    return graph.add_constant(
        "c", s32_vector(std::vector<int32_t>(static_cast<size_t>(outputs), value)));
  };
  return append1(graph, ops::qconv2d, attrs,
                 {x, graph.add_constant("w", std::move(w)), vector(5), vector(1 << 24)}, {});
}

// One of 16 outputs, on images of 8 x 8.
Graph conv2d_graph(int64_t channels, int8_t weight,
                   const QConv2dAttrs& attrs = {.pad = {1, 1, 1, 1}}) {
  Graph graph;
  const ValueId x = graph.add_value("x", {.dtype = DType::S8, .shape = {1, 8, 8, channels}});
  graph.inputs = {{"x", x}};
  graph.outputs = {{"y", append_conv2d(graph, x, 16, weight, attrs)}};
  return graph;
}

TEST_CASE("3x3 convolutions take Winograd's form where speed is asked for") {
  const std::string_view winograd = "conv2d_winograd_s8_dsp";
  const Graph graph = conv2d_graph(16, 100);
  const Selection fast = select(graph, "cortex-m4", Goal::Speed);
  CHECK(fast.kernel->name == winograd);
  CHECK(fast.call.operands[1].weights.elements() == 36 * 16 * 16);
  // bias - 128 * (16 * 9 * 100)
  CHECK(fast.call.operands[2].weights.data<int32_t>()[15] == 5 - 128 * 14400);
  for (const Goal goal : {Goal::Balanced, Goal::Ram, Goal::LeastRam, Goal::Flash}) {
    const Selection other = select(graph, "cortex-m4", goal);
    CHECK(other.kernel->name == "conv2d_s8_dsp");
    CHECK(choice_of(other, winograd).refused ==
          "needs 18560 bytes of flash for expanded weights, which only --optimize speed takes");
  }
  const Selection limited =
      select_kernel({graph, graph.ops[0]}, find_target("cortex-m4"), Goal::Speed, Weights::Plain);
  CHECK(limited.kernel->name == "conv2d_s8_dsp");
  CHECK(choice_of(limited, winograd).refused ==
        "needs 18560 bytes of flash for expanded weights, which the limits or the rows of the "
        "input do not "
        "allow");
  CHECK(select(graph, "cortex-m7", Goal::Speed).kernel->name == winograd);
  CHECK(select(graph, "cortex-m55", Goal::Speed).kernel->name == "conv2d_s8_mve");
  CHECK(select(graph, "cortex-m3", Goal::Speed).kernel->name == "conv2d_winograd_s8");
  CHECK(select(graph, "rv32imc", Goal::Speed).kernel->name == "conv2d_winograd_s8");
  CHECK(select(graph, "rv32gcv", Goal::Speed).kernel->name == "conv2d_s8_rvv");
  CHECK(select(graph, "aarch64", Goal::Speed).kernel->name == "conv2d_s8_neon");
  CHECK(select(graph, "aarch64-dotprod", Goal::Speed).kernel->name == "conv2d_s8_dot");
}

TEST_CASE("limits and rows take Winograd's form back") {
  const Graph graph = conv2d_graph(16, 100);
  const auto kernel = [&](const PlanOptions& options) {
    return plan(graph, find_target("cortex-m4"), options).steps[0].selection.kernel->name;
  };
  CHECK(kernel({.name = "m", .goal = Goal::Speed}) == "conv2d_winograd_s8_dsp");
  CHECK(kernel({.name = "m", .goal = Goal::Speed, .arena_limit = 8192, .flash_limit = 20000}) ==
        "conv2d_winograd_s8_dsp");
  CHECK(kernel({.name = "m", .goal = Goal::Speed, .arena_limit = 4096}) == "conv2d_s8_dsp");
  CHECK(kernel({.name = "m", .goal = Goal::Speed, .flash_limit = 10000}) == "conv2d_s8_dsp");
  CHECK(kernel({.name = "m", .goal = Goal::Speed, .stream_input = "x"}) == "conv2d_s8_dsp");
  CHECK(kernel({.name = "m", .goal = Goal::Speed, .weights = Weights::Plain}) == "conv2d_s8_dsp");
  CHECK(kernel({.name = "m", .goal = Goal::Speed, .memories = {{"fast", 65536}}}) ==
        "conv2d_s8_dsp");
}

TEST_CASE("flash goes where it saves most") {
  Graph graph = conv2d_graph(16, 100);
  const ValueId y = graph.outputs[0].value;
  graph.outputs = {{"z", append_conv2d(graph, y, 4, 100, {.pad = {1, 1, 1, 1}})}};
  const auto kernels = [&](std::optional<int64_t> flash, std::optional<int64_t> arena = {}) {
    const Program program =
        plan(graph, find_target("cortex-m4"),
             {.name = "m", .goal = Goal::Speed, .arena_limit = arena, .flash_limit = flash});
    std::vector<std::string_view> names;
    for (const Step& step : program.steps) names.push_back(step.selection.kernel->name);
    return names;
  };
  const std::string_view winograd = "conv2d_winograd_s8_dsp", direct = "conv2d_s8_dsp";
  CHECK(kernels({}) == std::vector{winograd, winograd});
  CHECK(kernels(23200) == std::vector{winograd, winograd});
  CHECK(kernels(23199) == std::vector{winograd, direct});
  CHECK(kernels(18000) == std::vector{direct, direct});
  // Beside 4032 bytes of scratch, the first layer has tensors of 1024 bytes, the second one a
  // result of 256.
  CHECK(kernels({}, 5696) == std::vector{winograd, winograd});
  CHECK(kernels({}, 5600) == std::vector{direct, winograd});
  CHECK(kernels({}, 4000) == std::vector{direct, direct});
}

TEST_CASE("Winograd's form refuses what it does not make exactly") {
  const auto refused = [](const Graph& graph) {
    return choice_of(select(graph, "cortex-m4", Goal::Speed), "conv2d_winograd_s8_dsp").refused;
  };
  // 255 * 127 * 9 * 115 < 2^25 < 255 * 127 * 9 * 116
  CHECK(refused(conv2d_graph(115, -127)).empty());
  CHECK(refused(conv2d_graph(116, -127)) == "sums of a channel, shifted, may be 2^25 or more");
  CHECK(refused(conv2d_graph(116, 126)).empty());
  CHECK_FALSE(refused(conv2d_graph(60, 127, {.store = {.shift = 1}})).empty());
  CHECK(refused(conv2d_graph(8, 1, {.stride = {1, 2}, .pad = {1, 1, 1, 2}})) ==
        "there are strides or dilations");
  CHECK(refused(conv2d_graph(8, 1, {.store = {.out = DType::S16}})) ==
        "inputs, weights or results are not int8");
}

TEST_CASE("every candidate that is not taken has a reason or a higher cost") {
  const Graph graph = dense_graph(-8, 100);
  const Selection balanced = select(graph, "cortex-m55", Goal::Balanced);
  CHECK(balanced.kernel->name == "dense_s4_mve");
  CHECK(choice_of(balanced, "dense_s8_rvv").refused == "cortex-m55 lacks what it needs");
  CHECK(choice_of(balanced, "dense_s8_mve").refused.find("bytes of flash where") !=
        std::string::npos);
  CHECK(choice_of(balanced, "dense_s8").refused ==
        "needs more than 2 times the cycles of the fastest");
  CHECK(choice_of(balanced, "dense_s4_mve").flash_bytes <
        choice_of(balanced, "dense_s8_mve").flash_bytes);
  const Selection wide = select(dense_graph(113), "cortex-m4", Goal::Balanced);
  CHECK(choice_of(wide, "dense_s4_dsp").refused == "a weight needs more than four bits");
}

// The fastest kernel has too much flash here, and all others are more than a tenth slower.
TEST_CASE("a goal leaves one candidate at least") {
  test::GraphBuilder b;
  b.output("y", b.conv(b.input("x", {1, 2, 6, 1}), 6, 1));
  for (const Target& target : all_targets())
    for (const Goal goal : {Goal::Speed, Goal::Balanced, Goal::Ram, Goal::LeastRam, Goal::Flash})
      CHECK(select(b.graph(), target.name, goal).kernel != nullptr);
}

TEST_CASE("each core gets its own instructions") {
  const Graph graph = dense_graph(100);
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"host", "dense_s8"},           {"cortex-m0plus", "dense_s8"},
      {"cortex-m3", "dense_s8"},      {"cortex-m33", "dense_s8_dsp"},
      {"cortex-m85", "dense_s8_mve"}, {"rv64gcv", "dense_s8_rvv"},
      {"aarch64", "dense_s8_neon"},   {"cortex-a55", "dense_s8_dot"},
      {"cortex-a7", "dense_s8_neon"},
  };
  for (const auto& [target, kernel] : cases) {
    INFO(target);
    CHECK(select(graph, target, Goal::Balanced).kernel->name == kernel);
  }
}

}  // namespace
}  // namespace motec
