#include "import/integer.h"

#include <algorithm>

#include "import/maps.h"
#include "import/matrix.h"
#include "import/quantized.h"
#include "ops/cast.h"
#include "ops/pad.h"
#include "ops/qconv2d.h"
#include "ops/qdense.h"
#include "ops/qmatmul.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr Store kRaw{.form = StoreForm::Raw, .out = DType::S32};

// x as int8.
ValueId as_s8(Node& n, ValueId x) {
  n.require(n.type(x).dtype == DType::S8 || n.type(x).dtype == DType::U8,
            fmt::format("{} is not defined for {}", n.op_type(), name_of(n.type(x).dtype)));
  return n.type(x).dtype == DType::U8 ? n.add(ops::flip_sign, NoAttrs{}, {x}) : x;
}

// Weights without their zero points, which are one or one per position along `axis`: int8 where
// that suffices, int16 otherwise.
Tensor centred(const Node& n, size_t weights, size_t zero_points, size_t axis) {
  const Tensor& w = n.constant_in(weights, "the weights");
  n.require(w.dtype == DType::S8 || w.dtype == DType::U8,
            fmt::format("{}: weights are {}", n.op_type(), name_of(w.dtype)));
  std::vector<int64_t> zeros = {0};
  if (n.has(zero_points)) zeros = to_int64s(n.constant_in(zero_points, "the weights' zero point"));
  const int64_t channels = axis < w.shape.size() ? w.shape[axis] : 1;
  n.require(zeros.size() == 1 || std::ssize(zeros) == channels,
            fmt::format("{}: {} zero points for {} channels", n.op_type(), zeros.size(), channels));
  const int64_t inner = product(w.shape, axis + 1, w.shape.size());
  std::vector<int64_t> values = to_int64s(w);
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t channel = static_cast<int64_t>(i) / inner % channels;
    values[i] -= zeros[zeros.size() == 1 ? 0 : static_cast<size_t>(channel)];
  }
  return weights_tensor(w.shape, values);
}

// The zero point of x after as_s8, if it is known.
bool known_zero_point(const Node& n, size_t x, size_t zero_point, int32_t& zp) {
  const int32_t shift = n.dtype(x) == DType::U8 ? 128 : 0;
  zp = -shift;
  if (!n.has(zero_point)) return true;
  const Tensor* constant = n.constant(n.in(zero_point));
  if (!constant || constant->elements() != 1) return false;
  zp = static_cast<int32_t>(to_int64s(*constant)[0]) - shift;
  return true;
}

// The zero point of x after as_s8, as int32, known at run time.
ValueId run_time_zero_point(Node& n, size_t x, size_t zero_point) {
  const int32_t shift = n.dtype(x) == DType::U8 ? 128 : 0;
  if (!n.has(zero_point)) return n.scalar(DType::S32, -shift);
  const ValueId zp = n.add(ops::cast, CastAttrs{DType::S32}, {n.in(zero_point)});
  return shift ? n.binary(BinaryFn::Sub, zp, n.scalar(DType::S32, shift)) : zp;
}

// The same, where it is one, or one per row of x.
ValueId row_zero_point(Node& n, size_t x, size_t zero_point) {
  const ValueId zp = run_time_zero_point(n, x, zero_point);
  if (n.shape(zp).size() != 1) return zp;
  return n.reshape(zp, {n.shape(zp)[0], 1});
}

// Sums of `depth` products of centred bytes must fit int32, or they were not exact.
void require_exact(const Node& n, int64_t depth) {
  constexpr int64_t kLargest = 33025;  // 2^31 / 255^2
  if (depth > kLargest)
    n.unsupported(fmt::format("a sum of {} products", depth), "it may not fit int32");
}

// Sums of each output channel's weights, channels outermost.
std::vector<int32_t> channel_sums(const Tensor& w) {
  const int64_t channels = w.shape[0], depth = w.elements() / std::max<int64_t>(channels, 1);
  const std::vector<int64_t> values = to_int64s(w);
  std::vector<int32_t> sums(static_cast<size_t>(channels));
  for (size_t i = 0; i < values.size(); ++i)
    sums[i / static_cast<size_t>(depth)] += static_cast<int32_t>(values[i]);
  return sums;
}

// Bias, and (for kRaw no) multipliers of an integer layer whose x has zero point `zp`.
std::vector<ValueId> layer_operands(Node& n, ValueId x, ValueId w, int32_t zp) {
  require_exact(n, n.type(w).elements() / std::max<int64_t>(n.shape(w)[0], 1));
  std::vector<int32_t> bias = channel_sums(*n.constant(w));
  for (int32_t& b : bias) b *= -zp;
  return {x, w, n.constant(s32_vector(bias)), n.constant(s32_vector({}))};
}

// y - zp * sums of weights, for a zero point that the layer was made without.
ValueId subtract_zero_point(Node& n, ValueId y, ValueId zp, ValueId w) {
  const ValueId sums = n.constant(s32_vector(channel_sums(*n.constant(w))));
  return n.binary(BinaryFn::Sub, y, n.binary(BinaryFn::Mul, zp, sums));
}

