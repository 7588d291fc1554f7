// Losses: NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss. The score of the target class is
// picked by comparing all class numbers with the target, for classes are few.
#include <limits>
#include <numeric>

#include "import/importers.h"
#include "import/reductions.h"
#include "ops/cast.h"
#include "ops/select.h"
#include "ops/softmax.h"
#include "support/diag.h"

namespace motec {
namespace {

// The class numbers as [C, 1, 1, ...]; a class that is ignored gets a number that no target has.
ValueId class_numbers(Node& n, int64_t classes, size_t spatial_rank) {
  std::vector<int64_t> numbers(static_cast<size_t>(classes));
  std::iota(numbers.begin(), numbers.end(), 0);
  if (n.has_attr("ignore_index")) {
    const int64_t ignored = n.attr_int("ignore_index");
    if (ignored >= 0 && ignored < classes)
      numbers[static_cast<size_t>(ignored)] = std::numeric_limits<int64_t>::min();
  }
  Shape shape(1 + spatial_rank, 1);
  shape[0] = classes;
  return n.constant(s64_tensor(shape, numbers));
}

// The loss for log probabilities [N, C, d1, d2, ...] and targets [N, d1, d2, ...]: minus the log
// probability of each target, weighted by its class; a target that is ignored has weight 0.
ValueId negative_log_likelihood(Node& n, ValueId log_prob) {
  const Shape shape = n.shape(log_prob);
  n.require(shape.size() >= 2, fmt::format("{}: the scores have no classes", n.op_type()));
  Shape one_class = shape;
  one_class[1] = 1;
  n.require(element_count(n.shape(1)) == element_count(one_class),
            fmt::format("{}: targets {} do not fit scores {}", n.op_type(), to_string(n.shape(1)),
                        to_string(shape)));
  const DType dtype = n.type(log_prob).dtype;
  const ValueId target = n.reshape(n.add(ops::cast, CastAttrs{DType::S64}, {n.in(1)}), one_class);
  const ValueId is_target =
      n.binary(BinaryFn::Equal, class_numbers(n, shape[1], shape.size() - 2), target);
  const auto pick = [&](ValueId from) {
    const ValueId picked = n.add(ops::select, NoAttrs{}, {is_target, from, n.scalar(dtype, 0)});
    return reduce(n, ReduceKind::Sum, picked, {1}, false);
  };

  ValueId loss = n.unary(UnaryFn::Neg, pick(log_prob));
  ValueId weight;
  if (n.has(2)) {
    n.require(n.shape(2) == Shape{shape[1]},
              fmt::format("{}: weights {} are not one entry per class", n.op_type(),
                          to_string(n.shape(2))));
    Shape per_class(shape.size() - 1, 1);
    per_class[0] = shape[1];
    weight = pick(n.reshape(n.in(2), per_class));
    loss = n.binary(BinaryFn::Mul, loss, weight);
  } else if (n.has_attr("ignore_index")) {
    weight = pick(n.scalar(dtype, 1));  // a loss that is ignored is 0 already
  }

  const std::string reduction = n.attr_string("reduction", "mean");
  if (reduction == "none") return loss;
  n.require(reduction == "mean" || reduction == "sum",
            fmt::format("{}: reduction is '{}'", n.op_type(), reduction));
  const auto total = [&n](ReduceKind kind, ValueId x) {
    return reduce(n, kind, x, axes_from(n, x, 0), false);
  };
  if (reduction == "mean" && !weight) return total(ReduceKind::Mean, loss);
  const ValueId sum = total(ReduceKind::Sum, loss);
  if (reduction == "sum") return sum;
  return n.binary(BinaryFn::Div, sum, total(ReduceKind::Sum, weight));
}

void import_nll_loss(Node& n) { n.set(negative_log_likelihood(n, n.in(0))); }

void import_softmax_cross_entropy_loss(Node& n) {
  n.require(n.rank(0) >= 2, "SoftmaxCrossEntropyLoss: the scores have no classes");
  const ValueId log_prob = n.add(ops::softmax, SoftmaxAttrs{SoftmaxKind::LogSoftmax, 1}, {n.in(0)});
  n.set(0, negative_log_likelihood(n, log_prob));
  n.set(1, log_prob);
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"NegativeLogLikelihoodLoss", import_nll_loss},
    {"SoftmaxCrossEntropyLoss",   import_softmax_cross_entropy_loss},
    // clang-format on
};

}  // namespace

std::span<const Importer> loss_importers() { return kImporters; }

}  // namespace motec
