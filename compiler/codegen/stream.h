// Code of the regions whose rows stream: one function per layer, which makes every row it can and
// calls the layers that wait for them.
#pragma once
#include "codegen/render.h"
#include "plan/program.h"

namespace motec {

// What the template of NAME.cpp needs of region `index`.
TemplateData region_data(const Program& program, size_t index);

}  // namespace motec
