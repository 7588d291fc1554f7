#include "driver/builder.h"

#include <algorithm>

#include "support/diag.h"
#include "support/files.h"
#include "support/resources.h"
#include "support/text.h"

namespace motec {
namespace {

const Argv kCxxFlags = {
    "-std=c++17",          "-Wall",          "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti",
    "-ffunction-sections", "-fdata-sections"};
const Argv kBoardFlags = {"-O2", "-ffunction-sections", "-fdata-sections"};

struct Package {
  std::string_view program, packages;
};

// Where Debian has them.
constexpr Package kPackages[] = {
    {"g++", "g++"},
    {"clang++", "clang"},
    {"clang++-19", "clang-19"},
    {"arm-none-eabi-g++", "gcc-arm-none-eabi, libnewlib-arm-none-eabi"},
    {"riscv64-unknown-elf-g++", "gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf"},
    {"riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf"},
    {"aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu"},
    {"arm-linux-gnueabihf-g++", "g++-arm-linux-gnueabihf"},
    {"qemu-system-arm", "qemu-system-arm"},
    {"qemu-system-riscv32", "qemu-system-misc"},
    {"qemu-system-riscv64", "qemu-system-misc"},
    {"qemu-aarch64", "qemu-user"},
    {"qemu-arm", "qemu-user"},
};

void check_program(const std::string& program, std::string_view code, std::string_view purpose) {
  if (is_executable(program)) return;
  Diag diag{.code = std::string(code),
            .message = fmt::format("{} is not installed, which {}", program, purpose)};
  for (const Package& package : kPackages)
    if (package.program == program)
      diag.hint = fmt::format("install Debian's {}", package.packages);
  fail(std::move(diag));
}

Argv words(std::string_view text) {
  Argv argv;
  for (const std::string& word : split(text, ' '))
    if (!word.empty()) argv.push_back(word);
  return argv;
}

void append(Argv& to, const Argv& more) { to.insert(to.end(), more.begin(), more.end()); }

// What a compiler said, which may be very long, from its first error on.
std::vector<std::string> message_lines(const ProcessResult& result) {
  constexpr size_t kShown = 12;
  std::vector<std::string> lines = split(trim(result.err.empty() ? result.out : result.err), '\n');
  const auto error = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("error: ") != line.npos || line.find("undefined reference") != line.npos;
  });
  if (error != lines.end()) lines.erase(lines.begin(), error);
  if (lines.size() > kShown) lines.resize(kShown);
  if (result.timed_out) lines.push_back("it ran longer than its time limit");
  return lines;
}

[[noreturn]] void fail_to_build(const Argv& argv, const ProcessResult& result) {
  fail({.code = "E5203",
        .message = fmt::format("the emitted code does not build: {} failed", argv[0]),
        .where = command_text(argv),
        .why = message_lines(result),
        .hint = "check --cflags and --cxx; with --keep DIR the sources stay for a closer look"});
}

}  // namespace

Builder::Builder(const Target& target, std::filesystem::path dir, BuildOptions options)
    : target_(target),
      dir_(std::move(dir)),
      options_(std::move(options)),
      tools_(toolchain_of(target)),
      cflags_(words(options_.cflags)) {
  if (const Argv other = words(options_.cxx); !other.empty()) {
    // The target's flags stay. So does the linker of boards, which knows their C library, and any
    // other that is not the compiler.
    const bool links = tools_.board_sources.empty() && tools_.link.front() == tools_.cxx.front();
    for (Argv* argv : {&tools_.cxx, &tools_.link}) {
      if (argv == &tools_.link && !links) continue;
      argv->erase(argv->begin());
      argv->insert(argv->begin(), other.begin(), other.end());
    }
  }
  // The sanitizers' libraries are shared objects.
  if (is_instrumented()) std::erase(tools_.link_end, "-static");
}

bool Builder::is_instrumented() const {
  return std::any_of(cflags_.begin(), cflags_.end(), [](const std::string& flag) {
    return flag.starts_with("-fsanitize") || flag == "--coverage" || flag.starts_with("-fprofile");
  });
}

void Builder::check_tools() const {
  check_program(tools_.cxx[0], "E5201", fmt::format("compiles for {}", target_.name));
  check_program(tools_.link[0], "E5201", fmt::format("links for {}", target_.name));
  if (!tools_.board_sources.empty())
    check_program(tools_.cc[0], "E5201",
                  fmt::format("compiles start-up code for {}", target_.name));
  if (!tools_.run.empty())
    check_program(tools_.run[0], "E5202", fmt::format("runs programs for {}", target_.name));
}

void Builder::write_board() const {
  std::map<std::string, std::string> files;
  for (const Resource& r : all_resources())
    if (r.path.starts_with("board/")) files[std::string(r.path)] = r.text;
  write_files(dir_, files);
}

Argv Builder::compile_argv(const std::string& source) const {
  Argv argv = tools_.cxx;
  append(argv, kCxxFlags);
  append(argv, cflags_);
  append(argv, {"-I.", "-c", source, "-o", source.substr(0, source.rfind('.')) + ".o"});
  return argv;
}

void Builder::build(const std::vector<std::string>& sources) {
  std::vector<Argv> commands;
  Argv objects;
  for (const std::string& source : sources) {
    commands.push_back(compile_argv(source));
    objects.push_back(commands.back().back());
  }
  if (tools_.uses_linker_script) write_board();
  for (const std::string& source : tools_.board_sources) {
    Argv argv = tools_.cc;
    append(argv, kBoardFlags);
    append(argv, {"-c", "board/" + source, "-o", fmt::format("board/{}.o", source)});
    objects.push_back(argv.back());
    commands.push_back(std::move(argv));
  }
  const ProcessOptions in_dir{.directory = dir_};
  const auto results = run_processes(commands, in_dir, options_.jobs);
  for (size_t i = 0; i < results.size(); ++i)
    if (results[i] && !results[i]->ok()) fail_to_build(commands[i], *results[i]);

  Argv link = tools_.link;
  // -flto and -fsanitize are also for the linker, unless it belongs to another compiler.
  if (target_.family != Family::RiscvClang) append(link, cflags_);
  append(link, objects);
  if (tools_.uses_linker_script) append(link, {"-T", "board/board.ld"});
  append(link, tools_.link_end);
  append(link, {"-o", "test.elf"});
  const ProcessResult result = run_process(link, in_dir);
  if (!result.ok()) fail_to_build(link, result);
}

ProcessResult Builder::run(int seconds) const {
  Argv argv = options_.count ? tools_.run_counted : tools_.run;
  argv.push_back(argv.empty() ? "./test.elf" : "test.elf");
  return run_process(argv, {.directory = dir_, .seconds = seconds});
}

}  // namespace motec
