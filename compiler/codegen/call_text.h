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
// "conv1 (Conv2D): float32[1,8,8,1] -> float32[1,8,8,16], 9216 MACs"
std::string step_comment(const Program& program, const Step& step);

}  // namespace motec
