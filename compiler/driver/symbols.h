// Looks into object files of emitted code: they may need nothing but the C library's memory and
// math functions and the compiler's own helpers, and must not hold what constructors, exceptions or
// RTTI leave behind.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "target/target.h"

namespace motec {

// "nm", "arm-none-eabi-nm" …: a tool of the binutils that belong to a family of compilers.
std::string binutil(Family family, std::string_view tool);

// Fails with E5205 and the list of what is wrong.
void check_symbols(Family family, const std::filesystem::path& dir,
                   const std::vector<std::string>& objects);

// Whether an undefined symbol is one of those that emitted code may refer to.
bool is_allowed_symbol(const std::string& name);

}  // namespace motec
