// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear, and quantized constants. uint8
// becomes int8 here: the zero point moves by 128, and a FlipSign stands wherever the model itself
// sees uint8.
#include "import/quantized.h"

#include <algorithm>
#include <cmath>

#include "import/importers.h"
#include "ops/cast.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

// An integer constant as int8 or int16 with zero points to match. What does not fit stays.
void shift_unsigned(Tensor& q, std::vector<int32_t>& zero_point) {
  if (q.dtype != DType::U8) return;
  for (std::byte& byte : q.bytes) byte ^= std::byte{0x80};
  q.dtype = DType::S8;
  for (int32_t& zp : zero_point) zp -= 128;
}

// DequantizeLinear-21 with blocks of `block` elements along `axis`, each with a scale of its own.
Tensor dequantize_blocks(const Node& n, const Tensor& q, const Tensor& scale, const Tensor* zp,
                         int axis, int64_t block) {
  n.require(scale.shape.size() == q.shape.size(),
            fmt::format("{}: scales {} are not of the operand's rank", n.op_type(),
                        to_string(scale.shape)));
  for (size_t d = 0; d < q.shape.size(); ++d) {
    const int64_t want =
        static_cast<int>(d) == axis ? (q.shape[d] + block - 1) / block : q.shape[d];
    n.require(scale.shape[d] == want,
              fmt::format("{}: scales {} are not one for each block of {} along dimension {} of {}",
                          n.op_type(), to_string(scale.shape), block, axis, to_string(q.shape)));
  }
  n.require(!zp || zp->shape == scale.shape,
            fmt::format("{}: zero points and scales differ in shape", n.op_type()));
  const std::vector<double> values = to_doubles(q), scales = to_doubles(scale);
  const std::vector<double> zeros = zp ? to_doubles(*zp) : std::vector<double>(scales.size(), 0.0);
  const AxisView view = around_axis(q.shape, axis);
  const int64_t blocks = (view.n + block - 1) / block;
  Tensor real = Tensor::zeros(DType::F32, q.shape);
  for (int64_t i = 0; i < q.elements(); ++i) {
    const int64_t outer = i / (view.n * view.inner), at = i / view.inner % view.n;
    const auto s = static_cast<size_t>((outer * blocks + at / block) * view.inner + i % view.inner);
    real.data<float>()[i] = static_cast<float>((values[static_cast<size_t>(i)] - zeros[s])) *
                            static_cast<float>(scales[s]);
  }
  return real;
}

void import_quantize(Node& n) {
  const auto dtype = n.has(2) ? n.dtype(2) : n.attr_dtype("output_dtype", DType::U8);
  if (n.attr_int("block_size", 0) != 0) n.unsupported("quantization in blocks at run time");
  n.set(quantize_to(n, n.in(0), read_params(n, 0, 1, 2), dtype));
}

void import_dequantize(Node& n) {
  const int64_t block = n.attr_int("block_size", 0);
  if (block == 0) return n.set(dequantize_from(n, n.in(0), read_params(n, 0, 1, 2)));
  n.require(block > 0, fmt::format("{}: block_size is {}", n.op_type(), block));
  const Tensor& q = n.constant_in(0, "an operand with a scale per block");
  const int axis = normalize_axis(n.attr_int("axis", 1), q.shape.size(), n.op_type());
  const Tensor* zp = n.has(2) ? &n.constant_in(2, "the zero points") : nullptr;
  n.set(n.constant(dequantize_blocks(n, q, n.constant_in(1, "the scales"), zp, axis, block)));
}

