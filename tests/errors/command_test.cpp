// The command line and the CMake function: exit status 1, a message on standard error, and an
// output directory that is as it was before.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "driver/dataset.h"
#include "driver/process.h"
#include "eval/npy.h"
#include "ir/tensor.h"
#include "support/error_case.h"
#include "support/files.h"
#include "support/golden.h"

namespace motec::test {
namespace {

struct Outcome {
  int status;
  std::string out, err;
};

Outcome run(const std::string& command, const ScratchDirectory& scratch) {
  const std::string redirected =
      "cd '" + scratch.path().string() + "' && " + command + " </dev/null >stdout.txt 2>stderr.txt";
  const int status = std::system(redirected.c_str());
  Outcome outcome{WEXITSTATUS(status), read_file(scratch / "stdout.txt"),
                  read_file(scratch / "stderr.txt")};
  for (const char* name : {"stdout.txt", "stderr.txt"}) std::filesystem::remove(scratch / name);
  return outcome;
}

// What the cases below refer to: models, and files in the way.
void prepare(const ScratchDirectory& scratch) {
  const std::string model = read_file(MOTE_MODELS_DIR "/digits/model.onnx");
  write_file(scratch / "digits.onnx", model);
  write_file(scratch / "more.onnx", model);
  write_file(scratch / "copy/Digits.onnx", model);
  write_file(scratch / "damaged.onnx", model.substr(0, model.size() / 2));
  OnnxBuilder b;
  b.input("x", {"batch", 4});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
  write_file(scratch / "open.onnx", b.bytes());
  OnnxBuilder unsupported;
  unsupported.input("x", {4});
  unsupported.node("Scan", {"x"}, {"y"});
  unsupported.output("y");
  write_file(scratch / "unsupported.onnx", unsupported.bytes());
  write_file(scratch / "file", "not a directory");
  write_file(scratch / "x.txt", "no tensor");
  write_file(scratch / "out/old.txt", "was here before");
  write_file(scratch / "data/0.npy", "no array");
  write_file(scratch / "x.npy", serialize_npy(Tensor::zeros(DType::F32, {2, 4})));
  write_file(scratch / "images.npy", serialize_npy(Tensor::zeros(DType::F32, {3, 1, 1, 8, 8})));
  write_file(scratch / "labels.txt", "1\n2\n");
}

struct Case {
  const char *name, *arguments;
};

constexpr Case kCases[] = {
    {"command_missing", ""},
    {"command_unknown", "translate digits.onnx"},
    {"option_unknown", "compile digits.onnx -o out --fast"},
    {"option_missing", "compile digits.onnx"},
    {"cli_no_model", "compile none.onnx -o out"},
    {"cli_damaged_model", "compile damaged.onnx -o out"},
    {"cli_unsupported", "compile unsupported.onnx -o out"},
    {"cli_open_dimensions", "compile open.onnx -o out"},
    {"cli_target", "compile digits.onnx -o out --target cortex-m44"},
    {"cli_input_shape", "compile open.onnx -o out --input-shape x=1,four"},
    {"cli_input_shape_name", "compile open.onnx -o out --input-shape 1,4"},
    {"cli_size", "compile digits.onnx -o out --arena-limit 16KB"},
    {"cli_memory", "compile digits.onnx -o out --memory dtcm"},
    {"cli_memory_size", "compile digits.onnx -o out --memory dtcm=64KB"},
    {"cli_memory_name", "compile digits.onnx -o out --memory sram-1=64K"},
    {"cli_memory_reserved", "compile digits.onnx -o out --memory state=64K"},
    {"cli_memory_limit", "compile digits.onnx -o out --memory dtcm=4K,sram=64K --arena-limit 16K"},
    {"cli_memory_twice", "compile digits.onnx -o out --memory ram=64K,RAM=1M"},
    {"cli_optimize", "compile digits.onnx -o out --optimize spede"},
    {"cli_io_quantized", "compile digits.onnx -o out --io quantized"},
    {"cli_io_layout", "compile digits.onnx -o out --io-layout nhcw"},
    {"cli_stream_input", "compile digits.onnx -o out --stream-input photo"},
    {"cli_stream_time", "compile digits.onnx -o out --stream-time photo"},
    {"cli_stream_times", "compile digits.onnx -o out --stream-time image --stream-time x"},
    {"cli_stream_both", "compile digits.onnx -o out --stream-time image --stream-input image"},
    {"cli_stream_frames", "compile digits.onnx -o out --stream-time image=two"},
    {"cli_stream_window", "compile digits.onnx -o out --stream-time image=8"},
    {"cli_stream_padded", "compile digits.onnx -o out --stream-time image"},
    {"cli_stream_inputs", "compile digits.onnx -o out --stream-input image --stream-input x"},
    {"cli_quantize", "compile digits.onnx -o out --quantize int8"},
    {"cli_calibration", "compile digits.onnx -o out --calibration x.npy"},
    {"cli_quantize_type", "compile digits.onnx -o out --quantize int7 --calibration x.npy"},
    {"cli_arena_limit", "compile digits.onnx -o out --target cortex-m4 --arena-limit 100"},
    {"cli_same_output", "compile digits.onnx -o out --report out/digits.h"},
    {"several_name", "compile digits.onnx open.onnx -o out --name two"},
    {"several_test", "compile digits.onnx open.onnx -o out --emit-test data"},
    {"several_same_name", "compile digits.onnx copy/Digits.onnx -o out"},
    {"several_second_fails", "compile digits.onnx open.onnx -o out"},
    {"several_input_unknown", "compile digits.onnx open.onnx -o out --input-shape z=1,4"},
    {"several_flash_limit", "compile digits.onnx more.onnx -o out --flash-limit 30000"},
    {"cli_output_below_file", "compile digits.onnx -o file/out"},
    {"cli_report_below_file", "compile digits.onnx -o out --report file/report.json"},
    {"cli_test_data", "compile digits.onnx -o out --emit-test data"},
    {"cli_input_file", "run digits.onnx -o out --input image=x.txt"},
    {"cli_input_missing", "run open.onnx --input-shape x=2,4 -o out"},
    {"cli_input_unknown",
     "run open.onnx --input-shape x=2,4 -o out --input x=x.npy --input z=x.npy"},
    {"cli_input_type", "run open.onnx --input-shape x=1,4 -o out --input x=x.npy"},
    {"cli_run_nothing", "run digits.onnx --data images.npy"},
    {"cli_run_labels_alone", "run digits.onnx --labels labels.txt"},
    {"cli_run_both", "run digits.onnx --data images.npy --input image=x.npy -o out"},
    {"cli_labels_count", "run digits.onnx --data images.npy --labels labels.txt"},
    {"cli_image_resize", "run digits.onnx --data images.npy -o out --image-resize strech"},
    {"cli_image_mean", "run digits.onnx --data images.npy -o out --image-mean 0.5,half"},
    {"cli_image_std", "run digits.onnx --data images.npy -o out --image-std 0"},
    {"cli_image_range", "run digits.onnx --data images.npy -o out --image-range 255"},
};

TEST_CASE("faults on the command line") {
  for (const Case& c : kCases) {
    INFO("motec " << c.arguments);
    const ScratchDirectory scratch;
    prepare(scratch);
    const std::string before = listing(scratch.path());
    const Outcome outcome = run(std::string(MOTEC_PATH) + " " + c.arguments, scratch);
    CHECK(outcome.status == 1);
    CHECK(outcome.out == "");
    CHECK(compare_with_golden(replaced(outcome.err, scratch.path().string(), "SCRATCH"),
                              std::string("errors/expected/") + c.name + ".txt") == "");
    CHECK(listing(scratch.path()) == before);
  }
}

// A compiler that leaves a file of this text, which can be executed, wherever -o says.
void write_compiler(const std::filesystem::path& path, const std::string& text) {
  write_file(path,
             "#!/bin/sh\nwhile [ $# -gt 0 ]; do\n  if [ \"$1\" = -o ]; then out=$2; fi\n"
             "  shift\ndone\nprintf '%s\\n' '#!/bin/sh' '" +
                 text + "' > \"$out\"\nchmod +x \"$out\"\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

TEST_CASE("verification that fails") {
  const ScratchDirectory scratch;
  prepare(scratch);
  write_file(scratch / "samples.npy", serialize_npy(Tensor::zeros(DType::F32, {1, 1, 8, 8})));
  write_file(scratch / "samples.npz", "no archive");
  write_compiler(scratch / "exits-with-3", "exit 3");
  write_compiler(scratch / "sleeps", "sleep 20");
  // Cross-compilers, but no emulator.
  write_compiler(scratch / "bin/arm-none-eabi-g++", "");
  write_compiler(scratch / "bin/arm-none-eabi-gcc", "");
  const std::string here = scratch.path().string();
  const std::pair<const char*, std::string> cases[] = {
      {"verify_no_archive", "--data samples.npz"},
      {"verify_no_compiler", "--data samples.npy --cxx no-such-compiler"},
      {"verify_no_emulator", "--data samples.npy --target cortex-m4"},
      {"verify_not_counted", "--data samples.npy --count"},
      {"verify_symbols", "--data samples.npy --cflags='-O2 -pg'"},
      {"verify_ends_early",
       "--data samples.npy --no-check-symbols --cxx " + here + "/exits-with-3"},
      {"verify_takes_long",
       "--data samples.npy --no-check-symbols --time-limit 1 --cxx " + here + "/sleeps"},
  };
  for (const auto& [name, options] : cases) {
    INFO(name << ": " << options);
    const std::string path = std::string(name) == "verify_no_emulator" ? "PATH=bin " : "";
    const Outcome outcome = run(path + MOTEC_PATH + " verify digits.onnx " + options, scratch);
    CHECK(outcome.status == 1);
    CHECK(compare_with_golden(outcome.err, std::string("errors/expected/") + name + ".txt") == "");
  }
  // The outputs of one data set with the inputs of another.
  const std::filesystem::path quantized = MOTE_TESTS_DIR "/quantized/qdq_u8";
  const std::filesystem::path mixed = scratch / "mixed/test_data_set_0";
  write_file(mixed / "input_0.pb", read_file(quantized / "test_data_set_0/input_0.pb"));
  write_file(mixed / "output_0.pb", read_file(quantized / "test_data_set_1/output_0.pb"));
  const Outcome drifted =
      run(std::string(MOTEC_PATH) + " verify --data mixed " + (quantized / "model.onnx").string(),
          scratch);
  CHECK(drifted.status == 1);
  CHECK(compare_with_golden(drifted.err,
                            std::string("errors/expected/") + "verify_drift" + ".txt") == "");
  // What compilers and nm say is their own.
  const auto code_of = [&](const std::string& options) {
    const Outcome outcome =
        run(MOTEC_PATH " verify digits.onnx --data samples.npy " + options, scratch);
    CHECK(outcome.status == 1);
    return outcome.err.substr(0, outcome.err.find(':'));
  };
  CHECK(code_of("--cflags -fno-such-option") == "error[E5203]");
  CHECK(code_of("--cxx " + here + "/exits-with-3") == "error[E5206]");
}

TEST_CASE("a program that cannot be run") {
  const ScratchDirectory scratch;
  CHECK(problem_of_error(
            "no_program", [&] { run_process({(scratch / "none").string()}); }, scratch.path()) ==
        "");
}

// Data that fit the model only in part.
TEST_CASE("test data that do not fit") {
  const Type in{.dtype = DType::F32, .shape = {1, 4}}, out{.dtype = DType::F32, .shape = {1, 2}};
  const DataPorts ports{.inputs = {{"x", in}}, .outputs = {{"y", out}, {"z", out}}};
  const ScratchDirectory scratch;
  write_file(scratch / "half/x.npy", serialize_npy(Tensor::zeros(DType::F32, in.shape)));
  write_file(scratch / "half/y.npy", serialize_npy(Tensor::zeros(DType::F32, out.shape)));
  write_file(scratch / "w.npy", serialize_npy(Tensor::zeros(DType::F32, in.shape)));
  REQUIRE(run(MOTE_CMAKE_COMMAND " -E tar cf other.npz --format=zip w.npy", scratch).status == 0);
  for (const auto& [name, data] :
       {std::pair("data_half", "half"), std::pair("data_unknown_name", "other.npz")}) {
    INFO(name);
    CHECK(problem_of_error(
              name, [&] { read_data(scratch / data, ports); }, scratch.path()) == "");
  }
}

TEST_CASE("a good command line leaves the files and exits with 0") {
  const ScratchDirectory scratch;
  prepare(scratch);
  const Outcome outcome = run(MOTEC_PATH " compile digits.onnx -o out/deep/er", scratch);
  CHECK(outcome.status == 0);
  CHECK(outcome.out == "");
  CHECK(outcome.err == "");
  CHECK(std::filesystem::exists(scratch / "out/deep/er/digits.h"));
  CHECK(read_file(scratch / "out/old.txt") == "was here before");
}

TEST_CASE("mote_add_model without its model") {
  const ScratchDirectory scratch;
  const auto configure = [&](const std::string& call) {
    write_file(scratch / "CMakeLists.txt",
               "cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES NONE)\n"
               "set(MOTE_COMPILER " MOTEC_PATH
               ")\n"
               "include(" MOTE_SOURCE_DIR "/tools/cmake/MoteAddModel.cmake)\n" +
                   call + "\n");
    return run(MOTE_CMAKE_COMMAND " -S . -B build", scratch);
  };
  // CMake breaks messages into lines.
  const auto message = [](std::string text) {
    std::string joined;
    for (const char c : text)
      if (c != '\n' || joined.empty() || joined.back() != ' ') joined += c == '\n' ? ' ' : c;
    return joined;
  };
  const Outcome missing = configure("mote_add_model(kws MODEL none.onnx)");
  CHECK(missing.status == 1);
  CHECK_THAT(message(missing.err), Catch::Contains("mote_add_model(kws): there is no model"));
  CHECK_THAT(message(missing.err), Catch::Contains("none.onnx"));
  CHECK_THAT(message(configure("mote_add_model(kws)").err),
             Catch::Contains("mote_add_model(kws): MODEL is missing"));
  CHECK_THAT(message(configure("mote_add_model(kws MODEL m.onnx SIZE 3)").err),
             Catch::Contains("unknown arguments: SIZE;3"));
}

}  // namespace
}  // namespace motec::test
