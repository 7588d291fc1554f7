// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear, and quantized constants. uint8
// becomes int8 here: the zero point moves by 128, and a FlipSign stands wherever the model itself
// sees uint8.
#include "import/quantized.h"

#include <algorithm>
#include <cmath>

#include "import/blocked.h"
#include "import/importers.h"
#include "import/tensor_reader.h"
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

// Scales, or zero points, where each covers `block` elements along `axis`: one for each element.
Tensor repeat_blocks(const Node& n, const Tensor& blocks, const Shape& x, int axis, int64_t block) {
  n.require(blocks.shape.size() == x.size(),
            fmt::format("{}: scales {} are not of the operand's rank", n.op_type(),
                        to_string(blocks.shape)));
  for (size_t d = 0; d < x.size(); ++d) {
    const int64_t want = static_cast<int>(d) == axis ? (x[d] + block - 1) / block : x[d];
    n.require(blocks.shape[d] == want,
              fmt::format("{}: scales {} are not one for each block of {} along dimension {} of {}",
                          n.op_type(), to_string(blocks.shape), block, axis, to_string(x)));
  }
  const std::vector<double> values = to_doubles(blocks);
  const AxisView view = around_axis(x, axis);
  const int64_t count = blocks.shape[static_cast<size_t>(axis)];
  Tensor result = Tensor::zeros(DType::F32, x);
  for (int64_t i = 0; i < result.elements(); ++i) {
    const int64_t outer = i / (view.n * view.inner), at = i / view.inner % view.n;
    const int64_t source = (outer * count + at / block) * view.inner + i % view.inner;
    result.data<float>()[i] = static_cast<float>(values[static_cast<size_t>(source)]);
  }
  return result;
}

// Operand `at`, the scale or the zero point, as float32 in a shape that broadcasts over operand 0.
ValueId spread(Node& n, size_t at, std::string_view what) {
  if (!n.has(at)) return n.scalar(DType::F32, 0);
  if (const int64_t block = n.attr_int("block_size", 0); block != 0) {
    n.require(block > 0, fmt::format("{}: block_size is {}", n.op_type(), block));
    const int axis = normalize_axis(n.attr_int("axis", 1), n.rank(0), n.op_type());
    const int64_t whole = std::max<int64_t>(n.shape(0)[static_cast<size_t>(axis)], 1);
    return n.constant(
        repeat_blocks(n, n.constant_in(at, what), n.shape(0), axis, std::min(block, whole)));
  }
  const ValueId real = n.add(ops::cast, CastAttrs{DType::F32}, {n.in(at)});
  const int64_t count = element_count(n.shape(at));
  if (count == 1) return n.reshape(real, {});
  const int axis = normalize_axis(n.attr_int("axis", 1), n.rank(0), n.op_type());
  n.require(count == n.shape(0)[static_cast<size_t>(axis)],
            fmt::format("{}: {} is {}, which is neither one number nor one for each position along "
                        "dimension {} of {}",
                        n.op_type(), what, to_string(n.shape(at)), axis, to_string(n.shape(0))));
  Shape shape(n.rank(0), 1);
  shape[static_cast<size_t>(axis)] = count;
  return n.reshape(real, shape);
}

void require_positive(const Node& n, size_t scale) {
  const Tensor* constant = n.constant(n.in(scale));
  if (!constant) return;
  for (const double s : to_doubles(*constant)) {
    if (std::isfinite(s) && s > 0) continue;
    fail({.code = "E3181",
          .message = fmt::format("{}: scale {} is no positive number", n.op_type(), s)});
  }
}

// What an operator makes that quantizes.
struct IntegerType {
  DType dtype;
  bool four_bits = false;
};

IntegerType result_type(const Node& n) {
  if (n.has(2)) return {n.dtype(2), n.has_four_bits(2)};
  const auto type = static_cast<int>(n.attr_int("output_dtype", 0));
  if (type == 0) return {DType::U8};
  return {stored_dtype_from_onnx(type, fmt::format("{}: 'output_dtype'", n.op_type())),
          has_four_bits(type)};
}

// Scales that operators compute take arithmetic at run time. One that the caller hands over is
// most likely a constant that somebody forgot to make one.
bool is_computed(const Node& n, size_t i) {
  return n.has(i) && !n.constant(n.in(i)) && !n.is_graph_input(n.in(i));
}

