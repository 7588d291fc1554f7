// Builds and runs a test program with the tools of a target.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "driver/process.h"
#include "target/toolchain.h"

namespace motec {

struct BuildOptions {
  std::string cflags;  // words
  std::string cxx;     // a command to use in place of the target's compiler; empty: the target's
  int jobs = 1;
  bool count = false;  // run where board_instructions() counts
};

class Builder {
 public:
  // `dir` is where the sources are and all else goes.
  Builder(const Target& target, std::filesystem::path dir, BuildOptions options);

  // Fails with E5201 (no compiler) or E5202 (no emulator), naming the package to install.
  void check_tools() const;

  // Compiles the sources (names in `dir`) to objects "NAME.o" and links them with the board's
  // start-up code to a program. Fails with E5203.
  void build(const std::vector<std::string>& sources);

  // Runs the program, where the target demands it in the emulator.
  ProcessResult run(int seconds) const;

  // Flags of instrumentation: their objects are not what a user would ship.
  bool is_instrumented() const;

 private:
  void write_board() const;
  Argv compile_argv(const std::string& source) const;

  const Target& target_;
  std::filesystem::path dir_;
  BuildOptions options_;
  Toolchain tools_;
  Argv cflags_;
};

}  // namespace motec
