// Operators that work along one dimension: Softmax and its relatives, ArgMax, ArgMin, CumSum, TopK.
#include "import/importers.h"
#include "ops/arg_reduce.h"
#include "ops/cumsum.h"
#include "ops/shapes.h"
#include "ops/softmax.h"
#include "ops/topk.h"
#include "support/diag.h"

namespace motec {
namespace {

// Before opset 13, all dimensions from the axis on are taken as one.
template <SoftmaxKind kind>
void import_softmax(Node& n) {
  const ValueId x = n.in(0);
  const Shape shape = n.shape(0);
  const bool flattens = n.opset() < 13;
  if (shape.empty()) n.unsupported("a scalar");
  const int axis = normalize_axis(n.attr_int("axis", flattens ? 1 : -1), shape.size(), n.op_type());
  const auto at = static_cast<size_t>(axis);
  if (!flattens || product(shape, at + 1, shape.size()) == 1)
    return n.set(n.add(ops::softmax, SoftmaxAttrs{kind, axis}, {x}));
  const Shape flat = {product(shape, 0, at), product(shape, at, shape.size())};
  n.set(n.reshape(n.add(ops::softmax, SoftmaxAttrs{kind, 1}, {n.reshape(x, flat)}), shape));
}

template <Extreme extreme>
void import_arg_reduce(Node& n) {
  n.set(n.add(ops::arg_reduce,
              ArgReduceAttrs{.extreme = extreme,
                             .axis = normalize_axis(n.attr_int("axis", 0), n.rank(0), n.op_type()),
                             .keepdims = n.attr_int("keepdims", 1) != 0,
                             .select_last = n.attr_int("select_last_index", 0) != 0},
              {n.in(0)}));
}

void import_cumsum(Node& n) {
  const std::vector<int64_t> axis = n.ints_in(1, "the axis");
  n.require(axis.size() == 1, "CumSum: the axis is not a single number");
  n.set(n.add(ops::cumsum,
              CumSumAttrs{.axis = normalize_axis(axis[0], n.rank(0), "CumSum"),
                          .exclusive = n.attr_int("exclusive", 0) != 0,
                          .reverse = n.attr_int("reverse", 0) != 0},
              {n.in(0)}));
}

// k is an attribute before opset 10. The result is in order, even where `sorted` does not ask for
// it.
void import_topk(Node& n) {
  const std::vector<int64_t> k =
      n.opset() < 10 ? std::vector<int64_t>{n.attr_int("k")} : n.ints_in(1, "k");
  n.require(k.size() == 1, "TopK: k is not a single number");
  const TopKAttrs a{.extreme = n.attr_int("largest", 1) ? Extreme::Greatest : Extreme::Least,
                    .axis = normalize_axis(n.attr_int("axis", -1), n.rank(0), "TopK"),
                    .k = k[0]};
  const std::vector<ValueId> y = n.add_all(ops::topk, a, {n.in(0)});
  n.set(0, y[0]);
  n.set(1, y[1]);
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"ArgMax",     import_arg_reduce<Extreme::Greatest>},
    {"ArgMin",     import_arg_reduce<Extreme::Least>},
    {"CumSum",     import_cumsum},
    {"Hardmax",    import_softmax<SoftmaxKind::Hardmax>},
    {"LogSoftmax", import_softmax<SoftmaxKind::LogSoftmax>},
    {"Softmax",    import_softmax<SoftmaxKind::Softmax>},
    {"TopK",       import_topk},
    // clang-format on
};

}  // namespace

std::span<const Importer> axis_importers() { return kImporters; }

}  // namespace motec
