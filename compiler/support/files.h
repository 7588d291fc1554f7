// Reading and writing files. Writes are all or nothing: bytes go to a temporary name beside the
// target, which is renamed when it is complete.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace motec {

// The whole file. Fails with E1001 when it cannot be read.
std::string read_file(const std::filesystem::path& path);

// Replaces `path` by `text` atomically. Fails with E1002. A file that already holds `text` is left
// alone, so that build systems see no change.
void write_file(const std::filesystem::path& path, std::string_view text);

// Writes every file (relative name -> text) below `dir`, creating folders: first all of them under
// temporary names, then the renames, so that a failure on the way leaves nothing half written.
void write_files(const std::filesystem::path& dir, const std::map<std::string, std::string>& files);

}  // namespace motec
