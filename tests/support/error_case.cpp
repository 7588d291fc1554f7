#include "support/error_case.h"

#include <fmt/format.h>

#include "import/onnx_reader.h"
#include "support/diag.h"
#include "support/golden.h"

namespace motec::test {

std::string problem_of_error(const std::string& name, const std::function<void()>& body,
                             const std::filesystem::path& scratch) {
  std::string text;
  try {
    body();
    return "there was no error";
  } catch (const CompileError& error) {
    text = error.what();
  } catch (const std::exception& error) {
    return fmt::format("not a CompileError, but: {}", error.what());
  }
  if (!scratch.empty()) text = replaced(text, scratch.string(), "SCRATCH");
  return compare_with_golden(text, fmt::format("errors/expected/{}.txt", name));
}

std::string problem_of_model(const ModelCase& c) {
  OnnxBuilder b;
  c.build(b);
  return problem_of_error(c.name, [&] { import_onnx_bytes(b.bytes(), {}, {}); });
}

}  // namespace motec::test
