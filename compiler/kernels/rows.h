// The tables, one per family, and the small functions that their rows share.
#pragma once
#include <array>

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
std::span<const Kernel> winograd_rows();

// A row without conditions.
std::string serves_all(const Site&);
// Operands that have the result's shape and element size: each is read just before it is
// overwritten.
uint32_t same_shape_in_place(const Site& site);
// Operand 0.
uint32_t first_in_place(const Site&);
// Whether a convolution is a matrix product of its pixels.
template <class Attrs>
bool is_pointwise(const Attrs& a, const Shape& w) {
  return w[1] == 1 && w[2] == 1 && a.groups == 1 && a.stride == std::array<int64_t, 2>{1, 1} &&
         a.pad == std::array<int64_t, 4>{};
}
// The rows of a kernel that treats each row like a tensor of its own: its call for one row's types.
std::optional<RowCall> rows_alone(const Site& site, const Kernel& kernel, int64_t group);
// The same for an op along an axis, if that is not the axis of rows.
template <class Attrs>
std::optional<RowCall> rows_off_axis(const Site& site, const Kernel& kernel, int64_t group) {
  return site.op.as<Attrs>().axis == 1 ? std::nullopt : rows_alone(site, kernel, group);
}
// The rows of the input under a row of the output, for a shape that has a window.
template <class S>
RowWindow row_window(const S& s) {
  return {.count = s.kernel_h, .stride = s.stride_h, .dilation = s.dilation_h, .pad = s.pad_top};
}
// The rows of a kernel over windows: operand 0 as row pointers, by the function of that name.
RowCall rows_gathered(Call call, std::string_view whole, std::string_view by_row,
                      const RowWindow& window);
// One unit per element of the first result.
double per_element(const Site& site, const Kernel&);

}  // namespace motec
