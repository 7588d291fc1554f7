// Code of a region whose rows the caller hands over: it is left after every row, so its counters
// stand in the arena.
#pragma once
#include "codegen/render.h"
#include "plan/program.h"

namespace motec {

// What the template needs of a fed region besides what it needs of every one.
TemplateData fed_region_data(const Program& program, const Region& region);

}  // namespace motec
