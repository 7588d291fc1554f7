#include "support/golden.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace motec::test {
namespace fs = std::filesystem;
namespace {

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::string compare_with_golden(const std::string& text, const std::string& file) {
  const fs::path path = fs::path(MOTE_TESTS_DIR) / file;
  const char* update = getenv("UPDATE_GOLDEN");
  if (update && std::string_view(update) == "1") {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return "";
  }
  const std::string want = contents(path);
  if (text == want) return "";
  return fmt::format(
      "the text is not that of tests/{}; UPDATE_GOLDEN=1 rewrites it\n"
      "--- expected\n{}--- actual\n{}",
      file, want, text);
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

ScratchDirectory::ScratchDirectory() {
  std::string name = (fs::temp_directory_path() / "mote-test-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string listing(const fs::path& dir) {
  std::vector<std::string> lines;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(dir)) {
    const std::string name = fs::relative(entry.path(), dir).string();
    lines.push_back(entry.is_regular_file() ? fmt::format("{}: {}", name, contents(entry.path()))
                                            : name);
  }
  std::sort(lines.begin(), lines.end());
  return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace motec::test
