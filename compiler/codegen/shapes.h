// Shapes of layers in emitted code: structs of constants, or data where a body is shared.
#pragma once
#include "codegen/render.h"
#include "plan/program.h"

namespace motec {

// The first argument of a step's call. `pixels` is the member that is known only while the program
// runs, the number of pixels in a group of rows; empty for all other steps.
std::string shape_argument(const Program& program, const Step& step,
                           const std::string& pixels = {});

// Sets `shapes`, the structs, and `shape_objects`, data of some of them.
void add_shapes_data(const Program& program, TemplateObject& data);

}  // namespace motec
