// The small parts of the command line: texts of options, other programs, symbols of objects.
#include <catch2/catch.hpp>
#include <fstream>

#include "codegen/testbench.h"
#include "driver/commands.h"
#include "driver/process.h"
#include "driver/symbols.h"
#include "support/diag.h"

namespace motec {
namespace {

template <class Body>
std::string code_of(Body body) {
  try {
    body();
  } catch (const CompileError& error) {
    return error.diags().at(0).code;
  }
  return "none";
}

TEST_CASE("sizes") {
  CHECK(parse_size("0", "--x") == 0);
  CHECK(parse_size("16384", "--x") == 16384);
  CHECK(parse_size("16K", "--x") == 16384);
  CHECK(parse_size("2M", "--x") == 2 * 1024 * 1024);
  for (const char* text : {"", "K", "-1", "16KB", "1.5K", "16 K", "99999999999999999999", "1e3"})
    CHECK(code_of([&] { parse_size(text, "--x"); }) == "E1103");
}

TEST_CASE("names and values") {
  CHECK(name_and_value("x=1,2", "--x", "") == std::pair<std::string, std::string>("x", "1,2"));
  CHECK(name_and_value("a=b:0=f", "--x", "") == std::pair<std::string, std::string>("a=b:0", "f"));
  CHECK(name_and_value("x=", "--x", "") == std::pair<std::string, std::string>("x", ""));
  CHECK(code_of([] { name_and_value("x", "--x", ""); }) == "E1102");
  CHECK(code_of([] { name_and_value("=x", "--x", ""); }) == "E1102");
}

TEST_CASE("options of a model") {
  ModelArguments arguments;
  arguments.input_shapes = {"x=1,49,10", "scalar="};
  arguments.states = {"h=h_out"};
  arguments.arena_limit = "16K";
  const CompileOptions options = compile_options(arguments);
  CHECK(options.import.input_shapes.at("x") == Shape{1, 49, 10});
  CHECK(options.import.input_shapes.at("scalar").empty());
  CHECK(options.states.at(0).second == "h_out");
  CHECK(options.arena_limit == 16384);
  arguments.input_shapes = {"x=1,-2"};
  CHECK(code_of([&] { compile_options(arguments); }) == "E1102");
  arguments = {};
  arguments.optimize = "size";
  CHECK(code_of([&] { compile_options(arguments); }) == "E1104");
  arguments = {};
  arguments.io = "quantized";
  arguments.io_layout = "nhwc";
  CHECK(compile_options(arguments).integer_io);
  CHECK(compile_options(arguments).nhwc_io);
  arguments.io = "int8";
  CHECK(code_of([&] { compile_options(arguments); }) == "E1104");
  arguments = {};
  arguments.quantize = "int8";
  CHECK(code_of([&] { compile_options(arguments); }) == "E1130");
}

TEST_CASE("other programs run without a shell, without input, and not for ever") {
  const ProcessResult echo = run_process({"/bin/echo", "$HOME", "a b"});
  CHECK(echo.ok());
  CHECK(echo.out == "$HOME a b\n");
  CHECK(run_process({"/bin/cat"}).out.empty());
  CHECK(run_process({"/bin/sh", "-c", "echo no >&2; exit 3"}).exit_code == 3);
  CHECK(run_process({"/bin/sh", "-c", "kill -9 $$"}).exit_code == 137);
  CHECK(run_process({"/bin/sleep", "20"}, {.seconds = 1}).timed_out);
  CHECK(code_of([] { run_process({"/no/such/program"}); }) == "E5200");
  CHECK(is_executable("sh"));
  CHECK_FALSE(is_executable("no-such-program"));
  CHECK(command_text({"g++", "-DX=a b"}) == "g++ '-DX=a b'");
}

TEST_CASE("emitted code may refer to little") {
  for (const char* name : {"memcpy", "memset", "expf", "sqrt", "erff", "erf", "__aeabi_fadd",
                           "__adddf3", "__mulsf3", "__floatsidf", "__fixdfsi", "__extendhfsf2",
                           "__muldi3", "__clzsi2", "__gnu_h2f_ieee", "_GLOBAL_OFFSET_TABLE_"})
    CHECK(is_allowed_symbol(name));
  for (const char* name : {"malloc", "printf", "free", "_Znwm", "__cxa_throw", "abort", "exit",
                           "_ZTV4Base", "__gxx_personality_v0", "strlen"})
    CHECK_FALSE(is_allowed_symbol(name));
}

TEST_CASE("objects with constructors, RTTI or the heap are found out") {
  const TemporaryDirectory dir;
  const auto check = [&](const std::string& text) {
    std::ofstream(dir.path() / "x.cpp") << text;
    REQUIRE(run_process({"g++", "-c", "x.cpp"}, {.directory = dir.path()}).ok());
    return code_of([&] { check_symbols(Family::Host, dir.path(), {"x.o"}); });
  };
  CHECK(check("#include <math.h>\nfloat f(float x) { return expf(x); }") == "none");
  CHECK(check("int* f() { return new int; }") == "E5205");
  CHECK(check("struct A { virtual ~A(); }; A::~A() {}") == "E5205");
  CHECK(check("int g(); int x = g();") == "E5205");
  CHECK(check("void f() { throw 1; }") == "E5205");
}

TEST_CASE("names in C strings") {
  CHECK(c_string("plain") == "\"plain\"");
  CHECK(c_string("a\"b\\c?") == "\"a\\\"b\\\\c\\?\"");
  CHECK(c_string("\n\xc3\xa9") == "\"\\012\\303\\251\"");
}

}  // namespace
}  // namespace motec
