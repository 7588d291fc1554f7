// The tables, one per family, and the small functions that their rows share.
#pragma once
#include "kernels/kernel.h"
#include "kernels/shape_members.h"

namespace motec {

std::span<const Kernel> elementwise_rows();
std::span<const Kernel> move_rows();
std::span<const Kernel> reduce_rows();
std::span<const Kernel> conv_rows();
std::span<const Kernel> conv_transpose_rows();
std::span<const Kernel> quantized_rows();
std::span<const Kernel> quantized_element_rows();
std::span<const Kernel> quantized_recurrent_rows();
std::span<const Kernel> recurrent_rows();
std::span<const Kernel> index_rows();

// A row without conditions.
std::string serves_all(const Site&);
// One unit per element of the first result.
double per_element(const Site& site, const Kernel&);

}  // namespace motec
