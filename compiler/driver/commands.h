// The commands of motec, as the command line names them. Each returns an exit code; faults of the
// user leave as CompileError.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "driver/compile.h"
#include "driver/data_options.h"
#include "driver/terminal.h"

namespace motec {

// What the command line says of a model, still as text where it must be taken apart.
struct ModelArguments {
  std::filesystem::path model;
  std::string name, target = "host", optimize = "balanced", io = "float", io_layout = "model";
  std::string arena_limit, flash_limit;   // "16K"
  std::string memory;                     // "dtcm=64K,sram=256K"
  std::vector<std::string> input_shapes;  // "x=1,49,10"
  std::vector<std::string> input_values;  // "x=FILE"
  std::vector<std::string> states;        // "in=out"
  std::vector<std::string> stream_inputs, stream_times;
  std::string quantize, calibrate = "auto";
  DataArguments calibration;
  std::filesystem::path labels;  // of the calibration; empty: none
  double accuracy_budget = -1;   // percent; below 0: none
  PassOptions passes;
};

struct CompileArguments {
  std::vector<std::filesystem::path> models;
  ModelArguments model;  // what all of them have in common
  std::filesystem::path out_dir;
  std::filesystem::path emit_test, report, html, depfile;  // empty: not wanted
  double tolerance = 1e-5, drift = 0.1;
};

struct VerifyArguments {
  ModelArguments model;
  std::filesystem::path data, keep;
  std::string cflags = "-O2", cxx;
  double tolerance = 1e-5, drift = 0.1;
  int jobs = 0;          // 0: one per processor
  int time_limit = 300;  // seconds, for the program
  bool check_symbols = true;
  bool count = false;  // print the instructions of one inference
};

struct QuantizeArguments {
  ModelArguments model;
  std::filesystem::path output, report, html;  // but for output, empty: not wanted
};

struct RunArguments {
  ModelArguments model;
  std::vector<std::string> inputs;  // "x=FILE"
  DataArguments data;               // instead of `inputs`: many samples
  std::filesystem::path labels;     // of the samples; empty: none
  std::filesystem::path out_dir;    // empty: only the accuracy is wanted
};

int compile_command(const CompileArguments& arguments, Terminal& terminal);
int verify_command(const VerifyArguments& arguments, Terminal& terminal);
int run_command(const RunArguments& arguments, Terminal& terminal);
int quantize_command(const QuantizeArguments& arguments, Terminal& terminal);
int inspect_command(const ModelArguments& arguments, Terminal& terminal);
int targets_command(Terminal& terminal);

// Takes the texts apart, and reads the files of --input-value. Fails with E1102 to E1104.
CompileOptions compile_options(const ModelArguments& arguments);

// Fails with E1104, naming the choices, unless `value` is one of them.
void check_one_of(const std::string& value, std::string_view option,
                  const std::vector<std::string>& choices);

// "NAME=VALUE", at the last '=': ONNX names may hold one. Fails with E1102.
std::pair<std::string, std::string> name_and_value(const std::string& text, std::string_view option,
                                                   std::string_view example);

// "16384", "16K", "2M". Fails with E1103.
int64_t parse_size(const std::string& text, std::string_view option);

// "dtcm=64K,sram=256K". Fails with E1102, E1103 and E1119.
std::vector<MemoryLimit> parse_memories(const std::string& text);

// A tensor in a .npy or .pb file. Fails with E5029 for other names.
Tensor read_tensor_by_name(const std::filesystem::path& path);

}  // namespace motec
