// Errors. There are two kinds: `fail` for the user's model or options (exit 1), and
// `internal_check` for a bug in motec (exit 70). A diagnostic says what, where, why and what to do.
#pragma once
#include <fmt/format.h>

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace motec {

// One fault. `code` is stable ("E2104"): E1xxx files and options, E2xxx import, E3xxx shapes and
// types, E4xxx kernels and memory, E5xxx test data and verification.
struct Diag {
  std::string code;
  std::string message;     // what is wrong, in one line
  std::string where = {};  // the ONNX node or the file
  std::vector<std::string> why = {};
  std::string hint = {};
};

// Thrown for faults of the user's model or options. Carries every fault found, and what was being
// done, innermost first.
class CompileError : public std::exception {
 public:
  explicit CompileError(std::vector<Diag> diags);
  const std::vector<Diag>& diags() const { return diags_; }
  void add_context(std::string doing);
  const char* what() const noexcept override { return text_.c_str(); }  // the whole message

 private:
  void render();
  std::vector<Diag> diags_;
  std::vector<std::string> context_;
  std::string text_;
};

// Thrown by internal_check: a bug in motec, never the user's fault.
class InternalError : public std::exception {
 public:
  explicit InternalError(std::string text) : text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

[[noreturn]] void fail(Diag diag);
[[noreturn]] void internal_error(const char* file, int line, const std::string& message);

// Runs `body`; a CompileError that leaves it is told what was being done.
template <class Body>
auto with_context(std::string_view doing, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (CompileError& error) {
    error.add_context(std::string(doing));
    throw;
  }
}

}  // namespace motec

#define internal_check(condition, ...) \
  ((condition) ? void(0) : ::motec::internal_error(__FILE__, __LINE__, fmt::format(__VA_ARGS__)))
