#include "support/files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include "support/diag.h"

namespace motec {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail_to_write(const fs::path& path, const std::string& reason) {
  fail({.code = "E1002",
        .message = fmt::format("cannot write {}", path.string()),
        .why = {reason},
        .hint = "choose a directory that exists or can be made, and that you may write to"});
}

// The temporary name stands beside the target: a rename is atomic within one file system only.
fs::path temporary_name(const fs::path& path) {
  return path.parent_path() / ("." + path.filename().string() + ".motec-tmp");
}

bool holds(const fs::path& path, std::string_view text) {
  std::error_code error;
  if (fs::file_size(path, error) != text.size() || error) return false;
  std::ifstream in(path, std::ios::binary);
  const std::string old{std::istreambuf_iterator<char>(in), {}};
  return old == text;
}

}  // namespace

std::string read_file(const fs::path& path) {
  std::error_code error;
  const bool is_directory = fs::is_directory(path, error);
  std::ifstream in(path, std::ios::binary);
  if (!in || is_directory) {
    fail({.code = "E1001",
          .message = fmt::format("cannot read {}", path.string()),
          .why = {is_directory ? "it is a directory" : std::strerror(errno)},
          .hint = "check the path"});
  }
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& path, std::string_view text) {
  const fs::path dir = path.has_parent_path() ? path.parent_path() : fs::path(".");
  write_files(dir, {{path.filename().string(), std::string(text)}});
}

void write_files(const fs::path& dir, const std::map<std::string, std::string>& files) {
  std::vector<std::pair<fs::path, fs::path>> renames;
  auto discard = [&renames] {
    std::error_code ignored;
    for (const auto& [from, to] : renames) fs::remove(from, ignored);
  };
  try {
    for (const auto& [name, text] : files) {
      const fs::path path = dir / name;
      std::error_code error;
      fs::create_directories(path.parent_path().empty() ? "." : path.parent_path(), error);
      if (error) fail_to_write(path, error.message());
      if (holds(path, text)) continue;
      renames.emplace_back(temporary_name(path), path);
      std::ofstream out(renames.back().first, std::ios::binary);
      out.write(text.data(), static_cast<std::streamsize>(text.size()));
      out.close();
      if (!out) fail_to_write(path, std::strerror(errno));
      if (fs::is_directory(path, error)) fail_to_write(path, "a directory has that name");
    }
  } catch (...) {
    discard();
    throw;
  }
  for (const auto& [from, to] : renames) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error) {
      discard();
      fail_to_write(to, error.message());
    }
  }
}

}  // namespace motec
