// Which values share memory and from which step to which each buffer is alive.
#pragma once
#include "plan/memory.h"

namespace motec {

// Makes program.buffers without offsets, says which of them may overlap, and points every step
// argument, row and slot at its place. Views share their operand's buffer; a result takes over the
// buffer of an operand that dies in the step, where the kernel allows it.
void assign_buffers(Program& program, const Values& values, const GroupedRowCalls& rows);

// Bytes alive while step `step` runs, and the step at which they are most (-1: no steps).
int64_t live_bytes(const Program& program, int32_t step);
int32_t peak_step(const Program& program);

}  // namespace motec
