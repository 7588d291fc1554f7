// The emitted files of a tiny model: the header must be C99 and C++17, the sources C++17.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "codegen/bundle.h"
#include "plan/plan.h"
#include "support/files.h"
#include "support/golden.h"
#include "support/graph_builder.h"

namespace motec {
namespace {

using test::GraphBuilder;
using test::ScratchDirectory;

// Awkward names, several types, an empty tensor, and a state.
Graph awkward_model() {
  GraphBuilder b;
  const ValueId x = b.input("input:0 \\ */ /*", {1, 4, 4, 2}), t = b.input("int", {3}, DType::S64);
  const ValueId h = b.input("h", {2}), e = b.input("empty", {0}), big = b.input("X", {2});
  const ValueId small = b.input("x", {1});
  const ValueId y = b.conv(x, 4, 3);
  b.output("output:0", y).output("int", b.binary(BinaryFn::Add, t, t));
  b.output("h_out", b.binary(BinaryFn::Add, h, h)).output("empty", b.unary(UnaryFn::Relu, e));
  b.output("sum", b.binary(BinaryFn::Add, big, small));
  b.graph().states = {{2, 2}};
  return b.graph();
}

int compile(const std::string& compiler, const std::filesystem::path& source) {
  const std::string command = compiler + " -Wall -Wextra -Werror -pedantic -fsyntax-only -I" +
                              source.parent_path().string() + " " + source.string() + " 2>&1";
  return std::system(command.c_str());
}

TEST_CASE("what is emitted compiles without warnings") {
  const ScratchDirectory scratch;
  const Program program = plan(awkward_model(), find_target("generic"), {.name = "tiny"});
  const Files files = make_bundle(program, "tiny.onnx");
  write_files(scratch.path(), files);
  for (const std::string name : {"tiny.h", "tiny.cpp", "tiny_weights.cpp", "mote/conv2d_f32.h"})
    CHECK(files.count(name) == 1);
  // Twice, for the include guard; and every accessor is declared.
  write_file(scratch / "use.c",
             "#include \"tiny.h\"\n#include \"tiny.h\"\n"
             "static uint8_t arena[MOTE_ARENA_MAX(16, MOTE_ARENA_MAX(TINY_ARENA_BYTES, 64u))];\n"
             "static uint8_t state[TINY_STATE_BYTES];\n"
             "int main(void) {\n"
             "  tiny_reset(state);\n"
             "  tiny_input_int_(arena)[0] = 1;\n"
             "  tiny_invoke(arena, state);\n"
             "  return tiny_output_output_0(arena)[TINY_OUTPUT_OUTPUT_0_ELEMENTS - 1] > 0;\n}\n");
  CHECK(compile(MOTE_C_COMPILER " -std=c99", scratch / "use.c") == 0);
  write_file(scratch / "use.cpp",
             "#include \"tiny.h\"\nint main() {\n"
             "  static Tiny tiny;\n  tiny.invoke();\n  return tiny.output_0()[0] > 0;\n}\n");
  CHECK(compile(MOTE_CXX_COMPILER " -std=c++17", scratch / "use.cpp") == 0);
  CHECK(compile(MOTE_CXX_COMPILER " -std=c++17 -fno-exceptions -fno-rtti", scratch / "tiny.cpp") ==
        0);
  CHECK(compile(MOTE_CXX_COMPILER " -std=c++17", scratch / "tiny_weights.cpp") == 0);
}

// A region from the input on, an output that depends on nothing, and layers that run whole at the
// end.
Graph fed_model() {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 8, 6, 2});
  const ValueId y = b.conv(b.conv(x, 4, 3), 2, 3);
  b.output("y", b.dense(b.reshape(y, {1, 16}), 3)).output("push_x", b.floats({2}, {1, 2}));
  return b.graph();
}

TEST_CASE("inputs that are handed over in rows have their functions") {
  const ScratchDirectory scratch;
  const Program program =
      plan(fed_model(), find_target("generic"), {.name = "fed", .stream_input = "x"});
  write_files(scratch.path(), make_bundle(program, "fed.onnx"));
  write_file(
      scratch / "use.c",
      "#include \"fed.h\"\n"
      "static union { float alignment; uint8_t bytes[FED_ARENA_BYTES]; } arena\n"
      "    __attribute__((aligned(FED_ARENA_ALIGN)));\n"
      "int main(void) {\n"
      "  float row[FED_INPUT_X_ROW_ELEMENTS] = {1};\n"
      "  unsigned i, complete = 0;\n"
      "  fed_begin_x(&arena);\n"
      "  for (i = 0; i < FED_INPUT_X_ROWS; ++i) complete += (unsigned)fed_push_x(&arena, row);\n"
      "  return complete != 1 || fed_output_push_x_2(&arena)[1] != 2 ||\n"
      "         FED_INPUT_X_ELEMENTS != FED_INPUT_X_ROWS * FED_INPUT_X_ROW_ELEMENTS;\n}\n");
  const std::string object = (scratch / "use.o").string(),
                    program_path = (scratch / "use").string();
  const auto run = [](const std::string& command) { return std::system(command.c_str()); };
  CHECK(run(MOTE_C_COMPILER " -std=c99 -Wall -Wextra -Werror -pedantic -c " +
            (scratch / "use.c").string() + " -o " + object) == 0);
  CHECK(run(MOTE_CXX_COMPILER " -std=c++17 -Wall -Wextra -Werror " +
            (scratch / "fed.cpp").string() + " " + (scratch / "fed_weights.cpp").string() + " " +
            object + " -o " + program_path) == 0);
  CHECK(run(program_path) == 0);
  write_file(scratch / "use.cpp",
             "#include \"fed.h\"\nint main() {\n"
             "  static Fed fed;\n  float row[12] = {};\n  fed.begin_x();\n"
             "  return fed.push_x(row) || fed.push_x_2()[0] > 1 || fed.y()[0] > 0;\n}\n");
  CHECK(compile(MOTE_CXX_COMPILER " -std=c++17", scratch / "use.cpp") == 0);
}

