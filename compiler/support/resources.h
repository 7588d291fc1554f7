// Files that are built into motec: templates, the runtime's headers, and the start-up code of the
// emulated boards. CMake writes the table from the source tree.
#pragma once
#include <span>
#include <string_view>

namespace motec {

struct Resource {
  std::string_view path;  // "templates/model.h.in", "runtime/mote/config.h", "board/cortexm.c"
  std::string_view text;
};

std::span<const Resource> all_resources();

// The text of a resource; asking for one that does not exist is a bug.
std::string_view resource(std::string_view path);

}  // namespace motec
