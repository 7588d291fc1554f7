// Expected texts in files beside the tests, and directories for tests that write.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace motec::test {

// Compares the whole text with a file below tests/; with UPDATE_GOLDEN=1 in the environment the
// file is written instead. Returns what is wrong, or "".
std::string compare_with_golden(const std::string& text, const std::string& file);

// `text` with every occurrence of `what` replaced.
std::string replaced(std::string text, std::string_view what, std::string_view with);

// An empty directory that goes with the object.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// The files below a directory and their contents, one a line; to see whether anything changed.
std::string listing(const std::filesystem::path& dir);

}  // namespace motec::test
