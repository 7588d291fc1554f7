// Costs of the integer kernels, per instruction set and kind of kernel:
//   cost = mac * multiply-adds + output * results + call
// in estimated cycles on Cortex-M0, M3 and M4, and in executed instructions elsewhere, with GCC 12
// (RISC-V V: clang 19) at -O3. ScalarS8 and DspS8 were fitted by tools/fit_costs.py, which runs
// every layer alone; the others are estimated from whole networks and single layers.
#pragma once
#include "kernels/kernel.h"

namespace motec {

// Of an op with multiply-adds, by a kernel named <kind>_s8... or <kind>_s4....
double integer_cost(const Site& site, const Kernel& kernel);

// Estimated cycles of one call on a target whose costs are cycles; empty elsewhere.
std::optional<int64_t> estimated_cycles(const Site& site, const Kernel& kernel,
                                        const Target& target);

// What making all rows costs, `group` of them at a time, beyond the whole call.
double row_overhead(const Site& site, const Kernel& kernel, const RowCall& rows, int64_t group);

}  // namespace motec
