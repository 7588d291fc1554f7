// Data sets for the test program of a compiled model.
#pragma once
#include <filesystem>
#include <vector>

#include "codegen/testbench.h"
#include "driver/compile.h"

namespace motec {

struct TestData {
  std::vector<TestSet> sets;
  int64_t evaluated = 0;  // sets whose expected outputs the reference evaluation computed
};

// Reads DATA for `program`, which `options` made. Where it says nothing of outputs, the imported
// model is evaluated, before any pass: so the test does not share their faults.
TestData load_test_data(const CompileOptions& options, const Program& program,
                        const std::filesystem::path& data);

// Names of all inputs of a model file, frozen ones too.
std::vector<std::string> model_inputs(const std::filesystem::path& model);

}  // namespace motec
