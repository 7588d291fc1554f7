#include "ops/quantize.h"

#include <cmath>

#include "ops/shapes.h"
#include "ops/store.h"
#include "support/diag.h"

namespace motec {
namespace {

// Scales and zero points against the operand they are for.
template <class Attrs>
void require_parameters(std::string_view name, const Attrs& a, const Shape& x) {
  const bool per_axis = a.axis >= 0;
  require(
      a.scale.size() == a.zero_point.size() && !a.scale.empty() &&
          (per_axis || a.scale.size() == 1),
      "E3180",
      fmt::format("{}: {} scales and {} zero points", name, a.scale.size(), a.zero_point.size()));
  require(!per_axis || (a.axis < static_cast<int>(x.size()) &&
                        std::ssize(a.scale) == x[static_cast<size_t>(a.axis)]),
          "E3180",
          fmt::format("{}: {} scales do not fit dimension {} of {}", name, a.scale.size(), a.axis,
                      to_string(x)));
  for (const float scale : a.scale)
    require(std::isfinite(scale) && scale > 0, "E3181",
            fmt::format("{}: scale {} is no positive number", name, scale));
}

// Integers of `dtype` must have them within their range; those of int32 have none.
template <class Attrs>
void require_zero_points(std::string_view name, const Attrs& a, DType dtype) {
  const bool none = dtype == DType::S32;
  for (const int32_t zp : a.zero_point)
    require(none ? zp == 0 : zp >= lowest_of(dtype) && zp <= highest_of(dtype), "E3180",
            none ? fmt::format("{}: zero point {} of int32, where only 0 is allowed", name, zp)
                 : fmt::format("{}: zero point {} is no {}", name, zp, name_of(dtype)));
}

std::vector<Type> infer_quantize(const QuantizeAttrs& a, const InferCtx& c) {
  require(c.in[0]->dtype == DType::F32, "E3101",
          fmt::format("QuantizeLinear is not defined for {}", name_of(c.in[0]->dtype)));
  require(is_integer(a.to) && size_of(a.to) <= 2, "E3101",
          fmt::format("QuantizeLinear does not make {}", name_of(a.to)));
  require_parameters("QuantizeLinear", a, c.in[0]->shape);
  require_zero_points("QuantizeLinear", a, a.to);
  return {{.dtype = a.to, .shape = c.in[0]->shape}};
}

void eval_quantize(const QuantizeAttrs& a, const EvalCtx& c) {
  const mote::QuantizeShape s = quantize_shape(a, c.in[0]->shape);
  const std::vector<float> reciprocal = reciprocals(a.scale);
  dispatch(a.to, [&]<class T>() {
    if constexpr (sizeof(T) <= 2)
      mote::quantize<T>(s, c.in[0]->data<float>(), reciprocal.data(), a.zero_point.data(),
                        c.out[0]->data<T>());
  });
}

std::vector<Type> infer_dequantize(const DequantizeAttrs& a, const InferCtx& c) {
  const DType dtype = c.in[0]->dtype;
  require(is_integer(dtype) && (size_of(dtype) <= 2 || dtype == DType::S32), "E3101",
          fmt::format("DequantizeLinear is not defined for {}", name_of(dtype)));
  require_parameters("DequantizeLinear", a, c.in[0]->shape);
  require_zero_points("DequantizeLinear", a, dtype);
  return {{.dtype = DType::F32, .shape = c.in[0]->shape}};
}

void eval_dequantize(const DequantizeAttrs& a, const EvalCtx& c) {
  const mote::DequantizeShape s = dequantize_shape(a, c.in[0]->shape);
  dispatch(c.in[0]->dtype, [&]<class T>() {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 4)
      mote::dequantize<T>(s, c.in[0]->data<T>(), a.scale.data(), a.zero_point.data(),
                          c.out[0]->data<float>());
  });
}

std::vector<Type> infer_flip(const NoAttrs&, const InferCtx& c) {
  const DType dtype = c.in[0]->dtype;
  internal_check(dtype == DType::S8 || dtype == DType::U8, "FlipSign of {}", name_of(dtype));
  return {{.dtype = dtype == DType::S8 ? DType::U8 : DType::S8, .shape = c.in[0]->shape}};
}

void eval_flip(const NoAttrs&, const EvalCtx& c) {
  const mote::FlipShape s{to_i32(c.in[0]->elements())};
  if (c.in[0]->dtype == DType::S8) {
    mote::flip_sign(s, c.in[0]->data<int8_t>(), c.out[0]->data<uint8_t>());
  } else {
    mote::flip_sign(s, c.in[0]->data<uint8_t>(), c.out[0]->data<int8_t>());
  }
}

std::vector<Type> infer_lookup(const NoAttrs&, const InferCtx& c) {
  const DType to = c.in[1]->dtype;
  internal_check(
      c.in[0]->dtype == DType::S8 && is_narrow_signed(to) && c.in[1]->shape == Shape{256},
      "Lookup of {} in {}", to_string(*c.in[0]), to_string(*c.in[1]));
  return {{.dtype = to, .shape = c.in[0]->shape}};
}

void eval_lookup(const NoAttrs&, const EvalCtx& c) {
  with_narrow(*c.out[0], [&]<class Y>(Y* y) {
    mote::lookup_s8(mote::LookupShape{to_i32(c.in[0]->elements())}, c.in[0]->data<int8_t>(),
                    c.in[1]->data<Y>(), y);
  });
}

AxisView channels_of(int axis, const Shape& x) {
  return axis >= 0 ? around_axis(x, axis) : AxisView{1, 1, element_count(x)};
}

}  // namespace

