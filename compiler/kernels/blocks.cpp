#include "kernels/blocks.h"

#include <algorithm>

namespace motec {
namespace {

// Emitted code asserts that its ISA agrees.
constexpr Blocks kBlocks[] = {{"Scalar", 8, 8}, {"Neon", 16, 8}, {"Mve", 8, 4}, {"Vec", 32, 16}};

}  // namespace

const Blocks& blocks_of(const Kernel& kernel) {
  return *std::find_if(std::begin(kBlocks), std::end(kBlocks),
                       [&](const Blocks& b) { return b.isa == kernel.isa; });
}

std::vector<std::string> block_checks(const Kernel& kernel) {
  const bool is_float = std::any_of(std::begin(kBlocks), std::end(kBlocks),
                                    [&](const Blocks& b) { return b.isa == kernel.isa; });
  if (!is_float) return {};  // layouts of integer weights are the same wherever they are compiled
  const Blocks& blocks = blocks_of(kernel);
  return {
      fmt::format("mote::isa::{0}::kNv * mote::isa::{0}::kLanes == {1}", kernel.isa, blocks.gemm),
      fmt::format("mote::isa::{0}::kDwNv * mote::isa::{0}::kLanes == {1}", kernel.isa,
                  blocks.depthwise)};
}

std::string isa_header(const Kernel& kernel) {
  std::string name(kernel.isa);
  name[0] = static_cast<char>(name[0] - 'A' + 'a');
  return fmt::format("isa/{}.h", name);
}

std::string isa_function(const Kernel& kernel, std::string_view name, UnaryFn act) {
  return fmt::format("mote::{}<mote::isa::{}, {}>", name, kernel.isa, functor(act));
}

Operand packed_floats(std::string_view name, std::vector<float> values) {
  const auto n = std::ssize(values);
  return Operand::packed(name, f32_tensor({n}, values));
}

Operand bias_operand(const Site& site, int64_t channels, int64_t nr) {
  std::vector<float> bias(static_cast<size_t>((channels + nr - 1) / nr * nr));
  if (site.has_in(2)) {
    const Tensor& given = *site.graph.constant(site.op.in[2]);
    std::copy_n(given.data<float>(), channels, bias.begin());
  }
  return packed_floats("bias", std::move(bias));
}

std::string constant_weights(const Site& site) {
  const bool constant =
      site.graph.constant(site.op.in[1]) && (!site.has_in(2) || site.graph.constant(site.op.in[2]));
  return constant ? "" : "weights or bias are not constant";
}

double per_mac(const Site& site, const Kernel& kernel, double weight) {
  const int64_t macs = site.op.def->macs(site.op, infer_ctx(site.graph, site.op));
  return weight * static_cast<double>(macs) / static_cast<double>(blocks_of(kernel).gemm);
}

}  // namespace motec
