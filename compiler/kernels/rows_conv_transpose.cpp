// Kernels of transposed convolution.
#include "kernels/blocks.h"
#include "kernels/rows.h"
#include "ops/conv_transpose.h"

namespace motec {
namespace {

Call lower_conv_transpose(const Site& site, const Kernel& kernel) {
  const auto& a = site.op.as<ConvTranspose2dAttrs>();
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  const mote::ConvTranspose2dShape s = conv_transpose2d_shape(a, site.in(0).shape, w.shape);
  const int64_t nr = blocks_of(kernel).gemm;
  return {.function = isa_function(kernel, "conv_transpose2d_f32", a.act.fn),
          .headers = {"conv_transpose_f32.h", isa_header(kernel)},
          .shape = shape_members(s),
          .operands = {Operand::input(0), packed_floats("weights", pack_conv_transpose2d(s, w, nr)),
                       bias_operand(site, s.out_c, nr), Operand::output(0)}};
}

double cost_conv_transpose(const Site& site, const Kernel& kernel) {
  return per_mac(site, kernel, site.op.as<ConvTranspose2dAttrs>().groups > 1 ? 8.0 : 1.2);
}

constexpr Kernel kRows[] = {
    // clang-format off
    // name                         op                      needs    isa       refuses           lower                 cost
    {"conv_transpose2d_f32_neon",   &ops::conv_transpose2d, kNeon,   "Neon",   constant_weights, lower_conv_transpose, cost_conv_transpose},
    {"conv_transpose2d_f32_mve",    &ops::conv_transpose2d, kMve,    "Mve",    constant_weights, lower_conv_transpose, cost_conv_transpose},
    {"conv_transpose2d_f32_vec",    &ops::conv_transpose2d, kVectorExt, "Vec",    constant_weights, lower_conv_transpose, cost_conv_transpose},
    {"conv_transpose2d_f32",        &ops::conv_transpose2d, kNone,   "Scalar", constant_weights, lower_conv_transpose, cost_conv_transpose},
    // clang-format on
};

}  // namespace

std::span<const Kernel> conv_transpose_rows() { return kRows; }

}  // namespace motec
