// Convolutions, pools, matrix products and batch normalization. Maps come as NCHW (or NCW) and are
// computed as NHWC: each operator is wrapped in Transposes, which later passes sink and cancel.
#include <algorithm>
#include <cmath>

#include "import/importers.h"
#include "import/maps.h"
#include "import/matrix.h"
#include "ops/conv2d.h"
#include "ops/dense.h"
#include "ops/matmul.h"
#include "ops/move.h"
#include "ops/qpool.h"
#include "ops/quantize.h"
#include "support/diag.h"

namespace motec {

ValueId make_conv(Node& n, ValueId x, ValueId w, ValueId bias, size_t at) {
  const Maps maps(n, x);
  n.require(n.shape(w).size() == n.shape(x).size(),
            fmt::format("{}: weights {} are not of the operand's rank", n.op_type(),
                        to_string(n.shape(w))));
  if (!n.constant(w)) n.constant_in(at, "the weights");
  const Shape kernel(n.shape(w).begin() + 2, n.shape(w).end());
  if (n.has_attr("kernel_shape"))
    n.require(n.attr_ints("kernel_shape") == kernel,
              fmt::format("{}: kernel_shape is not that of the weights", n.op_type()));
  const Window window = read_window(n, maps.spatial(), kernel);
  w = n.transpose(as_2d(n, w), {0, 2, 3, 1});  // OIHW -> OHWI
  Conv2dAttrs a{.stride = window.stride,
                .dilation = window.dilation,
                .pad = window.pad,
                .groups = n.attr_int("group", 1),
                .act = {}};
  std::vector<ValueId> in = {maps.nhwc(), w};
  if (bias) {
    if (!n.constant(bias)) n.constant_in(n.in_count() - 1, "the bias");
    in.push_back(bias);
  }
  return maps.back(n.add(ops::conv2d, a, in));
}

ValueId make_pool(Node& n, PoolKind kind, ValueId x) {
  const Maps maps(n, x);
  const Window window = read_window(n, maps.spatial(), n.attr_ints("kernel_shape"));
  if (n.wants(1)) n.unsupported("result Indices");
  const PoolAttrs attrs{.kind = kind,
                        .kernel = window.kernel,
                        .stride = window.stride,
                        .dilation = window.dilation,
                        .pad = window.pad,
                        .out = window.out,
                        .count_include_pad = n.attr_int("count_include_pad", 0) != 0,
                        .p = n.attr_int("p", 2)};
  const DType dtype = n.type(x).dtype;
  if (kind != PoolKind::Max || (dtype != DType::S8 && dtype != DType::U8))
    return maps.back(n.add(ops::pool, attrs, {maps.nhwc()}));
  const bool flip = dtype == DType::U8;
  const ValueId y = n.add(ops::qpool, QPoolAttrs{.window = attrs},
                          {flip ? n.add(ops::flip_sign, NoAttrs{}, {maps.nhwc()}) : maps.nhwc()});
  return maps.back(flip ? n.add(ops::flip_sign, NoAttrs{}, {y}) : y);
}

ValueId make_gemm(Node& n, ValueId a, ValueId b, ValueId c) {
  n.require(n.shape(a).size() == 2 && n.shape(b).size() == 2,
            fmt::format("{}: an operand is not of rank 2", n.op_type()));
  if (n.attr_int("transA", 0)) a = n.transpose(a, {1, 0});
  const bool transpose_b = n.attr_int("transB", 0) != 0;
  const float alpha = n.attr_float("alpha", 1.0f), beta = n.attr_float("beta", 1.0f);
  ValueId y;
  if (n.constant(b)) {
    if (!transpose_b) b = n.transpose(b, {1, 0});
    if (alpha != 1.0f) b = n.binary(BinaryFn::Mul, b, n.scalar(n.type(b).dtype, alpha));
    y = n.add(ops::dense, DenseAttrs{}, {a, b});
  } else {
    y = n.add(ops::matmul, MatMulAttrs{.transpose_b = transpose_b, .act = {}}, {a, b});
    if (alpha != 1.0f) y = n.binary(BinaryFn::Mul, y, n.scalar(DType::F32, alpha));
  }
  if (c && beta != 0.0f) {
    if (beta != 1.0f) c = n.binary(BinaryFn::Mul, c, n.scalar(n.type(c).dtype, beta));
    y = n.binary(BinaryFn::Add, y, c);
  }
  return y;
}

ValueId make_matmul(Node& n, ValueId a, ValueId b) {
  return make_product(n, a, b, [&n](ValueId left, ValueId right) {
    if (n.constant(right) && n.shape(right).size() == 2)
      return n.add(ops::dense, DenseAttrs{}, {left, n.transpose(right, {1, 0})});
    return n.add(ops::matmul, MatMulAttrs{}, {left, right});
  });
}

ValueId make_product(Node& n, ValueId a, ValueId b, const Product& product) {
  // Operands of rank 1 are a row before, or a column after; the dimension goes again.
  const bool row = n.shape(a).size() == 1, column = n.shape(b).size() == 1;
  n.require(!n.shape(a).empty() && !n.shape(b).empty(),
            fmt::format("{}: an operand is a scalar", n.op_type()));
  if (row) a = n.reshape(a, {1, n.shape(a)[0]});
  if (column) b = n.reshape(b, {n.shape(b)[0], 1});
  // A batch that is broadcast in part is written out.
  const Shape a_batch(n.shape(a).begin(), n.shape(a).end() - 2);
  const Shape b_batch(n.shape(b).begin(), n.shape(b).end() - 2);
  const Shape batch = broadcast({a_batch, b_batch}, n.op_type());
  const auto expanded = [&](ValueId id, const Shape& own) {
    if (element_count(own) == 1 || element_count(own) == element_count(batch)) return id;
    Shape to = batch;
    to.insert(to.end(), n.shape(id).end() - 2, n.shape(id).end());
    return n.add(ops::expand, ExpandAttrs{to}, {id});
  };
  const ValueId y = product(expanded(a, a_batch), expanded(b, b_batch));
  Shape shape = n.shape(y);
  if (column) shape.pop_back();
  if (row) shape.erase(shape.end() - (column ? 1 : 2));
  return n.reshape(y, shape);
}

namespace {

void import_conv(Node& n) { n.set(make_conv(n, n.in(0), n.in(1), n.optional(2), 1)); }
void import_max_pool(Node& n) { n.set(make_pool(n, PoolKind::Max, n.in(0))); }
void import_average_pool(Node& n) { n.set(make_pool(n, PoolKind::Average, n.in(0))); }
void import_lp_pool(Node& n) { n.set(make_pool(n, PoolKind::Lp, n.in(0))); }
void import_gemm(Node& n) { n.set(make_gemm(n, n.in(0), n.in(1), n.optional(2))); }
void import_matmul(Node& n) { n.set(make_matmul(n, n.in(0), n.in(1))); }

// y = (x - mean) / sqrt(var + epsilon) * scale + bias, as one multiplication and one addition per
// element, which later fold into a convolution.
void import_batch_normalization(Node& n) {
  if (n.attr_int("training_mode", 0) != 0)
    n.unsupported("training mode", {}, "export the model in inference mode");
  const Shape& x = n.shape(0);
  n.require(x.size() >= 2, "BatchNormalization: the operand has no channels");
  Shape channels(x.size(), 1);
  channels[1] = x[1];
  for (size_t i = 1; i <= 4; ++i)
    n.require(n.shape(i) == Shape{x[1]},
              fmt::format("BatchNormalization: operand {} is {}, not one "
                          "entry per channel",
                          i, to_string(n.shape(i))));
  const DType dtype = n.dtype(4);
  const ValueId epsilon = n.scalar(dtype, n.attr_float("epsilon", 1e-5f));
  const ValueId deviation = n.unary(UnaryFn::Sqrt, n.binary(BinaryFn::Add, n.in(4), epsilon));
  const ValueId scale = n.binary(BinaryFn::Div, n.in(1), deviation);
  const ValueId shift = n.binary(BinaryFn::Sub, n.in(2), n.binary(BinaryFn::Mul, n.in(3), scale));
  const ValueId scaled = n.binary(BinaryFn::Mul, n.in(0), n.reshape(scale, channels));
  n.set(n.binary(BinaryFn::Add, scaled, n.reshape(shift, channels)));
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"AveragePool",        import_average_pool},
    {"BatchNormalization", import_batch_normalization},
    {"Conv",               import_conv},
    {"Gemm",               import_gemm},
    {"LpPool",             import_lp_pool},
    {"MatMul",             import_matmul},
    {"MaxPool",            import_max_pool},
    // clang-format on
};

}  // namespace

std::span<const Importer> matrix_importers() { return kImporters; }

}  // namespace motec
