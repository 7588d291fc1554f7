// Layers that share the code of their kernel, and the text of their shapes.
#include "plan/shared_bodies.h"

#include <catch2/catch.hpp>

#include "codegen/emit.h"
#include "plan/plan.h"
#include "support/graph_builder.h"

namespace motec {
namespace {

using test::GraphBuilder;

// Dense layers one after the other.
Program dense_layers(const std::vector<int64_t>& outputs, std::string_view target, Goal goal) {
  GraphBuilder b;
  ValueId x = b.input("x", {1, 24});
  for (const int64_t n : outputs) x = b.dense(x, n);
  b.output("y", x);
  return plan(b.graph(), find_target(target), {.name = "m", .goal = goal});
}

std::vector<bool> shared(const Program& program) {
  std::vector<bool> result;
  for (const Step& step : program.steps) result.push_back(step.shares_body);
  return result;
}

std::string text_of(const Program& program) {
  return render("model.cpp.in", model_data(program, "m.onnx"));
}

TEST_CASE("layers share a body where flash is asked for and it gets smaller") {
  using Shared = std::vector<bool>;
  CHECK(shared(dense_layers({16, 16, 8}, "cortex-m7", Goal::Flash)) == Shared{true, true, false});
  for (const Goal goal : {Goal::Speed, Goal::Balanced, Goal::Ram, Goal::LeastRam})
    CHECK(shared(dense_layers({16, 16, 8}, "cortex-m7", goal)) == Shared{false, false, false});
  // Equal shapes have one body as it is.
  CHECK(shared(dense_layers({24, 24, 24}, "cortex-m7", Goal::Flash)) ==
        Shared{false, false, false});
  // Code for any number of channels would be larger.
  CHECK(shared(dense_layers({16, 8, 4}, "cortex-m7", Goal::Flash)) == Shared{false, false, false});
  // Sizes of this kernel's code are not known.
  CHECK(shared(dense_layers({16, 16, 8}, "aarch64", Goal::Flash)) == Shared{false, false, false});
}

TEST_CASE("what differs among layers that share a body is data") {
  const std::string text = text_of(dense_layers({16, 16, 8}, "cortex-m7", Goal::Flash));
  CAPTURE(text);
  const auto has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  CHECK(
      has("struct Dense_shape {\n"
          "  [[maybe_unused]] static constexpr int32_t m = 1;\n"
          "  [[maybe_unused]] int32_t k;\n"
          "  [[maybe_unused]] static constexpr int32_t n = 16;\n"));
  CHECK(has("constexpr Dense_shape Dense = {24};\nconstexpr Dense_shape Dense_2 = {16};\n"));
  CHECK(has("(m_impl::Dense, "));
  CHECK(has("(m_impl::Dense_2, "));
  CHECK(has("(m_impl::Dense_3{}, "));
}

TEST_CASE("a struct of data has a name of its own") {
  Program program = dense_layers({16, 16}, "cortex-m7", Goal::Flash);
  program.steps[1].name = "Dense_shape";
  const std::string text = text_of(program);
  CAPTURE(text);
  CHECK(text.find("struct Dense_shape_ {") != std::string::npos);
  CHECK(text.find("constexpr Dense_shape_ Dense_shape = {16};") != std::string::npos);
}

}  // namespace
}  // namespace motec
