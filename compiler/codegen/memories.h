// How the emitted functions take the arena: one pointer, or one per memory.
#pragma once
#include "codegen/render.h"
#include "plan/program.h"

namespace motec {

void add_memories_data(const Program& program, TemplateObject& data);

}  // namespace motec
