// The files that make up a compiled model: what a user drops into a firmware project.
#pragma once
#include <map>
#include <string>

#include "plan/program.h"

namespace motec {

using Files = std::map<std::string, std::string>;  // relative path -> text

// NAME.h, NAME.cpp, NAME_weights.cpp and the runtime headers in use under mote/. `source` is the
// model's file name as comments show it, without its folder.
Files make_bundle(const Program& program, const std::string& source);

// The runtime headers that `roots` need, including themselves, by following their #includes; names
// below mote/, sorted.
std::vector<std::string> header_closure(const std::vector<std::string>& roots);

}  // namespace motec
