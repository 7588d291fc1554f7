// A step as text: its call, its operands, what it is.
#pragma once
#include <string>

#include "plan/program.h"

namespace motec {

// Of a place in the arena or the state, in bytes.
int64_t offset_of(const Program& program, const Place& place);
// Pointer and offset in the emitted functions that get the arena as `arena`: "arena, 64", or
// "arena.dtcm, 64" where it is in several memories.
std::string address_of(const Program& program, const Place& place);
// An operand that stands whole: a pointer.
std::string argument_text(const Program& program, const Argument& argument);
std::string call_text(const Program& program, const Step& step);
// The step whose shape this one's call passes: the first one with an equal shape, so that equal
// layers share their code.
const Step& shape_step(const Program& program, const Step& step);
// Whether a member of a step's shape is found while the program runs: the number of pixels in a
// group of rows.
bool is_variable(const Step& step, const ShapeMember& member);
// "conv1 (Conv2D): float32[1,8,8,1] -> float32[1,8,8,16], 9216 MACs"
std::string step_comment(const Program& program, const Step& step);

}  // namespace motec
