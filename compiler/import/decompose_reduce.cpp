// Reductions over dimensions that a node names, and global pools, which reduce all spatial ones.
#include "import/importers.h"
#include "import/reductions.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

struct Reduction {
  ValueId x;
  std::vector<int> axes;
  bool keepdims;
};

// Axes are attributes before opset 13 (ReduceSum) or 18 (all others). None means all dimensions,
// or with noop_with_empty_axes that elements are not combined.
Reduction read_reduction(const Node& n) {
  const ValueId x = n.in(0);
  const std::vector<int64_t> axes = n.has(1) ? n.ints_in(1, "the axes") : n.attr_ints("axes");
  const bool all = axes.empty() && n.attr_int("noop_with_empty_axes", 0) == 0;
  return {.x = x,
          .axes = all ? axes_from(n, x, 0) : normalize_axes(axes, n.rank(0), n.op_type()),
          .keepdims = n.attr_int("keepdims", 1) != 0};
}

ValueId reduce(Node& n, ReduceKind kind) {
  const Reduction r = read_reduction(n);
  return reduce(n, kind, r.x, r.axes, r.keepdims);
}

template <ReduceKind kind>
void import_reduce(Node& n) {
  n.set(reduce(n, kind));
}
void import_l2(Node& n) { n.set(real_unary(n, UnaryFn::Sqrt, reduce(n, ReduceKind::SumSquare))); }
void import_log_sum(Node& n) { n.set(real_unary(n, UnaryFn::Log, reduce(n, ReduceKind::Sum))); }
void import_log_sum_exp(Node& n) {
  const Reduction r = read_reduction(n);
  n.set(reduce_log_sum_exp(n, r.x, r.axes, r.keepdims));
}

ValueId global_pool(Node& n, ReduceKind kind, ValueId x) {
  n.require(n.rank(0) >= 2, fmt::format("{}: the operand has no channels", n.op_type()));
  return reduce(n, kind, x, axes_from(n, x, 2), true);
}

template <ReduceKind kind>
void import_global_pool(Node& n) {
  n.set(global_pool(n, kind, n.in(0)));
}

// The p-th root of the sum of |x|^p.
void import_global_lp_pool(Node& n) {
  const ValueId x = n.in(0);
  const int64_t p = n.attr_int("p", 2);
  n.require(p > 0, fmt::format("GlobalLpPool: p is {}", p));
  if (p == 1) return n.set(global_pool(n, ReduceKind::SumAbs, x));
  if (p == 2) return n.set(n.unary(UnaryFn::Sqrt, global_pool(n, ReduceKind::SumSquare, x)));
  const DType dtype = n.dtype(0);
  const auto exponent = static_cast<double>(p);
  const ValueId powers =
      n.binary(BinaryFn::Pow, n.unary(UnaryFn::Abs, x), n.scalar(dtype, exponent));
  n.set(n.binary(BinaryFn::Pow, global_pool(n, ReduceKind::Sum, powers),
                 n.scalar(dtype, 1.0 / exponent)));
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"GlobalAveragePool", import_global_pool<ReduceKind::Mean>},
    {"GlobalLpPool",      import_global_lp_pool},
    {"GlobalMaxPool",     import_global_pool<ReduceKind::Max>},
    {"ReduceL1",          import_reduce<ReduceKind::SumAbs>},
    {"ReduceL2",          import_l2},
    {"ReduceLogSum",      import_log_sum},
    {"ReduceLogSumExp",   import_log_sum_exp},
    {"ReduceMax",         import_reduce<ReduceKind::Max>},
    {"ReduceMean",        import_reduce<ReduceKind::Mean>},
    {"ReduceMin",         import_reduce<ReduceKind::Min>},
    {"ReduceProd",        import_reduce<ReduceKind::Prod>},
    {"ReduceSum",         import_reduce<ReduceKind::Sum>},
    {"ReduceSumSquare",   import_reduce<ReduceKind::SumSquare>},
    // clang-format on
};

}  // namespace

std::span<const Importer> reduce_importers() { return kImporters; }

}  // namespace motec
