// How the emitted functions take the arena: one pointer, or one per memory.
#pragma once
#include "codegen/render.h"
#include "plan/program.h"

namespace motec {

// A text for each memory: `pattern` with its name.
//
//   listed(memories_of(program), "void *{}")    // "void *dtcm, void *sram"
std::string listed(const std::vector<Memory>& memories, std::string_view pattern,
                   std::string_view separator = ", ");

void add_memories_data(const Program& program, TemplateObject& data);

}  // namespace motec
