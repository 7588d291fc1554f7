// Kernels of LSTM and GRU in integers.
#include "kernels/integer_isa.h"
#include "kernels/rows.h"
#include "ops/qrecurrent.h"

namespace motec {
namespace {

using In = QRecurrentIn;

Call lower_recurrent(const Site& site, const Kernel& kernel) {
  const IntegerIsa& isa = integer_isa(kernel);
  const auto& a = site.op.as<QRecurrentAttrs>();
  const std::string_view name = a.kind == CellKind::Gru ? "gru_s8" : "lstm_s8";
  const mote::RecurrentS8Shape s = qrecurrent_shape(a, site.in(In::X).shape, site.in(In::R).shape);
  const auto packed = [&](std::string_view text, size_t i, int64_t parts) {
    return Operand::packed(text,
                           pack_qrecurrent(*site.graph.constant(site.op.in[i]), parts, isa.gates));
  };
  const std::string type = a.out == DType::S16 ? ", int16_t" : "";
  Call call{.function = fmt::format("mote::{}<mote::isa::{}{}>", name, isa.name, type),
            .headers = {fmt::format("{}.h", name), std::string(isa.header)},
            .shape = shape_members(s),
            .operands = {Operand::input(In::X), packed("weights", In::W, 1),
                         packed("recurrence", In::R, recurrence_parts(a))},
            .scratch_bytes =
                mote::recurrent_s8_scratch(s, static_cast<int32_t>(gate_count(a.kind)), isa.gates),
            .scratch_dtype = DType::S32};
  for (size_t i = In::WBias; i < In::Count; ++i) call.operands.push_back(Operand::input(i));
  size_t results = 0;
  for (const bool wanted : {a.y, a.y_h, a.y_c})
    call.operands.push_back(wanted ? Operand::output(results++) : Operand::null());
  if (a.kind == CellKind::Gru) call.operands.pop_back();  // it has no cell state
  call.operands.push_back(Operand::scratch());
  return call;
}

// Some three instructions per multiply-add, as of the other portable integer kernels; half of them
// with SMLAD, and less with vectors.
double cost_recurrent(const Site& site, const Kernel& kernel) {
  const int64_t macs = site.op.def->macs(site.op, infer_ctx(site.graph, site.op));
  const double each = kernel.needs == kNone ? 3.0 : kernel.needs == kDsp ? 1.5 : 0.3;
  return each * static_cast<double>(macs);
}

constexpr Kernel kRows[] = {
    // clang-format off
    // name               op                needs  isa         refuses     lower            cost
    {"recurrent_s8",      &ops::qrecurrent, kNone, "ScalarS8", serves_all, lower_recurrent, cost_recurrent},
    {"recurrent_s8_dsp",  &ops::qrecurrent, kDsp,  "DspS8",    serves_all, lower_recurrent, cost_recurrent},
    {"recurrent_s8_mve",  &ops::qrecurrent, kMve,  "MveS8",    serves_all, lower_recurrent, cost_recurrent},
    {"recurrent_s8_neon", &ops::qrecurrent, kNeon, "NeonS8",   serves_all, lower_recurrent, cost_recurrent},
    {"recurrent_s8_rvv",  &ops::qrecurrent, kRvv,  "RvvS8",    serves_all, lower_recurrent, cost_recurrent},
    // clang-format on
};

}  // namespace

std::span<const Kernel> quantized_recurrent_rows() { return kRows; }

}  // namespace motec
