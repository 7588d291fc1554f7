// Facts about a program that several reports show.
#pragma once
#include <string>
#include <vector>

#include "plan/program.h"

namespace motec {

// Buffers of the arena that a step uses, without repetition, in the order of its arguments.
std::vector<size_t> buffers_of(const Step& step);

// "float32[1,8,8,16]"; several are joined by commas.
std::string result_type(const Program& program, const Step& step);

// Elements of all constants.
int64_t parameters(const Program& program);

// The steps that do most of the work, at most `n`: by MACs, then by position.
std::vector<const Step*> top_steps(const Program& program, size_t n);

// "conv1 to conv4 in rows, conv5 to conv9 in 2 rows at a time"; "layer by layer" without regions.
std::string regions_text(const Program& program, const Candidate& candidate);

// What a buffer of the arena is for.
enum class Role : uint8_t { Tensor, Input, Output, Scratch };
std::string_view name_of(Role role);
std::vector<Role> roles_of(const Program& program);

// Bytes of a memory (an index of memories_of) in which something stands while each step runs; what
// overlaps counts once.
std::vector<int64_t> used_bytes(const Program& program, size_t memory);

// Text for a terminal: control characters, which a model's names may hold, become '?'.
std::string printable(std::string text);

// "12 345 678"
std::string grouped(int64_t value);

}  // namespace motec
