// Operators on integers: QLinearConv, QLinearMatMul, ConvInteger, MatMulInteger, and those of
// onnxruntime (com.microsoft). All with a scale become the float operator between Dequantize and
// Quantize; the two *Integer ones have none, and become integer operators at once.
#include "import/importers.h"
#include "import/integer.h"
#include "import/matrix.h"
#include "import/quantized.h"
#include "ops/concat.h"
#include "ops/reduce.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

// One scale and zero point, for activations.
QuantParams one_scale(const Node& n, size_t x, size_t scale, size_t zp) {
  const int64_t count = element_count(n.shape(scale));
  n.require(count == 1,
            fmt::format("{}: there are {} scales for an activation", n.op_type(), count));
  return read_params(n, x, scale, zp);
}

// Those of operand `x`, at the two places that follow it.
QuantParams operand_params(const Node& n, size_t x) {
  require_same_type(n, x, x + 2);
  return one_scale(n, x, x + 1, x + 2);
}

ValueId operand(Node& n, size_t x) { return dequantize_from(n, n.in(x), operand_params(n, x)); }

// The result, with scale and zero point at operands `scale` and `scale + 1`; the zero point's type
// is the result's, and int8 or uint8 like operand `like` without one.
void set_quantized(Node& n, ValueId y, size_t scale, size_t like = 0) {
  const DType dtype = n.has(scale + 1) ? n.dtype(scale + 1) : n.dtype(like);
  n.set(quantize_to(n, y, one_scale(n, like, scale, scale + 1), dtype));
}

// Operand `w`, followed by one scale and zero point, or by one per output channel along `axis`.
QuantParams weight_params(const Node& n, size_t w, int axis) {
  require_same_type(n, w, w + 2);
  QuantParams params = read_params(n, w, w + 1, w + 2);
  if (params.scale.size() > 1) params.axis = axis;
  return params;
}

// A bias of int32 at scale x * w.
ValueId bias(Node& n, size_t at, const QuantParams& x, const QuantParams& w) {
  if (!n.has(at)) return {};
  n.require(n.dtype(at) == DType::S32,
            fmt::format("{}: the bias is {}, not int32", n.op_type(), name_of(n.dtype(at))));
  QuantParams params{w.scale, std::vector<int32_t>(w.scale.size(), 0), -1};
  for (float& scale : params.scale) scale *= x.scale[0];
  if (params.scale.size() > 1) params.axis = static_cast<int>(n.rank(at)) - 1;
  return dequantize_from(n, n.in(at), params);
}

// QLinearConv-10: x, x_scale, x_zp, w, w_scale, w_zp, y_scale, y_zp, B.
void import_qlinear_conv(Node& n) {
  const QuantParams x = operand_params(n, 0), w = weight_params(n, 3, 0);
  const ValueId weights = dequantize_from(n, n.in(3), w);
  set_quantized(n, make_conv(n, dequantize_from(n, n.in(0), x), weights, bias(n, 8, x, w), 3), 6);
}

// QLinearMatMul-21: a, a_scale, a_zp, b, b_scale, b_zp, y_scale, y_zp.
void import_qlinear_matmul(Node& n) {
  if (element_count(n.shape(1)) != 1) n.unsupported("a scale for each row");
  const QuantParams b = weight_params(n, 3, static_cast<int>(n.rank(3)) - 1);
  set_quantized(n, make_matmul(n, operand(n, 0), dequantize_from(n, n.in(3), b)), 6);
}

// com.microsoft.QGemm: A, a_scale, a_zp, B, b_scale, b_zp, C, y_scale, y_zp. C is int32.
void import_qgemm(Node& n) {
  const QuantParams a = operand_params(n, 0);
  const QuantParams b = weight_params(n, 3, n.attr_int("transB", 0) ? 0 : 1);
  const ValueId y = make_gemm(n, dequantize_from(n, n.in(0), a), dequantize_from(n, n.in(3), b),
                              bias(n, 6, a, b));
  if (n.has(7)) return set_quantized(n, y, 7);
  n.set(y);
}

