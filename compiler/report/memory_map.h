// The arena over time: what stands where while each layer runs. As a picture for the page, and in
// characters for a terminal.
#pragma once
#include <string>

#include "codegen/render.h"
#include "plan/program.h"

namespace motec {

// What "maps" of report.html.in shows of a memory, an index of memories_of.
TemplateData memory_map_data(const Program& program, size_t memory);

// Maps of a few lines, one character per buffer, and what the characters mean; none of memories
// that are empty.
std::string memory_map_text(const Program& program);

// Text as an element's content or an attribute's value in HTML.
std::string escaped(std::string_view text);

}  // namespace motec
