// Data sets for the test program of a compiled model.
#pragma once
#include <filesystem>
#include <vector>

#include "codegen/testbench.h"
#include "driver/compile.h"

namespace motec {

struct TestData {
  std::vector<TestSet> sets;
  int64_t evaluated = 0;           // sets whose expected outputs the reference evaluation computed
  std::vector<std::string> notes;  // how far a quantized network's integers are from the data
};

// Reads DATA for `program`, which `options` made, as the program takes it. Where DATA says nothing
// of outputs, the imported model is evaluated, before any pass: so the test does not share their
// faults.
//
// A quantized network is expected to give exactly what its integers are defined to give: the
// evaluation of the compiled graph. That itself may differ from the data by `drift`, relative to an
// output's largest magnitude (E5208): integers round once where the model's float arithmetic rounds
// several times, and one unit early in a network can be many at its end.
TestData load_test_data(const CompileOptions& options, const Program& program,
                        const std::filesystem::path& data, double drift);

// Names of all inputs of a model file, frozen ones too.
std::vector<std::string> model_inputs(const std::filesystem::path& model);

}  // namespace motec
