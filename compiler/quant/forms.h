// Which integer form an operator of a float graph has: the other side of the rules that
// quantize-islands applies.
#pragma once
#include "quant/scheme.h"

namespace motec {

Form form_of(const Graph& graph, const Op& op);

// Whether a Relu or Clip behind the operator only narrows the limits of its result.
bool takes_clamp(const Graph& graph, const Op& op);
bool is_clamp(const Op& op);

// Whether the operator is a function of one operand's elements, and so a table of 256 entries.
bool is_table(const Graph& graph, const Op& op);

// Of Moves: whether one of several elements is chosen, which is restricted to int8.
bool is_choice(const Op& op);

// The limits of a function's values, where they do not depend on its operand.
std::optional<Range> known_range(const Op& op);

}  // namespace motec
