// 3x3 convolutions in Winograd's form.
#include <cmath>

#include "kernels/integer_isa.h"
#include "kernels/rows.h"
#include "mote/winograd_s8.h"
#include "ops/qconv2d.h"

namespace motec {
namespace {

std::string refuses_winograd(const Site& site) {
  const auto& a = site.op.as<QConv2dAttrs>();
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  const std::array<int64_t, 2> ones{1, 1};
  if (w.shape[1] != 3 || w.shape[2] != 3) return "the kernel is not 3x3";
  if (a.stride != ones || a.dilation != ones) return "there are strides or dilations";
  if (a.groups != 1) return "the convolution has groups";
  if (site.in(0).dtype != DType::S8 || w.dtype != DType::S8 ||
      requant_type(a.store) != "mote::High")
    return "inputs, weights or results are not int8";
  const int64_t k = w.elements() / w.shape[0];
  for (int64_t n = 0; n < w.shape[0]; ++n)
    if (mote::pack::winograd_greatest(w.data<int8_t>() + n * k, k) << a.store.shift >=
        mote::kWinogradLimit)
      return "sums of a channel, shifted, may be 2^25 or more";
  return {};
}

Call lower_winograd(const Site& site, const Kernel&) {
  const auto& a = site.op.as<QConv2dAttrs>();
  const mote::Conv2dS8Shape s = qconv2d_shape(a, site.in(0).shape, site.in(1).shape);
  const Tensor& w = *site.graph.constant(site.op.in[1]);
  const int64_t channels = w.shape[0], depth = w.shape[3];
  Tensor packed = Tensor::zeros(DType::S16, {mote::pack::winograd_elements(channels, depth)});
  mote::pack::pack_winograd(w.data<int8_t>(), channels, depth, packed.data<int16_t>());
  // The zero point is folded into biases; inputs are read as x + 128.
  const Tensor& given = *site.graph.constant(site.op.in[2]);
  std::vector<int32_t> bias(given.data<int32_t>(), given.data<int32_t>() + channels);
  const int8_t* weight = w.data<int8_t>();
  for (int32_t& b : bias) {
    for (int64_t i = 0; i < 9 * depth; ++i) b -= 128 * *weight++;
    b = static_cast<int32_t>(static_cast<uint32_t>(b) << a.store.shift);
  }
  return {.function = "mote::conv2d_winograd_s8",
          .headers = {"winograd_s8.h"},
          .shape = shape_members(s),
          .operands = {Operand::input(0), Operand::packed("weights", std::move(packed)),
                       Operand::packed("bias", s32_vector(bias)),
                       Operand::packed("multipliers", *site.graph.constant(site.op.in[3])),
                       Operand::output(0), Operand::scratch()},
          .scratch_bytes = mote::winograd_scratch(s),
          .scratch_dtype = DType::S8};
}

// Cycles of Cortex-M4, and of Cortex-M3 for the portable kernel: of the inputs of each tile, for a
// word of channels; of results, for a channel; of tiles beside that; and of products, for two
// tiles, four channels and a word, and for two tiles and four channels.
struct Costs {
  double input, result, tile, product, block;
};
constexpr Costs kDspCosts{600, 352, 600, 16.75, 24};
constexpr Costs kScalarCosts{635, 782, 900, 51.5, 26};

double cost_winograd(const Site& site, const Kernel& kernel) {
  const Costs& costs = kernel.isa == "DspS8" ? kDspCosts : kScalarCosts;
  const auto rounded_up = [](int64_t n, int64_t to) {
    return static_cast<double>((n + to - 1) / to);
  };
  const Shape& y = site.out(0).shape;
  const double tiles = static_cast<double>(y[0]) * rounded_up(y[1], mote::kWinogradTile) *
                       rounded_up(y[2], mote::kWinogradTile);
  const double words = mote::winograd_words(static_cast<int32_t>(site.in(0).shape[3]));
  const double blocks = rounded_up(y[3], mote::kWinogradChannels);
  const double of_tile =
      costs.input * words + costs.result * static_cast<double>(y[3]) + costs.tile + 125 * blocks;
  const double of_pair = mote::kWinogradPoints * (costs.product * words + costs.block) * blocks;
  return tiles * of_tile + std::ceil(tiles / 2) * of_pair + 500;
}

// Four rows are made from inputs in any order, and all are read before the next four are begun.
std::optional<PixelOrder> winograd_order(const Site& site, const Kernel&) {
  const auto& a = site.op.as<QConv2dAttrs>();
  const Shape &x = site.in(0).shape, &y = site.out(0).shape;
  if (x[0] != 1) return {};
  return PixelOrder{.x = x,
                    .y = y,
                    .pad = {a.pad[0], a.pad[1]},
                    .reach = {3, 3},
                    .pixels = mote::kWinogradTile * y[2]};
}

constexpr Kernel kRows[] = {
    // clang-format off
    // name                    op             needs isa      refuses           lower           cost           in place, by rows, order, weights
    {"conv2d_winograd_s8",     &ops::qconv2d, kNone, "ScalarS8", refuses_winograd, lower_winograd, cost_winograd, nullptr, nullptr, winograd_order, Weights::Expanded},
    {"conv2d_winograd_s8_dsp", &ops::qconv2d, kDsp, "DspS8", refuses_winograd, lower_winograd, cost_winograd, nullptr, nullptr, winograd_order, Weights::Expanded},
    // clang-format on
};

}  // namespace

std::span<const Kernel> winograd_rows() { return kRows; }

}  // namespace motec
