// Diagnostics compared with expected texts.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "support/onnx_builder.h"

namespace motec::test {

// Runs `body`, which must throw CompileError, and compares its whole message with
// tests/errors/expected/NAME.txt. `scratch` is a path that reads SCRATCH there. Returns what is
// wrong, or "".
std::string problem_of_error(const std::string& name, const std::function<void()>& body,
                             const std::filesystem::path& scratch = {});

// A model that must be refused by import.
struct ModelCase {
  const char* name;
  void (*build)(OnnxBuilder&);
};
std::string problem_of_model(const ModelCase& c);

}  // namespace motec::test