mote::QuantizeShape quantize_shape(const QuantizeAttrs& a, const Shape& x) {
  const AxisView view = channels_of(a.axis, x);
  return {to_i32(view.outer), to_i32(view.n), to_i32(view.inner), lowest_of(a.to),
          highest_of(a.to)};
}

mote::DequantizeShape dequantize_shape(const DequantizeAttrs& a, const Shape& x) {
  const AxisView view = channels_of(a.axis, x);
  return {to_i32(view.outer), to_i32(view.n), to_i32(view.inner)};
}

std::vector<float> reciprocals(const std::vector<float>& scale) {
  std::vector<float> result;
  for (const float s : scale) result.push_back(1.0f / s);
  return result;
}

int32_t lowest_of(DType dtype) {
  return dtype == DType::S8 ? -128 : dtype == DType::S16 ? -32768 : 0;
}
int32_t highest_of(DType dtype) {
  switch (dtype) {
    case DType::S8:
      return 127;
    case DType::U8:
      return 255;
    case DType::S16:
      return 32767;
    default:
      return 65535;
  }
}

Tensor dequantized(const QuantizedConstant& constant) {
  const Quant& quant = constant.quant;
  const Op op{
      &ops::dequantize, DequantizeAttrs{quant.scale, quant.zero_point, quant.axis}, {}, {}, {}};
  const Type type = constant.q.type();
  const std::vector<Type> result = op.def->infer(op, {.in = {&type}, .constant = {&constant.q}});
  Tensor tensor = Tensor::zeros(DType::F32, result[0].shape);
  evaluate(op, {.in = {&constant.q}, .out = {&tensor}});
  return tensor;
}

namespace ops {
const OpDef quantize{.name = "Quantize",
                     .infer = typed<&infer_quantize>,
                     .eval = typed<&eval_quantize>,
                     .print = print_attrs<QuantizeAttrs>};
const OpDef dequantize{.name = "Dequantize",
                       .infer = typed<&infer_dequantize>,
                       .eval = typed<&eval_dequantize>,
                       .print = print_attrs<DequantizeAttrs>};
const OpDef flip_sign{.name = "FlipSign",
                      .infer = typed<&infer_flip>,
                      .eval = typed<&eval_flip>,
                      .print = print_attrs<NoAttrs>};
const OpDef lookup{.name = "Lookup",
                   .infer = typed<&infer_lookup>,
                   .eval = typed<&eval_lookup>,
                   .print = print_attrs<NoAttrs>};
}  // namespace ops

}  // namespace motec