TEST_CASE("layers of equal shape share their code") {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 4, 4, 4});
  b.output("y", b.conv(b.conv(b.conv(x, 4, 1), 4, 1), 2, 1));
  const Program program = plan(b.graph(), find_target("generic"), {.name = "tiny"});
  REQUIRE(program.steps.size() == 3);
  const Files files = make_bundle(program, "tiny.onnx");
  const std::string& source = files.at("tiny.cpp");
  const auto uses = [&](size_t step, const std::string& before, const std::string& after) {
    return source.find(before + program.steps[step].name + after) != std::string::npos;
  };
  CHECK(uses(0, "struct ", " {"));
  CHECK_FALSE(uses(1, "struct ", " {"));
  CHECK_FALSE(uses(1, "tiny_impl::", "{}"));
  CHECK(uses(2, "struct ", " {"));
  CHECK(uses(2, "tiny_impl::", "{}"));
}

TEST_CASE("functions take a pointer per memory") {
  const ScratchDirectory scratch;
  const Program program = plan(awkward_model(), find_target("generic"),
                               {.name = "tiny", .memories = {{"dtcm", 160}, {"sram", 4096}}});
  write_files(scratch.path(), make_bundle(program, "tiny.onnx"));
  write_file(
      scratch / "use.c",
      "#include \"tiny.h\"\n"
      "static uint8_t dtcm[TINY_DTCM_BYTES], sram[TINY_SRAM_BYTES], state[TINY_STATE_BYTES];\n"
      "int main(void) {\n"
      "  tiny_reset(state);\n"
      "  tiny_input_int_(dtcm, sram)[0] = TINY_DTCM_ALIGN == TINY_SRAM_ALIGN;\n"
      "  tiny_invoke(dtcm, sram, state);\n"
      "  return tiny_output_output_0(dtcm, sram)[0] > 0;\n}\n");
  CHECK(compile(MOTE_C_COMPILER " -std=c99", scratch / "use.c") == 0);
  write_file(scratch / "use.cpp",
             "#include \"tiny.h\"\n"
             "alignas(TINY_DTCM_ALIGN) static uint8_t dtcm[TINY_DTCM_BYTES];\n"
             "alignas(TINY_SRAM_ALIGN) static uint8_t sram[TINY_SRAM_BYTES];\n"
             "int main() {\n  static Tiny tiny(dtcm, sram);\n  tiny.invoke();\n"
             "  return tiny.output_0()[0] > 0;\n}\n");
  CHECK(compile(MOTE_CXX_COMPILER " -std=c++17", scratch / "use.cpp") == 0);
  CHECK(compile(MOTE_CXX_COMPILER " -std=c++17", scratch / "tiny.cpp") == 0);
}

TEST_CASE("rows are handed over with a pointer per memory") {
  const ScratchDirectory scratch;
  const Program program =
      plan(fed_model(), find_target("generic"),
           {.name = "fed", .stream_input = "x", .memories = {{"dtcm", 256}, {"sram", 4096}}});
  REQUIRE(program.memories.size() == 2);
  CHECK(program.memories[0].bytes > 0);
  CHECK(program.memories[1].bytes > 0);
  write_files(scratch.path(), make_bundle(program, "fed.onnx"));
  write_file(
      scratch / "use.cpp",
      "#include \"fed.h\"\n"
      "alignas(FED_DTCM_ALIGN) static uint8_t dtcm[FED_DTCM_BYTES];\n"
      "alignas(FED_SRAM_ALIGN) static uint8_t sram[FED_SRAM_BYTES];\n"
      "int main() {\n"
      "  static Fed fed(dtcm, sram);\n  float row[12] = {1};\n  unsigned complete = 0;\n"
      "  for (unsigned i = 0; i < FED_INPUT_X_ROWS; ++i) complete += (unsigned)fed.push_x(row);\n"
      "  if (complete != 1 || fed.push_x_2()[1] != 2) return 1;\n"
      "  fed_begin_x(dtcm, sram);\n"
      "  return fed_push_x(dtcm, sram, row);\n}\n");
  const std::string program_path = (scratch / "use").string();
  CHECK(std::system((MOTE_CXX_COMPILER " -std=c++17 -Wall -Wextra -Werror " +
                     (scratch / "use.cpp").string() + " " + (scratch / "fed.cpp").string() + " " +
                     (scratch / "fed_weights.cpp").string() + " -o " + program_path)
                        .c_str()) == 0);
  CHECK(std::system(program_path.c_str()) == 0);
}

TEST_CASE("the same model gives the same files") {
  const auto files = [] {
    return make_bundle(plan(awkward_model(), find_target("cortex-m4"), {.name = "tiny"}), "a.onnx");
  };
  CHECK(files() == files());
}

TEST_CASE("emitted runtime headers come with those that they include") {
  const std::vector<std::string> headers = header_closure({"conv2d_f32.h", "isa/neon.h"});
  for (const std::string name : {"config.h", "conv2d_f32.h", "isa/neon.h", "isa/scalar.h"})
    CHECK(std::find(headers.begin(), headers.end(), name) != headers.end());
  CHECK(std::is_sorted(headers.begin(), headers.end()));
}

}  // namespace
}  // namespace motec
