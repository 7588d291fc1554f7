#include "driver/cli.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>

#include "driver/commands.h"
#include "support/diag.h"
#include "support/text.h"

namespace motec {
namespace {

constexpr int kDone = 0, kUserFault = 1, kBug = 70;

constexpr const char* kExamples = R"(Examples:
  motec inspect kws.onnx
  motec compile kws.onnx -o generated --target cortex-m4
  motec compile kws.onnx -o generated --arena-limit 16K --report kws.json --html kws.html
  motec compile kws.onnx -o generated --emit-test samples.npz
  motec compile kws.onnx vww.onnx -o generated --target cortex-m7
  motec verify kws.onnx --data samples.npz --target cortex-m55
  motec compile kws.onnx -o generated --quantize int8 --calibration samples.npy
  motec quantize kws.onnx -o kws_int8.onnx --calibration samples.npy
  motec run kws.onnx --input mfcc=mfcc.npy -o results
  motec run kws.onnx --data samples.npy --labels labels.txt
`motec COMMAND --help` tells the options of a command.)";

// Options that may be given several times, one value each.
void add_repeatable(CLI::App* app, const std::string& name, std::vector<std::string>& values,
                    const std::string& type, const std::string& help) {
  app->add_option(name, values, help)->type_name(type)->allow_extra_args(false);
}

void add_inputs(CLI::App* app, ModelArguments& arguments) {
  add_repeatable(app, "--input-shape", arguments.input_shapes, "NAME=1,49,10",
                 "Binds open dimensions of an input; may be repeated");
  add_repeatable(app, "--input-value", arguments.input_values, "NAME=FILE",
                 "Makes an input a constant, from a .npy or .pb file; may be repeated");
}

void add_model(CLI::App* app, ModelArguments& arguments) {
  app->add_option("MODEL", arguments.model, "The ONNX model")->required()->type_name("FILE");
  add_inputs(app, arguments);
}

void add_target(CLI::App* app, ModelArguments& arguments) {
  app->add_option("--target", arguments.target,
                  "The core to compile for; `motec targets` lists them")
      ->type_name("T")
      ->capture_default_str();
}

constexpr const char* kDataHelp =
    "DATA: a directory with test_data_set_*/input_*.pb, an .npy, .npz, image or WAV file, or a "
    "directory of those";

// How --quantize works.
void add_quantizer_options(CLI::App* app, ModelArguments& arguments) {
  add_data_options(*app, "--calibration", std::string("Samples for the quantizer. ") + kDataHelp,
                   arguments.calibration);
  app->add_option("--calibrate", arguments.calibrate,
                  "How ranges are found: minmax, average, percentile, entropy, mse, or auto, which "
                  "chooses for each tensor by measured error")
      ->type_name("METHOD")
      ->capture_default_str();
  app->add_option("--accuracy-budget", arguments.accuracy_budget,
                  "Most error of the outputs (before a last Softmax), RMS in percent of theirs, or "
                  "with --labels, most accuracy lost, in percent of the samples: layers that hurt "
                  "most get int16 activations or stay float until it is kept")
      ->type_name("PERCENT")
      ->check(CLI::NonNegativeNumber);
  app->add_option("--labels", arguments.labels,
                  "Classes of the samples, .npy or text: shows accuracy before and after")
      ->type_name("FILE");
}

// What changes the emitted code.
void add_code_options(CLI::App* app, ModelArguments& arguments) {
  add_target(app, arguments);
  app->add_option("--name", arguments.name,
                  "Prefix of files and functions; default: the model's file")
      ->type_name("NAME");
  app->add_option("--optimize", arguments.optimize, "speed, balanced, ram, ram=min or flash")
      ->type_name("GOAL")
      ->capture_default_str();
  app->add_option("--arena-limit", arguments.arena_limit, "Most bytes of the arena, like 16K")
      ->type_name("N");
  app->add_option("--memory", arguments.memory,
                  "Memories for the arena's parts, the fastest first, like dtcm=64K,sram=256K")
      ->type_name("NAME=N,...");
  app->add_option("--flash-limit", arguments.flash_limit,
                  "Most bytes of weights, like 1M; with --quantize, layers that bear it best get "
                  "weights of 4 bits until it is kept")
      ->type_name("N");
  app->add_option("--io", arguments.io,
                  "Types of inputs and outputs: float, or quantized where the model quantizes them")
      ->type_name("KIND")
      ->capture_default_str();
  app->add_option("--io-layout", arguments.io_layout,
                  "Order of images: model (NCHW) or nhwc (channels last)")
      ->type_name("ORDER")
      ->capture_default_str();
  app->add_option("--quantize", arguments.quantize,
                  "Quantizes the model: int8, or int4 for weights of 4 bits; needs --calibration")
      ->type_name("TYPE");
  add_quantizer_options(app, arguments);
  add_repeatable(app, "--state", arguments.states, "IN=OUT",
                 "Feeds an output back to an input at the next call; may be repeated");
  add_repeatable(app, "--stream-input", arguments.stream_inputs, "NAME",
                 "Takes an input row by row, so that it never stands whole in RAM; may be repeated "
                 "for other models");
  add_repeatable(app, "--stream-time", arguments.stream_times, "NAME[=N]",
                 "Slides along an input: each call takes its N newest frames, and computes what is "
                 "new; N is the least possible if not given; may be repeated for other models");
  app->add_option("--dump", arguments.passes.dump,
                  "Prints the graph to standard error: all, before:PASS or after:PASS")
      ->type_name("WHEN");
  app->add_flag("--prune,!--no-prune", arguments.passes.prune,
                "Removes channels of quantized layers that are constant or unread (default)");
  app->add_flag("--verify-each", arguments.passes.verify_each,
                "Compares the results before and after every pass");
  app->add_option("--rewrite-limit", arguments.passes.rewrite_limit,
                  "Stops rewriting after N matches, to find a faulty rule")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
}

void add_tolerances(CLI::App* app, double& tolerance, double& drift) {
  app->add_option("--tolerance", tolerance,
                  "How much floats may differ, relative to an output's largest magnitude")
      ->type_name("X")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app->add_option("--drift", drift,
                  "How much a quantized network may differ from the data, relative to an output's "
                  "largest magnitude")
      ->type_name("X")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

// The parser and the arguments that it fills. `action` is what the chosen command does.
class CommandLine {
 public:
  CommandLine() {
    app_.set_version_flag("--version", "motec " MOTE_VERSION);
    app_.footer(kExamples);
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.get_formatter()->column_width(34);
    auto* quiet = app_.add_flag("-q,--quiet", quiet_, "No output but errors and asked-for results");
    app_.add_flag("-v,--verbose", verbose_, "More output, also when it is piped")->excludes(quiet);
    add_compile();
    add_quantize();
    add_run();
    add_verify();
    add_inspect();
    add_command("targets", "Lists the targets", [](Terminal& t) { return targets_command(t); });
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return report(error, {argv + 1, argv + argc});
    }
    using Level = Terminal::Level;
    Terminal terminal(quiet_ ? Level::Quiet : verbose_ ? Level::Verbose : Level::Normal);
    return action_(terminal);
  }

 private:
  using Action = std::function<int(Terminal&)>;

  CLI::App* add_command(const std::string& name, const std::string& help, Action action) {
    CLI::App* app = app_.add_subcommand(name, help);
    app->callback([this, action] { action_ = action; });
    return app;
  }

  void add_compile() {
    CLI::App* app = add_command("compile", "Writes C++ for one or several models",
                                [this](Terminal& t) { return compile_command(compile_, t); });
    app->add_option("MODEL", compile_.models,
                    "The ONNX models; an option that names an input is for those that have it")
        ->required()
        ->type_name("FILE");
    add_inputs(app, compile_.model);
    app->add_option("-o,--output", compile_.out_dir, "Where the files go")
        ->required()
        ->type_name("DIR");
    add_code_options(app, compile_.model);
    app->add_option("--emit-test", compile_.emit_test,
                    std::string("Also writes NAME_test.cpp, a self-checking program. ") + kDataHelp)
        ->type_name("DATA");
    add_tolerances(app, compile_.tolerance, compile_.drift);
    app->add_option("--report", compile_.report, "Also writes what was decided, as JSON")
        ->type_name("FILE.json");
    app->add_option("--html", compile_.html, "Also writes what was decided, as a page")
        ->type_name("FILE.html");
    app->add_option("--depfile", compile_.depfile, "Also writes a Make rule of all files read")
        ->type_name("FILE");
  }

  void add_quantize() {
    CLI::App* app = add_command("quantize", "Writes a quantized ONNX model",
                                [this](Terminal& t) { return quantize_command(quantize_, t); });
    add_model(app, quantize_.model);
    app->add_option("-o,--output", quantize_.output, "The model to write")
        ->required()
        ->type_name("FILE.onnx");
    quantize_.model.quantize = "int8";
    app->add_option("--quantize", quantize_.model.quantize, "int8, or int4 for weights of 4 bits")
        ->type_name("TYPE")
        ->capture_default_str();
    add_quantizer_options(app, quantize_.model);
    app->add_option("--report", quantize_.report, "Also writes what was decided, as JSON")
        ->type_name("FILE.json");
    app->add_option("--html", quantize_.html, "Also writes what was decided, as a page")
        ->type_name("FILE.html");
  }

  void add_run() {
    CLI::App* app = add_command("run", "Evaluates a model on this machine",
                                [this](Terminal& t) { return run_command(run_, t); });
    add_model(app, run_.model);
    add_repeatable(app, "--input", run_.inputs, "NAME=FILE",
                   "An input, from a .npy or .pb file; one for each");
    add_data_options(*app, "--data", std::string("Instead of --input, samples. ") + kDataHelp,
                     run_.data);
    app->get_option("--data")->excludes("--input");
    app->add_option("--labels", run_.labels,
                    "Prints accuracy and confusion: the class of each sample, as .npy or text")
        ->type_name("FILE");
    app->add_option("-o,--output", run_.out_dir, "Where the outputs go, as NAME.npy")
        ->type_name("DIR");
  }

  void add_verify() {
    CLI::App* app = add_command("verify", "Builds the emitted code, runs it, and compares",
                                [this](Terminal& t) { return verify_command(verify_, t); });
    add_model(app, verify_.model);
    app->add_option("--data", verify_.data, std::string("Test data. ") + kDataHelp)
        ->required()
        ->type_name("DATA");
    add_code_options(app, verify_.model);
    add_tolerances(app, verify_.tolerance, verify_.drift);
    app->add_option("--cflags", verify_.cflags, "Options for the compiler")->capture_default_str();
    app->add_option("--cxx", verify_.cxx, "The compiler, if not the target's usual one")
        ->type_name("CMD");
    app->add_option("--keep", verify_.keep, "Builds here, and leaves the files")->type_name("DIR");
    app->add_option("--jobs,-j", verify_.jobs, "Compilers at a time; default: one per processor")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    app->add_flag("--count", verify_.count,
                  "Also counts the instructions of one inference (emulated boards only)");
    app->add_option("--time-limit", verify_.time_limit, "Seconds that the program may run")
        ->type_name("S")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app->add_flag("--check-symbols,!--no-check-symbols", verify_.check_symbols,
                  "Checks what the emitted objects refer to (default)");
  }

  void add_inspect() {
    CLI::App* app =
        add_command("inspect", "Tells what a model holds and what blocks its compilation",
                    [this](Terminal& t) { return inspect_command(inspect_, t); });
    add_model(app, inspect_);
    add_target(app, inspect_);
  }

  // CLI11 only says that there must be a command.
  void check_command(const std::vector<std::string>& words) const {
    std::vector<std::string> names;
    for (const CLI::App* app : app_.get_subcommands({})) names.push_back(app->get_name());
    for (const std::string& word : words) {
      if (word.starts_with('-')) continue;
      const std::string near = nearest(word, names);
      fail({.code = "E1100",
            .message = fmt::format("there is no command '{}'", word),
            .hint = near.empty() ? fmt::format("the commands are {}", fmt::join(names, ", "))
                                 : fmt::format("did you mean '{}'?", near)});
    }
  }

  int report(const CLI::ParseError& error, const std::vector<std::string>& words) const {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      app_.exit(error);  // help or version
      return kDone;
    }
    if (app_.get_subcommands().empty()) check_command(words);
    std::string command;
    for (const CLI::App* app : app_.get_subcommands()) command = " " + app->get_name();
    fail({.code = "E1100",
          .message = error.what(),
          .hint = fmt::format("`motec{} --help` tells how it is used", command)});
  }

  CLI::App app_{"motec compiles ONNX models to standalone C++ for microcontrollers.", "motec"};
  CompileArguments compile_;
  QuantizeArguments quantize_;
  VerifyArguments verify_;
  RunArguments run_;
  ModelArguments inspect_;
  bool quiet_ = false, verbose_ = false;
  Action action_;
};

// The first line of an error is bold red on a terminal.
void print_error(const std::string& text) {
  const Palette palette = palette_of(STDERR_FILENO);
  const size_t colon = text.find(':');
  if (text.starts_with("error") && colon != text.npos) {
    fmt::print(stderr, "{}{}{}{}{}", palette.bold, palette.bad, text.substr(0, colon),
               palette.reset, text.substr(colon));
  } else {
    fmt::print(stderr, "{}", text);
  }
}

}  // namespace

int run_command_line(int argc, char** argv) {
  try {
    return CommandLine().run(argc, argv);
  } catch (const CompileError& error) {
    print_error(error.what());
    return kUserFault;
  } catch (const InternalError& error) {
    fmt::print(stderr, "{}\n", error.what());
  } catch (const std::exception& error) {
    fmt::print(stderr, "this is a bug in motec: unexpected {}\n", error.what());
  }
  return kBug;
}

}  // namespace motec
