// Integer kernels without weights, and the borders between integers and real numbers.
#include "kernels/integer_isa.h"
#include "kernels/rows.h"
#include "ops/lookup_s16.h"
#include "ops/qbinary.h"
#include "ops/qmatmul.h"
#include "ops/qpool.h"
#include "ops/qsoftmax.h"
#include "ops/quantize.h"
#include "ops/rescale.h"
#include "ops/shapes.h"

namespace motec {
namespace {

Operand floats(std::string_view name, const std::vector<float>& values) {
  return Operand::packed(name, f32_tensor({std::ssize(values)}, values));
}
Operand words(std::string_view name, const std::vector<int32_t>& values) {
  return Operand::packed(name, s32_vector(values));
}

Call lower_quantize(const Site& site, const Kernel&) {
  const auto& a = site.op.as<QuantizeAttrs>();
  return {.function = "mote::quantize",
          .headers = {"quantize.h"},
          .shape = shape_members(quantize_shape(a, site.in(0).shape)),
          .operands = {Operand::input(0), floats("reciprocals", reciprocals(a.scale)),
                       words("zero_points", a.zero_point), Operand::output(0)}};
}

Call lower_dequantize(const Site& site, const Kernel&) {
  const auto& a = site.op.as<DequantizeAttrs>();
  return {.function = "mote::dequantize",
          .headers = {"quantize.h"},
          .shape = shape_members(dequantize_shape(a, site.in(0).shape)),
          .operands = {Operand::input(0), floats("scales", a.scale),
                       words("zero_points", a.zero_point), Operand::output(0)}};
}

// A run is what has one scale.
std::string refuses_runs(int64_t inner, DType dtype) {
  if (dtype != DType::S8) return "the integers are not int8";
  return inner < 4 ? "runs of one scale have fewer than four elements" : "";
}
std::string refuses_quantize_s8(const Site& site) {
  const auto& a = site.op.as<QuantizeAttrs>();
  return refuses_runs(quantize_shape(a, site.in(0).shape).inner, site.out(0).dtype);
}
std::string refuses_dequantize_s8(const Site& site) {
  const auto& a = site.op.as<DequantizeAttrs>();
  return refuses_runs(dequantize_shape(a, site.in(0).shape).inner, site.in(0).dtype);
}
template <Call (*lower)(const Site&, const Kernel&)>
Call lower_runs(const Site& site, const Kernel& kernel) {
  const IntegerIsa& isa = integer_isa(kernel);
  Call call = lower(site, kernel);
  call.function += fmt::format("_s8<mote::isa::{}>", isa.name);
  call.headers = {"quantize_s8.h", std::string(isa.header)};
  return call;
}
double cost_runs(const Site& site, const Kernel& kernel) { return per_element(site, kernel) / 4; }

Call lower_flip(const Site& site, const Kernel&) {
  return {.function = "mote::flip_sign",
          .headers = {"quantize.h"},
          .shape = shape_members(mote::FlipShape{to_i32(site.in(0).elements())}),
          .operands = {Operand::input(0), Operand::output(0)}};
}

Call lower_lookup(const Site& site, const Kernel&) {
  return {.function = "mote::lookup_s8",
          .headers = {"quantize.h"},
          .shape = shape_members(mote::LookupShape{to_i32(site.in(0).elements())}),
          .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}

Call lower_lookup_s16(const Site& site, const Kernel&) {
  return {
      .function = "mote::lookup_s16",
      .headers = {"lookup_s16.h"},
      .shape = shape_members(mote::LookupS16Shape{to_i32(site.in(0).elements())}),
      .operands = {Operand::input(0), Operand::input(1), Operand::input(2), Operand::output(0)}};
}

Call lower_add(const Site& site, const Kernel& kernel) {
  const IntegerIsa& isa = integer_isa(kernel);
  return {.function = fmt::format("mote::add_s8<mote::isa::{}>", isa.name),
          .headers = {"add_s8.h", std::string(isa.header)},
          .shape = shape_members(
              qadd_shape(site.op.as<QAddAttrs>(), site.in(0).shape, site.in(1).shape)),
          .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}

Call lower_mul(const Site& site, const Kernel& kernel) {
  const IntegerIsa& isa = integer_isa(kernel);
  return {.function = fmt::format("mote::mul_s8<mote::isa::{}>", isa.name),
          .headers = {"mul_s8.h", std::string(isa.header)},
          .shape = shape_members(
              qmul_shape(site.op.as<QMulAttrs>(), site.in(0).shape, site.in(1).shape)),
          .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}

Call lower_rescale(const Site& site, const Kernel&) {
  return {.function = "mote::rescale",
          .headers = {"rescale.h"},
          .shape = shape_members(rescale_shape(site.op.as<RescaleAttrs>(), site.in(0).shape)),
          .operands = {Operand::input(0), Operand::output(0)}};
}

Call lower_add_s16(const Site& site, const Kernel&) {
  return {.function = "mote::add_s16",
          .headers = {"binary_s16.h"},
          .shape = shape_members(
              qadd_s16_shape(site.op.as<QAddAttrs>(), site.in(0).shape, site.in(1).shape)),
          .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}

Call lower_mul_s16(const Site& site, const Kernel&) {
  return {.function = "mote::mul_s16",
          .headers = {"binary_s16.h"},
          .shape = shape_members(
              qmul_s16_shape(site.op.as<QMulAttrs>(), site.in(0).shape, site.in(1).shape)),
          .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}

std::string refuses_int16(const Site& site) {
  return site.in(0).dtype == DType::S8 ? "" : "the operands are not int8";
}
std::string refuses_int8(const Site& site) {
  return site.in(0).dtype == DType::S16 ? "" : "the operands are not int16";
}

std::string refuses_pool(const Site& site) {
  const auto s = qpool_shape(site.op.as<QPoolAttrs>(), site.in(0).shape);
  return s.kernel_h <= mote::kMaxKernelRows
             ? ""
             : fmt::format("the window has more than {} rows", mote::kMaxKernelRows);
}
template <std::string (*refuses_type)(const Site&)>
std::string refuses_pool_of(const Site& site) {
  const std::string reason = refuses_type(site);
  return reason.empty() ? refuses_pool(site) : reason;
}

Call lower_pool(const Site& site, const Kernel& kernel) {
  const IntegerIsa& isa = integer_isa(kernel);
  const auto& a = site.op.as<QPoolAttrs>();
  const bool max = a.window.kind == PoolKind::Max;
  Call call{.function =
                fmt::format("mote::{}<mote::isa::{}>", max ? "maxpool_s8" : "avgpool_s8", isa.name),
            .headers = {"pool_s8.h", std::string(isa.header)},
            .shape = shape_members(qpool_shape(a, site.in(0).shape)),
            .operands = {Operand::input(0)}};
  if (max) {
    call.operands.push_back(Operand::output(0));
    return call;
  }
  call.operands.insert(call.operands.end(),
                       {Operand::input(1), Operand::output(0), Operand::scratch()});
  call.scratch_bytes = 4 * site.in(0).shape[3];
  call.scratch_dtype = DType::S8;
  return call;
}

// The average of everything is summed up row by row, whatever shape the operand was given for it.
std::optional<RowCall> pool_rows(const Site& site, const Kernel& kernel, int64_t) {
  const auto& a = site.op.as<QPoolAttrs>();
  const PoolAttrs& window = a.window;
  const Shape& x = site.in(0).shape;
  if (x[0] != 1) return {};
  const bool max = window.kind == PoolKind::Max;
  const bool whole = window.kernel[0] == x[1] && window.kernel[1] == x[2] &&
                     window.pad == std::array<int64_t, 4>{};
  Call call = lower_pool(site, kernel);
  if (max || !whole) {
    RowCall rows =
        rows_gathered(std::move(call), max ? "maxpool_s8" : "avgpool_s8",
                      max ? "maxpool_row_s8" : "avgpool_row_s8", row_window(qpool_shape(a, x)));
    rows.numbered = !max;
    return rows;
  }
  RowCall rows = rows_gathered(std::move(call), "avgpool_s8", "avgpool_sum_s8", {});
  rows.gathers = false;
  rows.numbered = rows.sums = true;
  return rows;
}

Call lower_softmax(const Site& site, const Kernel&) {
  return {.function = site.in(0).dtype == DType::S8 ? "mote::softmax_s8" : "mote::softmax_s16",
          .headers = {"softmax_s8.h"},
          .shape = shape_members(qsoftmax_shape(site.op.as<QSoftmaxAttrs>(), site.in(0).shape)),
          .operands = {Operand::input(0), Operand::input(1), Operand::output(0)}};
}

Call lower_matmul(const Site& site, const Kernel& kernel) {
  const IntegerIsa& isa = integer_isa(kernel);
  const auto& a = site.op.as<QMatMulAttrs>();
  const mote::MatMulS8Shape s = qmatmul_shape(a, site.in(0).shape, site.in(1).shape);
  return {
      .function =
          fmt::format("mote::matmul_s8<mote::isa::{}, {}>", isa.name, requant_type(a.store)),
      .headers = {"matmul_s8.h", std::string(isa.header)},
      .shape = shape_members(s),
      .operands = {Operand::input(0), Operand::input(1), Operand::output(0), Operand::scratch()},
      .scratch_bytes = mote::matmul_scratch(s),
      .scratch_dtype = DType::S8};
}

Call lower_matmul_s16(const Site& site, const Kernel& kernel) {
  const IntegerIsa& isa = integer_isa(kernel);
  const mote::MatMulS16Shape s =
      qmatmul_s16_shape(site.op.as<QMatMulAttrs>(), site.in(0).shape, site.in(1).shape);
  return {
      .function = fmt::format("mote::matmul_s16<mote::isa::{}>", isa.name),
      .headers = {"matmul_s16.h", std::string(isa.header)},
      .shape = shape_members(s),
      .operands = {Operand::input(0), Operand::input(1), Operand::output(0), Operand::scratch()},
      .scratch_bytes = mote::matmul_scratch(s),
      .scratch_dtype = DType::S8};
}

bool has_long_sums(const Site& site) {
  return site.op.as<QMatMulAttrs>().store.form == StoreForm::Wide;
}
std::string refuses_long(const Site& site) {
  return has_long_sums(site) ? "sums have 64 bits" : "";
}
std::string refuses_short(const Site& site) {
  return has_long_sums(site) ? "" : "sums have 32 bits";
}

// The portable form of a kernel is taken where nothing else serves.
double vectors_first(const Site& site, const Kernel& kernel) {
  return per_element(site, kernel) * (kernel.needs == kNone ? 4 : kernel.needs == kDsp ? 2 : 1);
}

constexpr Kernel kRows[] = {
    // clang-format off
    // name           op                needs  isa         refuses       lower             cost           in place, by rows
    {"quantize",      &ops::quantize,   kNone, "",         serves_all,   lower_quantize,   per_element, nullptr, rows_off_axis<QuantizeAttrs>},
    {"dequantize",    &ops::dequantize, kNone, "",         serves_all,   lower_dequantize, per_element, nullptr, rows_off_axis<DequantizeAttrs>},
    {"quantize_s8_mve",   &ops::quantize,   kMve, "MveS8", refuses_quantize_s8, lower_runs<lower_quantize>, cost_runs, nullptr, rows_off_axis<QuantizeAttrs>},
    {"dequantize_s8_mve", &ops::dequantize, kMve, "MveS8", refuses_dequantize_s8, lower_runs<lower_dequantize>, cost_runs, nullptr, rows_off_axis<DequantizeAttrs>},
    {"flip_sign",     &ops::flip_sign,  kNone, "",         serves_all,   lower_flip,       per_element,   first_in_place, rows_alone},
    {"lookup_s8",     &ops::lookup,     kNone, "",         serves_all,   lower_lookup,     per_element,   same_shape_in_place, rows_alone},
    {"lookup_s16",    &ops::lookup_s16, kNone, "",         serves_all,   lower_lookup_s16, per_element,   same_shape_in_place, rows_alone},
    {"rescale",       &ops::rescale,    kNone, "",         serves_all,   lower_rescale,    per_element,   same_shape_in_place, rows_alone},
    {"add_s8",        &ops::qadd,       kNone, "ScalarS8", refuses_int16,lower_add,        vectors_first, same_shape_in_place, rows_alone},
    {"add_s8_dsp",    &ops::qadd,       kDsp,  "DspS8",    refuses_int16,lower_add,        vectors_first, same_shape_in_place, rows_alone},
    {"add_s8_mve",    &ops::qadd,       kMve,  "MveS8",    refuses_int16,lower_add,        vectors_first, same_shape_in_place, rows_alone},
    {"add_s8_neon",   &ops::qadd,       kNeon, "NeonS8",   refuses_int16,lower_add,        vectors_first, same_shape_in_place, rows_alone},
    {"add_s8_rvv",    &ops::qadd,       kRvv,  "RvvS8",    refuses_int16,lower_add,        vectors_first, same_shape_in_place, rows_alone},
    {"mul_s8",        &ops::qmul,       kNone, "ScalarS8", refuses_int16,lower_mul,        vectors_first, same_shape_in_place, rows_alone},
    {"mul_s8_dsp",    &ops::qmul,       kDsp,  "DspS8",    refuses_int16,lower_mul,        vectors_first, same_shape_in_place, rows_alone},
    {"mul_s8_mve",    &ops::qmul,       kMve,  "MveS8",    refuses_int16,lower_mul,        vectors_first, same_shape_in_place, rows_alone},
    {"mul_s8_neon",   &ops::qmul,       kNeon, "NeonS8",   refuses_int16,lower_mul,        vectors_first, same_shape_in_place, rows_alone},
    {"mul_s8_rvv",    &ops::qmul,       kRvv,  "RvvS8",    refuses_int16,lower_mul,        vectors_first, same_shape_in_place, rows_alone},
    {"add_s16",       &ops::qadd,       kNone, "",         refuses_int8, lower_add_s16,    per_element,   same_shape_in_place, rows_alone},
    {"mul_s16",       &ops::qmul,       kNone, "",         refuses_int8, lower_mul_s16,    per_element,   same_shape_in_place, rows_alone},
    {"pool_s8",       &ops::qpool,      kNone, "ScalarS8", refuses_pool_of<refuses_int16>, lower_pool,       vectors_first, nullptr, pool_rows},
    {"pool_s8_dsp",   &ops::qpool,      kDsp,  "DspS8",    refuses_pool_of<refuses_int16>, lower_pool,       vectors_first, nullptr, pool_rows},
    {"pool_s8_mve",   &ops::qpool,      kMve,  "MveS8",    refuses_pool_of<refuses_int16>, lower_pool,       vectors_first, nullptr, pool_rows},
    {"pool_s8_neon",  &ops::qpool,      kNeon, "NeonS8",   refuses_pool_of<refuses_int16>, lower_pool,       vectors_first, nullptr, pool_rows},
    {"pool_s8_rvv",   &ops::qpool,      kRvv,  "RvvS8",    refuses_pool_of<refuses_int16>, lower_pool,       vectors_first, nullptr, pool_rows},
    {"pool_s16",      &ops::qpool,      kNone, "ScalarS8", refuses_pool_of<refuses_int8>, lower_pool, vectors_first, nullptr, pool_rows},
    {"softmax_s8",    &ops::qsoftmax,   kNone, "",         refuses_int16,lower_softmax,    per_element,   same_shape_in_place, rows_off_axis<QSoftmaxAttrs>},
    {"softmax_s16",   &ops::qsoftmax,   kNone, "",         refuses_int8, lower_softmax,    per_element,   same_shape_in_place, rows_off_axis<QSoftmaxAttrs>},
    {"matmul_s8",     &ops::qmatmul,    kNone, "ScalarS8", refuses_long,lower_matmul,     vectors_first},
    {"matmul_s8_dsp", &ops::qmatmul,    kDsp,  "DspS8",    refuses_long,lower_matmul,     vectors_first},
    {"matmul_s8_mve", &ops::qmatmul,    kMve,  "MveS8",    refuses_long,lower_matmul,     vectors_first},
    {"matmul_s8_neon", &ops::qmatmul,   kNeon, "NeonS8",   refuses_long,lower_matmul,     vectors_first},
    {"matmul_s8_rvv", &ops::qmatmul,    kRvv,  "RvvS8",    refuses_long,lower_matmul,     vectors_first},
    {"matmul_s16",    &ops::qmatmul,    kNone, "ScalarS8", refuses_short, lower_matmul_s16, vectors_first},
    {"matmul_s16_dsp", &ops::qmatmul,   kDsp,  "DspS8",    refuses_short, lower_matmul_s16, vectors_first},
    {"matmul_s16_mve", &ops::qmatmul,   kMve,  "MveS8",    refuses_short, lower_matmul_s16, vectors_first},
    // clang-format on
};

}  // namespace

std::span<const Kernel> quantized_element_rows() { return kRows; }

}  // namespace motec
