// motec verify: builds the emitted code for a target, runs it there, and compares.
#include <algorithm>
#include <cstdio>
#include <thread>

#include "driver/builder.h"
#include "driver/commands.h"
#include "driver/quantizing.h"
#include "driver/symbols.h"
#include "driver/testing.h"
#include "support/diag.h"
#include "support/files.h"
#include "support/identifier.h"
#include "support/text.h"

namespace motec {
namespace fs = std::filesystem;
namespace {

// The sources of a bundle, without the test program: what a user ships.
std::vector<std::string> model_sources(const Program& program) {
  return {program.name + ".cpp", program.name + "_weights.cpp"};
}

// "text 5120, data 0, bss 0 bytes"; empty where the tool is missing.
std::string sizes(const Program& program, const fs::path& dir) {
  Argv argv = {binutil(program.target->family, "size"), "-t"};
  for (const std::string& source : model_sources(program))
    argv.push_back(source.substr(0, source.rfind('.')) + ".o");
  if (!is_executable(argv[0])) return {};
  const ProcessResult result = run_process(argv, {.directory = dir});
  for (const std::string& line : split(result.out, '\n')) {
    unsigned long text = 0, data = 0, bss = 0;
    if (line.find("(TOTALS)") != line.npos &&
        std::sscanf(line.c_str(), "%lu %lu %lu", &text, &data, &bss) == 3)
      return fmt::format("text {}, data {}, bss {} bytes", text, data, bss);
  }
  return {};
}

std::string coloured(const std::string& line, const Palette& palette) {
  if (line.ends_with("FAILED") || line.ends_with("FAIL") || line.find("OVERRUN") != line.npos)
    return fmt::format("{}{}{}", palette.bad, line, palette.reset);
  if (line.ends_with("PASS")) return fmt::format("{}{}{}", palette.good, line, palette.reset);
  return line;
}

// Shows what the program printed; returns the command's exit code.
int judge(const ProcessResult& result, const Program& program, int time_limit, Terminal& terminal) {
  const std::string passed = fmt::format("{}: PASS", program.name);
  const std::string failed = fmt::format("{}: FAIL", program.name);
  std::string last;
  for (const std::string& line : split(trim(result.out), '\n')) {
    last = trim(line);
    if (!last.empty()) terminal.print(coloured(last, terminal.palette()) + "\n");
  }
  if (result.ok() && last == passed) return 0;
  if (result.exit_code == 1 && last == failed) return 1;
  Diag diag{.code = "E5204",
            .message = result.timed_out
                           ? fmt::format("the program ran longer than {} seconds", time_limit)
                           : fmt::format("the program ended with {} before its verdict",
                                         result.exit_code > 128
                                             ? fmt::format("signal {}", result.exit_code - 128)
                                             : fmt::format("exit code {}", result.exit_code))};
  if (!trim(result.err).empty()) diag.why = split(trim(result.err), '\n');
  if (result.timed_out) diag.hint = "raise --time-limit, or use fewer data sets";
  fail(std::move(diag));
}

void require_board(const Target& target) {
  if (!toolchain_of(target).board_sources.empty()) return;
  fail({.code = "E5207",
        .message = fmt::format("instructions are not counted on {}", target.name),
        .hint = "choose a core of the Cortex-M or RISC-V families"});
}

int job_count(int asked) {
  return asked > 0 ? asked : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace

int verify_command(const VerifyArguments& arguments, Terminal& terminal) {
  CompileOptions options = compile_options(arguments.model);
  show_progress(options, terminal);
  const std::string source = options.model.filename().string();
  const TemporaryDirectory temporary;
  const fs::path dir = arguments.keep.empty() ? temporary.path() : arguments.keep;
  const Target& target = find_target(options.target);
  BuildOptions build{.cflags = arguments.cflags,
                     .cxx = arguments.cxx,
                     .jobs = job_count(arguments.jobs),
                     .count = arguments.count};
  if (arguments.count) {
    require_board(target);
    build.cflags += fmt::format(" -D{}_TEST_COUNT", upper(model_name(options)));
  }
  Builder builder(target, dir, build);
  builder.check_tools();

  terminal.progress(fmt::format("compiling {}", source));
  const Program program = compile_program(options);
  Files files = make_bundle(program, source);
  terminal.progress("making the test program");
  const TestData tests = load_test_data(options, program, arguments.data, arguments.drift);
  files.merge(make_testbench(program, source, tests.sets, arguments.tolerance));
  write_files(dir, files);
  for (const std::string& note : tests.notes) terminal.note(note);
  if (tests.evaluated)
    terminal.note(fmt::format("{}: {} of {} sets expect what the reference evaluation gives",
                              program.name, tests.evaluated, tests.sets.size()));

  terminal.progress(fmt::format("building for {}", target.name));
  std::vector<std::string> sources = model_sources(program);
  sources.push_back(program.name + "_test.cpp");
  builder.build(sources);
  if (arguments.check_symbols && !builder.is_instrumented()) {
    std::vector<std::string> objects;
    for (const std::string& name : model_sources(program))
      objects.push_back(name.substr(0, name.rfind('.')) + ".o");
    check_symbols(target.family, dir, objects);
  }
  if (const std::string text = sizes(program, dir); !text.empty())
    terminal.note(fmt::format("{}: {}", program.name, text));

  terminal.progress(fmt::format("running on {}", target.name));
  return judge(builder.run(arguments.time_limit), program, arguments.time_limit, terminal);
}

}  // namespace motec
