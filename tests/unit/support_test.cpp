// support/: diagnostics, files, identifiers, text.
#include <catch2/catch.hpp>
#include <fstream>

#include "support/diag.h"
#include "support/files.h"
#include "support/golden.h"
#include "support/identifier.h"
#include "support/text.h"

namespace motec {
namespace {

namespace fs = std::filesystem;
using test::ScratchDirectory;

template <class Body>
CompileError error_of(Body body) {
  try {
    body();
  } catch (const CompileError& error) {
    return error;
  }
  FAIL("no CompileError was thrown");
  throw;
}

TEST_CASE("a diagnostic says what, where, why and what to do") {
  const Diag full{"E2104", "what", "where", {"one", "two"}, "try this"};
  CHECK(std::string(CompileError({full}).what()) ==
        "error[E2104]: what\n  where: where\n  why:   one\n  why:   two\n  hint:  try this\n");
  CHECK(std::string(CompileError({{"E1", "a"}, {"E2", "b"}}).what()) ==
        "error[E1]: a\nerror[E2]: b\n");
}

TEST_CASE("contexts are added innermost first") {
  const CompileError error = error_of([] {
    with_context("compiling", [] { with_context("importing", [] { fail({"E1", "a"}); }); });
  });
  CHECK(std::string(error.what()) == "error[E1]: a\n  while importing\n  while compiling\n");
  CHECK(error.diags().size() == 1);
  CHECK(with_context("adding", [] { return 3; }) == 3);
}

TEST_CASE("a failed internal check names its place") {
  internal_check(true, "not thrown");
  CHECK_THROWS_WITH(internal_check(1 == 2, "{} is not {}", 1, 2),
                    Catch::Matches("this is a bug in motec: 1 is not 2 "
                                   "\\(support_test.cpp:[0-9]+\\)"));
}

TEST_CASE("files are written with their folders and read back") {
  const ScratchDirectory scratch;
  const std::string text("a\0b\r\n", 5);
  write_files(scratch / "out", {{"a.txt", text}, {"mote/isa/b.h", ""}});
  CHECK(read_file(scratch / "out/a.txt") == text);
  CHECK(read_file(scratch / "out/mote/isa/b.h").empty());
  CHECK(test::listing(scratch / "out") == "a.txt: " + text + "\nmote\nmote/isa\nmote/isa/b.h: ");
  write_file(scratch / "out/a.txt", "new");
  CHECK(read_file(scratch / "out/a.txt") == "new");
}

TEST_CASE("a file that would not change keeps its time") {
  const ScratchDirectory scratch;
  write_file(scratch / "a", "same");
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(scratch / "a", old);
  const auto before = fs::last_write_time(scratch / "a");
  write_file(scratch / "a", "same");
  CHECK(fs::last_write_time(scratch / "a") == before);
  write_file(scratch / "a", "else");
  CHECK(fs::last_write_time(scratch / "a") != before);
}

// Tests may run as root, who may write anywhere: what is in the way is a file or a directory.
TEST_CASE("a write that fails leaves everything as it was") {
  const ScratchDirectory scratch;
  write_file(scratch / "first", "old");
  write_file(scratch / "file", "");
  fs::create_directory(scratch / "taken");
  const std::string before = test::listing(scratch.path());
  SECTION("a folder's name is that of a file") {
    const CompileError error = error_of([&] {
      write_files(scratch.path(), {{"another", "x"}, {"file/below", "x"}, {"first", "new"}});
    });
    CHECK(error.diags()[0].code == "E1002");
  }
  SECTION("a file's name is that of a folder") {
    const CompileError error = error_of([&] {
      write_files(scratch.path(), {{"another", "x"}, {"first", "new"}, {"taken", "x"}});
    });
    CHECK(error.diags()[0].code == "E1002");
  }
  CHECK(test::listing(scratch.path()) == before);
}

TEST_CASE("what cannot be read is named") {
  const ScratchDirectory scratch;
  CHECK(error_of([&] { read_file(scratch / "none"); }).diags()[0].why[0] ==
        "No such file or directory");
  CHECK(error_of([&] { read_file(scratch.path()); }).diags()[0].why[0] == "it is a directory");
}

TEST_CASE("identifiers") {
  const auto [name, id] = GENERATE(table<std::string, std::string>({
      {"x", "x"},
      {"serving_default_input:0", "serving_default_input_0"},
      {"/features/conv1/Conv", "features_conv1_Conv"},
      {"a__b", "a_b"},
      {"__a__", "a"},
      {"_", "x"},
      {"", "x"},
      {"0", "n0"},
      {"42 is 42", "n42_is_42"},
      {"größe", "gr_e"},
      {"int", "int_"},
      {"class", "class_"},
      {"restrict", "restrict_"},
      {"Int", "Int"},
      {"-int-", "int_"},
  }));
  CHECK(identifier(name) == id);
  CHECK(identifier(id) == id);
}

TEST_CASE("spellings of identifiers") {
  CHECK(upper("kws_1") == "KWS_1");
  CHECK(camel("kws_1") == "Kws1");
  CHECK(camel("tiny_ecg_net") == "TinyEcgNet");
}

TEST_CASE("unique names differ, whatever is asked for") {
  UniqueNames names;
  CHECK(names.make("a") == "a");
  CHECK(names.make("a") == "a_2");
  CHECK(names.make("a/") == "a_3");
  CHECK(names.make("a_2") == "a_2_2");
  CHECK(names.make("int") == "int_");
  CHECK(names.make("int-") == "int__2");
}

// Emitted names also become macros in capitals.
TEST_CASE("unique names differ without regard to case") {
  UniqueNames names;
  std::set<std::string> seen;
  for (const char* name : {"x", "X", "x_2", "X_2", "data", "Data", "DATA"})
    CHECK(seen.insert(upper(names.make(name))).second);
}

TEST_CASE("text is split and trimmed") {
  CHECK(split("a,b,,c", ',') == std::vector<std::string>{"a", "b", "", "c"});
  CHECK(split("", ',') == std::vector<std::string>{""});
  CHECK(split(",", ',') == std::vector<std::string>{"", ""});
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim("  ").empty());
}

TEST_CASE("the nearest word") {
  const std::vector<std::string> words = {"cortex-m4", "cortex-m7", "host", "aarch64"};
  CHECK(nearest("cortexm4", words) == "cortex-m4");
  CHECK(nearest("hots", words) == "host");
  CHECK(nearest("aarch-64", words) == "aarch64");
  CHECK(nearest("xyz", words).empty());
  CHECK(nearest("", words).empty());
}

}  // namespace
}  // namespace motec