// The sum over (a - za) * (b - zb) is that over a * b, less za * sum(b), less
// zb * (sum(a) - k * za): what zero points known at run time only take.
ValueId subtract_zero_points(Node& n, ValueId y, ValueId a, ValueId b) {
  const auto sums = [&n](ValueId x, size_t from_end) {
    const ValueId wide = n.add(ops::cast, CastAttrs{DType::S32}, {x});
    const int axis = static_cast<int>(n.shape(x).size() - from_end);
    return n.add(ops::reduce,
                 ReduceAttrs{.kind = ReduceKind::Sum, .axes = {axis}, .keepdims = true}, {wide});
  };
  const ValueId za = row_zero_point(n, 0, 2), zb = run_time_zero_point(n, 1, 3);
  const ValueId depth = n.scalar(DType::S32, static_cast<double>(n.shape(a).back()));
  const ValueId centred = n.binary(BinaryFn::Sub, sums(a, 1), n.binary(BinaryFn::Mul, za, depth));
  y = n.binary(BinaryFn::Sub, y, n.binary(BinaryFn::Mul, za, sums(b, 2)));
  return n.binary(BinaryFn::Sub, y, n.binary(BinaryFn::Mul, zb, centred));
}

// Of two operands that are known at run time only.
ValueId make_integer_product(Node& n, ValueId left, ValueId right) {
  const ValueId a = as_s8(n, left), b = as_s8(n, right);
  require_exact(n, n.shape(a).back());
  QMatMulAttrs attrs{.store = kRaw};
  if (known_zero_point(n, 0, 2, attrs.a_zp) && known_zero_point(n, 1, 3, attrs.b_zp))
    return n.add(ops::qmatmul, attrs, {a, b});
  const ValueId y = n.add(ops::qmatmul, QMatMulAttrs{.store = kRaw}, {a, b});
  return subtract_zero_points(n, y, a, b);
}

}  // namespace

ValueId make_integer_conv(Node& n) {
  require_same_type(n, 0, 2);
  require_same_type(n, 1, 3);
  const Maps maps(n, n.in(0));
  n.require(n.rank(1) == n.rank(0), fmt::format("{}: weights {} are not of the operand's rank",
                                                n.op_type(), to_string(n.shape(1))));
  const Shape kernel(n.shape(1).begin() + 2, n.shape(1).end());
  const Window window = read_window(n, maps.spatial(), kernel);
  const ValueId w =
      n.transpose(as_2d(n, n.constant(centred(n, 1, 3, 0))), {0, 2, 3, 1});  // OIHW -> OHWI
  QConv2dAttrs a{.stride = window.stride,
                 .dilation = window.dilation,
                 .pad = window.pad,
                 .groups = n.attr_int("group", 1),
                 .store = kRaw};
  n.require(
      a.groups >= 1 && n.shape(w)[3] * a.groups == n.shape(maps.nhwc())[3] &&
          n.shape(w)[0] % a.groups == 0,
      fmt::format("{}: weights {} do not fit the operand", n.op_type(), to_string(n.shape(1))));
  ValueId x = as_s8(n, maps.nhwc());
  if (known_zero_point(n, 0, 2, a.pad_value))
    return maps.back(n.add(ops::qconv2d, a, layer_operands(n, x, w, a.pad_value)));
  const ValueId zp = run_time_zero_point(n, 0, 2);
  n.require(element_count(n.shape(zp)) == 1,
            fmt::format("{}: there are several zero points of x", n.op_type()));
  const ValueId scalar = n.reshape(zp, {});
  if (a.pad != std::array<int64_t, 4>{}) {
    const ValueId value = n.add(ops::cast, CastAttrs{DType::S8}, {scalar});
    x = n.add(ops::pad, PadAttrs{{0, a.pad[0], a.pad[1], 0}, {0, a.pad[2], a.pad[3], 0}},
              {x, value});
    a.pad = {};
  }
  a.pad_value = 0;
  const ValueId y = n.add(ops::qconv2d, a, layer_operands(n, x, w, 0));
  return maps.back(subtract_zero_point(n, y, scalar, w));
}

ValueId make_integer_matmul(Node& n) {
  require_same_type(n, 0, 2);
  require_same_type(n, 1, 3);
  if (!n.constant(n.in(1)) || n.rank(1) > 2) {
    return make_product(n, n.in(0), n.in(1),
                        [&n](ValueId a, ValueId b) { return make_integer_product(n, a, b); });
  }
  n.require(n.rank(0) >= 1 && n.rank(1) >= 1,
            fmt::format("{}: an operand is a scalar", n.op_type()));
  const bool row = n.rank(0) == 1, column = n.rank(1) == 1;
  ValueId w = n.constant(centred(n, 1, 3, 1));
  w = column ? n.reshape(w, {1, n.shape(w)[0]}) : n.transpose(w, {1, 0});
  const ValueId a = row ? n.reshape(n.in(0), {1, n.shape(0)[0]}) : n.in(0);
  n.require(n.shape(a).back() == n.shape(w)[1],
            fmt::format("{}: {} does not fit {}", n.op_type(), to_string(n.shape(0)),
                        to_string(n.shape(1))));
  const ValueId x = as_s8(n, a);
  int32_t zp = 0;
  const bool known = known_zero_point(n, 0, 2, zp);
  ValueId y = n.add(ops::qdense, QDenseAttrs{kRaw}, layer_operands(n, x, w, known ? zp : 0));
  if (!known) y = subtract_zero_point(n, y, row_zero_point(n, 0, 2), w);
  Shape shape = n.shape(y);
  if (column) shape.pop_back();
  if (row) shape.erase(shape.end() - (column ? 1 : 2));
  return n.reshape(y, shape);
}

}  // namespace motec
