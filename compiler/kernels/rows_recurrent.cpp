// Kernels of LSTM, GRU and RNN.
#include "kernels/blocks.h"
#include "kernels/rows.h"
#include "ops/recurrent.h"

namespace motec {
namespace {

using In = RecurrentIn;

std::string refuses_recurrent(const Site& site) {
  for (const size_t i : {In::W, In::R, In::B, In::P})
    if (site.has_in(i) && !site.graph.constant(site.op.in[i]))
      return "weights, biases or peepholes are not constant";
  return {};
}

std::string activations_text(const std::vector<CellActivation>& activations, size_t begin,
                             size_t count) {
  std::string list;
  for (size_t i = begin; i < begin + count; ++i)
    list += fmt::format("{}mote::fn::{}", list.empty() ? "" : ", ", name_of(activations[i].fn));
  return fmt::format("mote::CellActivations<{}>", list);
}

// The functors of both directions: mostly the same ones.
std::string activations_text(const RecurrentAttrs& a) {
  const size_t n = activation_count(a.kind);
  const std::string first = activations_text(a.activations, 0, n);
  if (a.activations.size() == n) return first;
  const std::string second = activations_text(a.activations, n, n);
  return first == second ? first : fmt::format("mote::DirectedActivations<{}, {}>", first, second);
}

template <size_t N>
ShapeMember float_array(std::string_view name, const float (&values)[N]) {
  std::string list;
  for (const float value : values) list += (list.empty() ? "" : ", ") + literal(value);
  return {"float", fmt::format("{}[{}]", name, N), fmt::format("{{{}}}", list)};
}

Call lower_recurrent(const Site& site, const Kernel& kernel) {
  const auto& a = site.op.as<RecurrentAttrs>();
  const auto operand = [&](size_t i) {
    return site.has_in(i) ? Operand::input(i) : Operand::null();
  };
  const auto constant = [&](size_t i) {
    return site.has_in(i) ? site.graph.constant(site.op.in[i]) : nullptr;
  };
  size_t results = 0;
  const auto result = [&](bool wanted) {
    return wanted ? Operand::output(results++) : Operand::null();
  };
  std::vector<bool> present;
  for (size_t i = 0; i < In::Count; ++i) present.push_back(site.has_in(i));
  const mote::RecurrentShape s =
      recurrent_shape(a, site.in(In::X).shape, site.in(In::R).shape, present);
  PackedRecurrent p = pack_recurrent(a, *constant(In::W), *constant(In::R), constant(In::B),
                                     blocks_of(kernel).gemm);

  constexpr std::string_view kHeaders[] = {"rnn_f32", "gru_f32", "lstm_f32"};
  const std::string_view name = kHeaders[static_cast<size_t>(a.kind)];
  Call call{
      .function = fmt::format("mote::{}<mote::isa::{}, {}>", name, kernel.isa, activations_text(a)),
      .headers = {fmt::format("{}.h", name), isa_header(kernel)},
      .shape = shape_members(s),
      .operands = {Operand::input(In::X), packed_floats("weights", std::move(p.w)),
                   packed_floats("recurrence", std::move(p.r)),
                   packed_floats("bias", std::move(p.bias))},
      .scratch_bytes = recurrent_scratch_floats(a, s) * size_of(DType::F32)};
  call.shape.push_back(float_array("alpha", s.alpha));
  call.shape.push_back(float_array("beta", s.beta));

  const bool lstm = a.kind == CellKind::Lstm;
  auto& operands = call.operands;
  if (lstm) operands.push_back(operand(In::P));
  operands.push_back(operand(In::Lengths));
  operands.push_back(operand(In::H0));
  if (lstm) operands.push_back(operand(In::C0));
  operands.push_back(result(a.y));
  operands.push_back(result(a.y_h));
  if (lstm) operands.push_back(result(a.y_c));
  operands.push_back(Operand::scratch());
  return call;
}

double cost_recurrent(const Site& site, const Kernel& kernel) { return per_mac(site, kernel, 1.0); }

constexpr Kernel kRows[] = {
    // clang-format off
    // name                  op               needs    isa       refuses            lower            cost
    {"recurrent_f32_neon",   &ops::recurrent, kNeon,   "Neon",   refuses_recurrent, lower_recurrent, cost_recurrent},
    {"recurrent_f32_mve",    &ops::recurrent, kMve,    "Mve",    refuses_recurrent, lower_recurrent, cost_recurrent},
    {"recurrent_f32_vec",    &ops::recurrent, kVectorExt, "Vec",    refuses_recurrent, lower_recurrent, cost_recurrent},
    {"recurrent_f32",        &ops::recurrent, kNone,   "Scalar", refuses_recurrent, lower_recurrent, cost_recurrent},
    // clang-format on
};

}  // namespace

std::span<const Kernel> recurrent_rows() { return kRows; }

}  // namespace motec
