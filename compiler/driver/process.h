// Runs other programs: argument lists without a shell, no standard input, captured output, and an
// end after a time limit.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "target/toolchain.h"

namespace motec {

struct ProcessOptions {
  std::filesystem::path directory = {};  // to run in; empty: this process's
  int seconds = 300;                     // then it is killed, with all that it started
};

struct ProcessResult {
  int exit_code = 0;  // 128 + the signal, if one ended it
  bool timed_out = false;
  std::string out, err;  // cut after a few MiB
  bool ok() const { return exit_code == 0 && !timed_out; }
};

ProcessResult run_process(const Argv& argv, const ProcessOptions& options = {});

// Runs several commands, `jobs` at a time; results in the order of the commands. After one fails no
// further ones are started; those that were not have no result.
std::vector<std::optional<ProcessResult>> run_processes(const std::vector<Argv>& commands,
                                                        const ProcessOptions& options, int jobs);

// Whether a program of that name can be found on PATH, or the name is a path to one.
bool is_executable(const std::string& name);

// A command as text that can be pasted into a shell.
std::string command_text(const Argv& argv);

// A new directory for temporary files, removed with all it holds when this object goes.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace motec
