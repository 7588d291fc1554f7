// Proof that a plan is right: every byte that a program reads is the one that was meant.
#pragma once
#include "plan/program.h"

namespace motec {

// Plays the program through on a shadow of its memory that tells whose byte stands where. Whole
// steps go by the order that their kernels declare; regions go row by row, as the emitted code
// does, with its addresses. A read of a byte that something else has overwritten, and an output
// that is not whole at the end, is a bug in motec (internal_check).
void check_plan(const Program& program);

}  // namespace motec
