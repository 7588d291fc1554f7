// Several memories instead of one arena: which buffer goes where.
#pragma once
#include <optional>
#include <vector>

#include "plan/division.h"
#include "plan/plan.h"

namespace motec {

// How many bytes of each buffer the steps read and write. A multiply-add reads one element of an
// operand, and kernels keep it in a register for four results.
std::vector<int64_t> accessed_bytes(const Program& program);

int64_t total_bytes(const std::vector<MemoryLimit>& memories);

// For a plan that is only compared with others.
constexpr DivisionOptions kQuickDivision = {
    .arena = {.alignment = kArenaAlignment, .work_limit = 20'000}, .work_limit = 100'000};
constexpr DivisionOptions kFinalDivision = {.arena = {.alignment = kArenaAlignment}};

// Gives the buffers of a program places in memories, so that the fast ones hold what is accessed
// most. Returns the bytes that are accessed in memories other than the first, times their
// positions; nothing, and the program as it was, where no division was found.
std::optional<int64_t> place_in_memories(Program& program, const std::vector<MemoryLimit>& memories,
                                         const DivisionOptions& options);

// Fails with E4105, saying how large the last memory would have to be. The program is planned as
// one arena.
[[noreturn]] void fail_to_fit(const Program& program, const std::vector<MemoryLimit>& memories);

}  // namespace motec