// Whether scales need more than one multiplication per tensor or channel with constants.
bool takes_arithmetic(const Node& n) {
  return n.attr_int("block_size", 0) != 0 || is_computed(n, 1) || is_computed(n, 2);
}

void import_quantize(Node& n) {
  const IntegerType y = result_type(n);
  if (!y.four_bits && !takes_arithmetic(n))
    return n.set(quantize_to(n, n.in(0), read_params(n, 0, 1, 2), y.dtype));
  n.require(is_integer(y.dtype) && size_of(y.dtype) <= 2,
            fmt::format("{} does not make {}", n.op_type(), name_of(y.dtype)));
  require_positive(n, 1);
  const bool negative = is_signed_int(y.dtype);
  const int32_t lo = y.four_bits ? (negative ? -8 : 0) : lowest_of(y.dtype);
  const int32_t hi = y.four_bits ? (negative ? 7 : 15) : highest_of(y.dtype);
  const ValueId x = n.add(ops::cast, CastAttrs{DType::F32}, {n.in(0)});
  const ValueId rounded =
      n.unary(UnaryFn::Round, n.binary(BinaryFn::Div, x, spread(n, 1, "the scale")));
  const ValueId sum = n.binary(BinaryFn::Add, rounded, spread(n, 2, "the zero point"));
  const ValueId clipped =
      n.unary(UnaryFn::Clip, sum, static_cast<float>(lo), static_cast<float>(hi));
  n.set(n.add(ops::cast, CastAttrs{y.dtype}, {clipped}));
}

void import_dequantize(Node& n) {
  n.require(is_integer(n.dtype(0)),
            fmt::format("{} is not defined for {}", n.op_type(), name_of(n.dtype(0))));
  require_same_type(n, 0, 2);
  if (!takes_arithmetic(n)) return n.set(dequantize_from(n, n.in(0), read_params(n, 0, 1, 2)));
  require_positive(n, 1);
  const ValueId x = n.add(ops::cast, CastAttrs{DType::F32}, {n.in(0)});
  const ValueId zero = spread(n, 2, "the zero point"), scale = spread(n, 1, "the scale");
  const Tensor* q = n.constant(n.in(0));
  if (q && n.attr_int("block_size", 0) != 0 && !is_computed(n, 1) && !is_computed(n, 2)) {
    const int axis = normalize_axis(n.attr_int("axis", 1), n.rank(0), n.op_type());
    if (auto integers = as_channel_scales(*q, *n.constant(scale), *n.constant(zero), axis))
      return n.set(n.quantized_constant(std::move(*integers)));
    n.note(
        "its weights are computed with in float: the scales of their blocks are no integer "
        "multiples of one scale for each channel that would leave int8");
  }
  n.set(n.binary(BinaryFn::Mul, n.binary(BinaryFn::Sub, x, zero), scale));
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

void require_same_type(const Node& n, size_t x, size_t zp) {
  if (!n.has(zp) || n.dtype(zp) == n.dtype(x)) return;
  n.require(false, fmt::format("{}: the operand is {}, its zero point {}; they must be of one type",
                               n.op_type(), name_of(n.dtype(x)), name_of(n.dtype(zp))));
}

QuantParams read_params(const Node& n, size_t x, size_t scale, size_t zp) {
  QuantParams params;
  const Tensor& scales = n.constant_in(scale, "the scale");
  n.require(is_float(scales.dtype),
            fmt::format("{}: the scale is {}", n.op_type(), name_of(scales.dtype)));
  for (const double s : to_doubles(scales)) params.scale.push_back(static_cast<float>(s));
  n.require(!params.scale.empty(), fmt::format("{}: the scale is empty", n.op_type()));
  params.zero_point.assign(params.scale.size(), 0);
  if (n.has(zp)) {
    const Tensor& zeros = n.constant_in(zp, "the zero point");
    n.require(is_integer(zeros.dtype) && (size_of(zeros.dtype) <= 2 || zeros.dtype == DType::S32),
              fmt::format("{}: the zero point is {}", n.op_type(), name_of(zeros.dtype)));
    n.require(zeros.elements() == 1 || zeros.elements() == scales.elements(),
              fmt::format("{}: {} zero points for {} scales", n.op_type(), zeros.elements(),
                          params.scale.size()));
    const std::vector<int64_t> values = to_int64s(zeros);
    for (size_t i = 0; i < params.zero_point.size(); ++i)
      params.zero_point[i] = static_cast<int32_t>(values[values.size() == 1 ? 0 : i]);
  }
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
