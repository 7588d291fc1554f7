// Layers with one kernel can share its code: their shapes are then data, where else each shape is a
// struct of constants for which the compiler specializes the kernel. That saves flash where the
// code that serves all of them is smaller than all the special ones together.
#pragma once
#include "plan/program.h"

namespace motec {

// Whether one body can serve both steps.
bool same_body(const Step& a, const Step& b);
// Whether they have the same shape, so that any body serves both.
bool same_shape(const Step& a, const Step& b);
// Whether a member of a step's shape is found while the program runs: the number of pixels in a
// group of rows.
bool is_variable(const Step& step, const ShapeMember& member);

// Sets Step::shares_body where it makes the code smaller.
void share_bodies(Program& program);

}  // namespace motec