// DynamicQuantizeLinear-11: scale and zero point come from the range of the operand.
void import_dynamic_quantize(Node& n) {
  const ValueId x = n.in(0), zero = n.scalar(DType::F32, 0);
  std::vector<int> all;
  for (size_t d = 0; d < n.rank(0); ++d) all.push_back(static_cast<int>(d));
  const auto extreme = [&](ReduceKind kind, BinaryFn fn) {
    const ReduceAttrs attrs{.kind = kind, .axes = all, .keepdims = false};
    return n.binary(fn, all.empty() ? x : n.add(ops::reduce, attrs, {x}), zero);
  };
  const ValueId low = extreme(ReduceKind::Min, BinaryFn::Min);
  const ValueId high = extreme(ReduceKind::Max, BinaryFn::Max);
  // Of an operand of zeros, any scale will do but 0.
  const ValueId range =
      n.binary(BinaryFn::Max, n.binary(BinaryFn::Sub, high, low), n.scalar(DType::F32, 1e-30));
  const ValueId scale = n.binary(BinaryFn::Div, range, n.scalar(DType::F32, 255));
  const auto saturated = [&](ValueId v) { return n.unary(UnaryFn::Clip, v, 0, 255); };
  const ValueId zp = n.unary(UnaryFn::Round,
                             saturated(n.binary(BinaryFn::Div, n.unary(UnaryFn::Neg, low), scale)));
  const ValueId y =
      n.binary(BinaryFn::Add, n.unary(UnaryFn::Round, n.binary(BinaryFn::Div, x, scale)), zp);
  n.set(0, n.add(ops::cast, CastAttrs{DType::U8}, {saturated(y)}));
  n.set(1, scale);
  n.set(2, n.add(ops::cast, CastAttrs{DType::U8}, {zp}));
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"QuantizeLinear",        import_quantize},
    {"DequantizeLinear",      import_dequantize},
    {"DynamicQuantizeLinear", import_dynamic_quantize},
    {"QuantizeLinear",        import_quantize,   "com.microsoft"},
    {"DequantizeLinear",      import_dequantize, "com.microsoft"},
    // clang-format on
};

}  // namespace

QuantParams read_params(const Node& n, size_t x, size_t scale, size_t zp) {
  QuantParams params;
  for (const double s : to_doubles(n.constant_in(scale, "the scale")))
    params.scale.push_back(static_cast<float>(s));
  params.zero_point.assign(params.scale.size(), 0);
  if (n.has(zp)) {
    const std::vector<int64_t> zeros = to_int64s(n.constant_in(zp, "the zero point"));
    n.require(zeros.size() == 1 || zeros.size() == params.scale.size(),
              fmt::format("{}: {} zero points for {} scales", n.op_type(), zeros.size(),
                          params.scale.size()));
    for (size_t i = 0; i < params.zero_point.size(); ++i)
      params.zero_point[i] = static_cast<int32_t>(zeros[zeros.size() == 1 ? 0 : i]);
  }
  n.require(!params.scale.empty(), fmt::format("{}: the scale is empty", n.op_type()));
  if (params.scale.size() > 1)
    params.axis = normalize_axis(n.attr_int("axis", 1), n.rank(x), n.op_type());
  return params;
}

ValueId quantize_to(Node& n, ValueId x, QuantParams params, DType dtype) {
  if (n.type(x).dtype == DType::S32) x = n.add(ops::cast, CastAttrs{DType::F32}, {x});
  if (dtype != DType::U8)
    return n.add(ops::quantize, QuantizeAttrs{params.scale, params.zero_point, params.axis, dtype},
                 {x});
  for (int32_t& zp : params.zero_point) zp -= 128;
  const QuantizeAttrs attrs{params.scale, params.zero_point, params.axis, DType::S8};
  return n.add(ops::flip_sign, NoAttrs{}, {n.add(ops::quantize, attrs, {x})});
}

ValueId dequantize_from(Node& n, ValueId x, QuantParams params) {
  if (const Tensor* constant = n.constant(x)) {
    Tensor q = *constant;
    n.require(is_integer(q.dtype),
              fmt::format("{} is not defined for {}", n.op_type(), name_of(q.dtype)));
    shift_unsigned(q, params.zero_point);
    return n.quantized_constant({std::move(q), {params.scale, params.zero_point, params.axis}});
  }
  if (n.type(x).dtype == DType::U8) {
    x = n.add(ops::flip_sign, NoAttrs{}, {x});
    for (int32_t& zp : params.zero_point) zp -= 128;
  }
  return n.add(ops::dequantize, DequantizeAttrs{params.scale, params.zero_point, params.axis}, {x});
}

std::span<const Importer> quantize_importers() { return kImporters; }

}  // namespace motec
