// Recurrent state in emitted code: models whose states are bound to outputs are called step by step
// in a program of their own, and compared with the reference evaluation that is fed its own states.
#include <catch2/catch.hpp>
#include <cmath>
#include <sstream>

#include "driver/compile.h"
#include "driver/process.h"
#include "eval/evaluator.h"
#include "support/files.h"
#include "support/golden.h"
#include "support/onnx_builder.h"

namespace motec {
namespace {

using test::OnnxBuilder;
using test::replaced;
using test::ScratchDirectory;
using test::set;

constexpr int64_t kSteps = 6;

using States = std::vector<std::pair<std::string, std::string>>;
using Sequence = std::vector<std::vector<float>>;  // one per step

// A sequence, twice, with a reset before each. The arena holds nothing between calls, so each finds
// another pattern in it; what lies behind the state must stay as it was.
constexpr const char* kMain = R"(#include <cstdio>
#include <cstring>

#include "cell.h"

static_assert(CELL_STATE_BYTES == @STATE@, "");
alignas(CELL_ARENA_ALIGN) static uint8_t arena[CELL_ARENA_BYTES];
alignas(CELL_ARENA_ALIGN) static uint8_t state[CELL_STATE_BYTES + 64];
static const float inputs[][CELL_INPUT_X_ELEMENTS] = {@INPUTS@};

int main() {
  memset(state, 0xa5, sizeof state);
  for (int sequence = 0; sequence < 2; ++sequence) {
    cell_reset(state);
    for (const auto& input : inputs) {
      memset(arena, 0x11 + 0x22 * static_cast<int>(&input - inputs), sizeof arena);
      memcpy(cell_input_x(arena), input, sizeof input);
      cell_invoke(arena, state);
      for (uint32_t i = 0; i < CELL_OUTPUT_Y_ELEMENTS; ++i) printf("%a ", cell_output_y(arena)[i]);
      printf("\n");
    }
  }
  for (uint32_t i = CELL_STATE_BYTES; i < sizeof state; ++i)
    if (state[i] != 0xa5) return 1;
  return 0;
}
)";

// Weights and inputs: the same on every machine, and no two alike.
std::vector<float> wave(int64_t count, double frequency) {
  std::vector<float> values;
  for (int64_t i = 1; i <= count; ++i)
    values.push_back(static_cast<float>(0.8 * std::sin(frequency * static_cast<double>(i))));
  return values;
}

Sequence input_sequence(int64_t width) {
  Sequence sequence;
  for (int64_t step = 0; step < kSteps; ++step)
    sequence.push_back(wave(width, 1.7 + 0.9 * static_cast<double>(step)));
  return sequence;
}

// The model as it was imported, without passes. State i is input and output i + 1.
Sequence reference(const std::filesystem::path& model, const Sequence& inputs, size_t states) {
  const Graph graph = import_onnx(model, {});
  const auto type = [&](size_t i) { return graph.type(graph.inputs[i].value); };
  std::vector<Tensor> operands;
  for (size_t i = 0; i <= states; ++i) operands.push_back(Tensor::zeros(DType::F32, type(i).shape));
  Sequence outputs;
  for (const std::vector<float>& input : inputs) {
    operands[0] = f32_tensor(type(0).shape, input);
    const std::vector<Tensor> results = evaluate(graph, operands);
    const auto y = results[0].values<float>();
    outputs.emplace_back(y.begin(), y.end());
    for (size_t i = 1; i <= states; ++i) operands[i] = results[i];
  }
  return outputs;
}

std::string input_text(const Sequence& inputs) {
  std::string text;
  for (const std::vector<float>& input : inputs) {
    text += "\n  {";
    for (const float value : input) text += fmt::format("{:a}f, ", value);
    text += "},";
  }
  return text;
}

// Builds and runs kMain for the program; its lines.
Sequence run_emitted(const Program& program, const ScratchDirectory& scratch,
                     const std::string& main) {
  write_files(scratch.path(), make_bundle(program, "cell.onnx"));
  write_file(scratch / "main.cpp", main);
  const ProcessResult build =
      run_process({MOTE_CXX_COMPILER, "-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", "-o",
                   "cell", "main.cpp", "cell.cpp", "cell_weights.cpp"},
                  {.directory = scratch.path()});
  INFO(build.err);
  REQUIRE(build.ok());
  const ProcessResult run = run_process({(scratch / "cell").string()}, {.seconds = 10});
  REQUIRE(run.ok());
  Sequence lines;
  std::istringstream out(run.out);
  for (std::string line; std::getline(out, line);) {
    lines.emplace_back();
    std::istringstream words(line);
    for (std::string word; words >> word;)
      lines.back().push_back(std::strtof(word.c_str(), nullptr));
  }
  return lines;
}

// The model's input 'x' has `width` elements; its output 'y' is what the caller sees.
Sequence check_steps(const OnnxBuilder& b, const States& states, int64_t width,
                     int64_t state_bytes) {
  const ScratchDirectory scratch;
  CompileOptions options;
  options.model = scratch / "cell.onnx";
  options.states = states;
  write_file(options.model, b.bytes());
  const Program program = compile_program(options);
  CHECK(program.state_bytes == state_bytes);

  const Sequence inputs = input_sequence(width);
  const Sequence expected = reference(options.model, inputs, states.size());
  std::string main = replaced(kMain, "@STATE@", std::to_string(state_bytes));
  main = replaced(main, "@INPUTS@", input_text(inputs));
  const Sequence actual = run_emitted(program, scratch, main);
  REQUIRE(actual.size() == 2 * kSteps);
  for (size_t step = 0; step < kSteps; ++step) {
    CAPTURE(step);
    REQUIRE(actual[step].size() == expected[step].size());
    for (size_t i = 0; i < expected[step].size(); ++i)
      CHECK(actual[step][i] == Approx(expected[step][i]).epsilon(0).margin(1e-6));
    CHECK(actual[step + kSteps] == actual[step]);  // after the second reset, to the bit
  }

  // Only invoke() touches the states.
  const std::string header = read_file(scratch / "cell.h");
  for (const auto& [input, output] : states) {
    CHECK(header.find(input) == std::string::npos);
    CHECK(header.find(output) == std::string::npos);
  }
  CHECK(header.find("cell_input_x(") != std::string::npos);
  return actual;
}

TEST_CASE("the state of a GRU") {
  OnnxBuilder b;
  b.input("x", {1, 1, 4});
  b.input("h_in", {1, 1, 3});
  b.floats("W", {1, 9, 4}, wave(36, 0.7));
  b.floats("R", {1, 9, 3}, wave(27, 1.3));
  b.floats("B", {1, 18}, wave(18, 2.9));
  set(b.node("GRU", {"x", "W", "R", "B", "", "h_in"}, {"y", "h_out"}), "hidden_size", int64_t{3});
  b.output("y");
  b.output("h_out");
  check_steps(b, {{"h_in", "h_out"}}, 4, 16);  // 12, rounded up to the alignment
}

TEST_CASE("the two states of an LSTM") {
  OnnxBuilder b;
  b.input("x", {1, 1, 4});
  b.input("h_in", {1, 1, 5});
  b.input("c_in", {1, 1, 5});
  b.floats("W", {1, 20, 4}, wave(80, 0.7));
  b.floats("R", {1, 20, 5}, wave(100, 1.3));
  b.floats("B", {1, 40}, wave(40, 2.9));
  set(b.node("LSTM", {"x", "W", "R", "B", "", "h_in", "c_in"}, {"y", "h_out", "c_out"}),
      "hidden_size", int64_t{5});
  for (const char* name : {"y", "h_out", "c_out"}) b.output(name);
  check_steps(b, {{"h_in", "h_out"}, {"c_in", "c_out"}}, 4, 64);  // 20, rounded up, twice
}

// State 1 is the last input, state 2 the one before.
OnnxBuilder shift_register() {
  OnnxBuilder b;
  b.input("x", {1, 3});
  b.input("s1_in", {1, 3});
  b.input("s2_in", {1, 3});
  b.output("y");
  b.output("s1_out");
  b.output("s2_out");
  b.node("Identity", {"x"}, {"s1_out"});
  b.node("Identity", {"s1_in"}, {"s2_out"});
  return b;
}

TEST_CASE("a shift register") {
  OnnxBuilder b = shift_register();
  States states = {{"s1_in", "s1_out"}, {"s2_in", "s2_out"}};
  SECTION("summed up") {
    b.node("Sum", {"x", "s1_in", "s2_in"}, {"y"});
    check_steps(b, states, 3, 32);
  }
  // An output that is a state's old value is not what the call leaves in the state's memory.
  SECTION("read at its end") {
    SECTION("as it is") { b.node("Identity", {"s2_in"}, {"y"}); }
    SECTION("in another shape") {
      b.ints("shape", {3});
      b.node("Reshape", {"s2_in", "shape"}, {"y"});
    }
    const Sequence inputs = input_sequence(3), outputs = check_steps(b, states, 3, 32);
    for (size_t step = 0; step < kSteps; ++step)
      CHECK(outputs[step] == (step < 2 ? std::vector<float>(3) : inputs[step - 2]));
  }
}

TEST_CASE("an output that is the only state's old value") {
  OnnxBuilder b;
  b.input("x", {1, 3});
  b.input("s_in", {1, 3});
  b.node("Identity", {"x"}, {"s_out"});
  b.node("Identity", {"s_in"}, {"y"});
  b.output("y");
  b.output("s_out");
  check_steps(b, {{"s_in", "s_out"}}, 3, 16);
}

}  // namespace
}  // namespace motec