// com.microsoft.QLinearAdd and QLinearMul: A, a_scale, a_zp, B, b_scale, b_zp, y_scale, y_zp.
template <BinaryFn fn>
void import_qlinear_binary(Node& n) {
  set_quantized(n, n.binary(fn, operand(n, 0), operand(n, 3)), 6);
}

// com.microsoft: X, x_scale, x_zp, y_scale, y_zp.
void import_qlinear_sigmoid(Node& n) {
  set_quantized(n, n.unary(UnaryFn::Sigmoid, operand(n, 0)), 3);
}
void import_qlinear_leaky_relu(Node& n) {
  const float alpha = n.attr_float("alpha", 0.01f);
  set_quantized(n, n.unary(UnaryFn::LeakyRelu, operand(n, 0), alpha), 3);
}

// Maps of QLinearGlobalAveragePool and QLinearAveragePool may have their channels last.
void require_channels_first(const Node& n) {
  if (n.attr_int("channels_last", 0) != 0) n.unsupported("channels_last");
}

void import_qlinear_average_pool(Node& n) {
  require_channels_first(n);
  set_quantized(n, make_pool(n, PoolKind::Average, operand(n, 0)), 3);
}

void import_qlinear_global_average_pool(Node& n) {
  const size_t rank = n.rank(0), first = n.attr_int("channels_last", 0) != 0 ? 1 : 2;
  n.require(rank >= 3, fmt::format("{}: the operand has no spatial dimensions", n.op_type()));
  ReduceAttrs attrs{.kind = ReduceKind::Mean, .axes = {}, .keepdims = true};
  for (size_t d = first; d < first + rank - 2; ++d) attrs.axes.push_back(static_cast<int>(d));
  set_quantized(n, n.add(ops::reduce, attrs, {operand(n, 0)}), 3);
}

// com.microsoft.QLinearConcat: y_scale, y_zp, then tensor, scale and zero point of each operand.
void import_qlinear_concat(Node& n) {
  n.require(n.in_count() >= 5 && n.in_count() % 3 == 2,
            fmt::format("{}: {} operands are not three for each part", n.op_type(), n.in_count()));
  const int axis = normalize_axis(n.attr_int("axis"), n.rank(2), n.op_type());
  std::vector<ValueId> parts;
  for (size_t i = 2; i < n.in_count(); i += 3) parts.push_back(operand(n, i));
  set_quantized(n, n.add(ops::concat, ConcatAttrs{axis}, parts), 0, 2);
}

// MatMulInteger-10: A, B, a_zp, b_zp. ConvInteger-10: x, w, x_zp, w_zp.
void import_matmul_integer(Node& n) { n.set(make_integer_matmul(n)); }
void import_conv_integer(Node& n) { n.set(make_integer_conv(n)); }

constexpr Importer kImporters[] = {
    // clang-format off
    {"ConvInteger",              import_conv_integer},
    {"MatMulInteger",            import_matmul_integer},
    {"QLinearConv",              import_qlinear_conv},
    {"QLinearMatMul",            import_qlinear_matmul},
    {"QGemm",                    import_qgemm,                        "com.microsoft"},
    {"QLinearAdd",               import_qlinear_binary<BinaryFn::Add>, "com.microsoft"},
    {"QLinearAveragePool",       import_qlinear_average_pool,         "com.microsoft"},
    {"QLinearConcat",            import_qlinear_concat,               "com.microsoft"},
    {"QLinearConv",              import_qlinear_conv,                 "com.microsoft"},
    {"QLinearGlobalAveragePool", import_qlinear_global_average_pool,  "com.microsoft"},
    {"QLinearLeakyRelu",         import_qlinear_leaky_relu,           "com.microsoft"},
    {"QLinearMul",               import_qlinear_binary<BinaryFn::Mul>, "com.microsoft"},
    {"QLinearSigmoid",           import_qlinear_sigmoid,              "com.microsoft"},
    // clang-format on
};

}  // namespace

std::span<const Importer> qlinear_importers() { return kImporters; }

}  // namespace motec
