// The arena over time: what stands where while each layer runs. As a picture for the page, and in
// characters for a terminal.
#pragma once
#include <string>

#include "codegen/render.h"
#include "plan/program.h"

namespace motec {

// What "map" of report.html.in shows.
TemplateData memory_map_data(const Program& program);

// A map of a few lines, one character per buffer, and what the characters mean; empty where the
// arena is.
std::string memory_map_text(const Program& program);

// Text as an element's content or an attribute's value in HTML.
std::string escaped(std::string_view text);

}  // namespace motec
