// The self-checking program of a compiled model: data sets and expected outputs as arrays, for the
// host or for a bare-metal target.
#pragma once
#include <string>
#include <vector>

#include "codegen/bundle.h"
#include "plan/program.h"

namespace motec {

// What a data set has for each of Program::inputs: of an input that moves along a stream the whole
// window, which the test hands over from its first frame on.
std::vector<Slot> test_inputs(const Program& program);

// Tensors in the order of test_inputs() and Program::outputs.
struct TestSet {
  std::vector<Tensor> inputs, outputs;
};

// NAME_test.cpp, and the runtime headers that it needs besides those of the model. `tolerance` is
// how much floats may differ, relative to the largest magnitude expected of an output;
// half-precision outputs may differ by their own rounding. Integers must be equal.
Files make_testbench(const Program& program, const std::string& source,
                     const std::vector<TestSet>& sets, double tolerance);

// A C string literal with the text as it is, whatever bytes it holds.
std::string c_string(std::string_view text);

}  // namespace motec
