// Normalizations other than BatchNormalization.
#include <limits>

#include "import/importers.h"
#include "import/reductions.h"
#include "ops/normalize.h"
#include "ops/pool.h"
#include "support/diag.h"

namespace motec {
namespace {

ValueId normalize(Node& n, std::vector<int> axes, float epsilon, std::vector<ValueId> in) {
  return n.add(ops::normalize, NormalizeAttrs{std::move(axes), epsilon}, std::move(in));
}

// y * scale + bias with one entry per channel, dimension 1 of `y`.
ValueId per_channel(Node& n, ValueId y, ValueId scale, ValueId bias) {
  Shape channels(n.shape(y).size(), 1);
  channels[1] = n.shape(y)[1];
  for (const ValueId id : {scale, bias})
    n.require(element_count(n.shape(id)) == channels[1],
              fmt::format("{}: scale or bias {} is not one entry per channel", n.op_type(),
                          to_string(n.shape(id))));
  y = n.binary(BinaryFn::Mul, y, n.reshape(scale, channels));
  return n.binary(BinaryFn::Add, y, n.reshape(bias, channels));
}

// The mean and 1 / sqrt(variance + epsilon), results that only training reads.
void set_statistics(Node& n, const std::vector<int>& axes, float epsilon) {
  const ValueId x = n.in(0);
  const ValueId mean = reduce(n, ReduceKind::Mean, x, axes, true);
  const ValueId centred = n.binary(BinaryFn::Sub, x, mean);
  const ValueId variance =
      reduce(n, ReduceKind::Mean, n.binary(BinaryFn::Mul, centred, centred), axes, true);
  const ValueId shifted = n.binary(BinaryFn::Add, variance, n.scalar(n.dtype(0), epsilon));
  n.set(1, mean);
  n.set(2, n.unary(UnaryFn::Reciprocal, n.unary(UnaryFn::Sqrt, shifted)));
}

// Scale and bias may be broadcast to the normalized dimensions; one entry for each is what the
// kernel takes.
void import_layer_normalization(Node& n) {
  const ValueId x = n.in(0);
  const int axis = normalize_axis(n.attr_int("axis", -1), n.rank(0), "LayerNormalization");
  const std::vector<int> axes = axes_from(n, x, static_cast<size_t>(axis));
  const float epsilon = n.attr_float("epsilon", 1e-5f);
  const Shape normalized(n.shape(0).begin() + axis, n.shape(0).end());
  const auto fits = [&](size_t i) { return !n.has(i) || n.shape(i) == normalized; };
  ValueId y;
  if (fits(1) && fits(2)) {
    y = normalize(n, axes, epsilon, {x, n.in(1), n.optional(2)});
  } else {
    y = n.binary(BinaryFn::Mul, normalize(n, axes, epsilon, {x}), n.in(1));
    if (n.has(2)) y = n.binary(BinaryFn::Add, y, n.in(2));
  }
  n.set(y);
  if (n.wants(1) || n.wants(2)) set_statistics(n, axes, epsilon);
}

void import_instance_normalization(Node& n) {
  n.require(n.rank(0) >= 3, "InstanceNormalization: the operand has no spatial dimensions");
  const ValueId y =
      normalize(n, axes_from(n, n.in(0), 2), n.attr_float("epsilon", 1e-5f), {n.in(0)});
  n.set(per_channel(n, y, n.in(1), n.in(2)));
}

// Scale and bias are per group in opset 18, and per channel from opset 21 on.
void import_group_normalization(Node& n) {
  const Shape shape = n.shape(0);
  const int64_t groups = n.attr_int("num_groups");
  n.require(shape.size() >= 3, "GroupNormalization: the operand has no spatial dimensions");
  n.require(groups > 0 && shape[1] % groups == 0,
            fmt::format("GroupNormalization: {} channels in {} groups", shape[1], groups));
  Shape grouped = shape;
  grouped[1] /= groups;
  grouped.insert(grouped.begin() + 1, groups);
  const ValueId x = n.reshape(n.in(0), grouped);
  ValueId y = normalize(n, axes_from(n, x, 2), n.attr_float("epsilon", 1e-5f), {x});
  if (n.opset() < 21) {
    n.set(n.reshape(per_channel(n, y, n.in(1), n.in(2)), shape));
  } else {
    n.set(per_channel(n, n.reshape(y, shape), n.in(1), n.in(2)));
  }
}

// x / norm; where all elements are 0, they stay 0.
void import_lp_normalization(Node& n) {
  const ValueId x = n.in(0);
  const int axis = normalize_axis(n.attr_int("axis", -1), n.rank(0), "LpNormalization");
  const int64_t p = n.attr_int("p", 2);
  n.require(p == 1 || p == 2, fmt::format("LpNormalization: p is {}, neither 1 nor 2", p));
  ValueId norm = reduce(n, p == 1 ? ReduceKind::SumAbs : ReduceKind::SumSquare, x, {axis}, true);
  if (p == 2) norm = n.unary(UnaryFn::Sqrt, norm);
  const ValueId least = n.scalar(n.dtype(0), std::numeric_limits<float>::min());
  n.set(n.binary(BinaryFn::Div, x, n.binary(BinaryFn::Max, norm, least)));
}

// (x - mean) / (sqrt(variance) + 1e-9), over axes that need not be neighbours.
void import_mean_variance_normalization(Node& n) {
  const ValueId x = n.in(0);
  const std::vector<int> axes =
      normalize_axes(n.attr_ints("axes", {0, 2, 3}), n.rank(0), "MeanVarianceNormalization");
  const ValueId centred = n.binary(BinaryFn::Sub, x, reduce(n, ReduceKind::Mean, x, axes, true));
  const ValueId variance =
      reduce(n, ReduceKind::Mean, n.binary(BinaryFn::Mul, centred, centred), axes, true);
  const ValueId deviation =
      n.binary(BinaryFn::Add, n.unary(UnaryFn::Sqrt, variance), n.scalar(n.dtype(0), 1e-9));
  n.set(n.binary(BinaryFn::Div, centred, deviation));
}

// x / (bias + alpha / size * s)^beta, where s sums the squares of `size` channels around each. The
// division by `size` makes that an average pool along the channels: NCHW read as a map of C rows,
// one column, and HW channels.
void import_lrn(Node& n) {
  const ValueId x = n.in(0);
  const Shape shape = n.shape(0);
  const int64_t size = n.attr_int("size");
  n.require(shape.size() >= 2, "LRN: the operand has no channels");
  n.require(size > 0 && size <= (1 << 20), fmt::format("LRN: size is {}", size));
  const DType dtype = n.dtype(0);
  const Shape map = {shape[0], shape[1], 1, product(shape, 2, shape.size())};
  const ValueId average = n.add(ops::pool,
                                PoolAttrs{.kind = PoolKind::Average,
                                          .kernel = {size, 1},
                                          .stride = {1, 1},
                                          .dilation = {1, 1},
                                          .pad = {(size - 1) / 2, 0, size / 2, 0},
                                          .out = {shape[1], 1},
                                          .count_include_pad = true,
                                          .p = 2},
                                {n.reshape(n.binary(BinaryFn::Mul, x, x), map)});
  const ValueId scaled =
      n.binary(BinaryFn::Mul, average, n.scalar(dtype, n.attr_float("alpha", 1e-4f)));
  const ValueId base = n.binary(BinaryFn::Add, scaled, n.scalar(dtype, n.attr_float("bias", 1.0f)));
  const ValueId factor =
      n.binary(BinaryFn::Pow, base, n.scalar(dtype, -n.attr_float("beta", 0.75f)));
  n.set(n.binary(BinaryFn::Mul, x, n.reshape(factor, shape)));
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"GroupNormalization",        import_group_normalization},
    {"InstanceNormalization",     import_instance_normalization},
    {"LRN",                       import_lrn},
    {"LayerNormalization",        import_layer_normalization},
    {"LpNormalization",           import_lp_normalization},
    {"MeanVarianceNormalization", import_mean_variance_normalization},
    // clang-format on
};

}  // namespace

std::span<const Importer> normalize_importers() { return kImporters; }

}  // namespace motec
