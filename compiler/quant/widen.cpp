#include "quant/widen.h"

#include <algorithm>
#include <cmath>

#include "quant/describe.h"

namespace motec {
namespace {

// A wider type must lessen the error by this much to be worth its cost.
constexpr double kWorthwhile = 0.97;

// Int16 operands make sums 256 times as large: they must fit int32 whatever the operand, beside a
// bias of up to 2^30.
bool sums_fit(const Quantization& q, int op) {
  const auto found = q.parameters.constants.find({op, 1});
  if (found == q.parameters.constants.end()) return false;
  const Tensor& w = found->second.q;
  const int64_t depth = w.elements() / w.shape[0];
  for (int64_t o = 0; o < w.shape[0]; ++o) {
    int64_t sum = 0;
    for (int64_t i = o * depth; i < (o + 1) * depth; ++i) sum += std::abs(w.data<int8_t>()[i]);
    if (sum >= 32768) return false;
  }
  return true;
}

// The next wider choices for an operator, the cheapest first: 8 bits for 4, int16, float.
constexpr int64_t kMostChoices = 3;
std::vector<Precisions> wider(const Quantization& q, int op) {
  const auto at = static_cast<size_t>(op);
  std::vector<Precisions> result;
  Precisions p = q.precisions;
  if (q.scheme.forms[at] == Form::Layer) {
    if (p.weight_bits[at] == 4) {
      p.weight_bits[at] = 8;
      result.push_back(p);
    }
    const int group = q.scheme.group(q.source.ops[at].in[0]);
    if (group >= 0 && q.scheme.groups[static_cast<size_t>(group)].allows_s16 && sums_fit(q, op) &&
        p.groups[static_cast<size_t>(group)] == Precision::S8) {
      p.groups[static_cast<size_t>(group)] = Precision::S16;
      result.push_back(p);
    }
  }
  p = q.precisions;
  p.kept_float[at] = true;
  result.push_back(p);
  return result;
}

// Operators that compute with integers, the most harmful first.
std::vector<int> by_harm(const Attempt& attempt) {
  const Quantization& q = attempt.result();
  std::vector<std::pair<double, int>> order;
  attempt.pace().begin("judging layers", std::ssize(q.source.ops));
  for (size_t i = 0; i < q.source.ops.size(); ++i) {
    attempt.pace().step();
    if (!q.placement.integer_op[i] || q.scheme.is_fused(q.source.ops[i].in[0])) continue;
    const int op = static_cast<int>(i);
    order.emplace_back(sensitivity(q, op, attempt.want(), attempt.samples()), op);
  }
  std::sort(order.begin(), order.end());
  std::vector<int> ops;
  for (const auto& [harm, op] : order) ops.push_back(op);
  return ops;
}

}  // namespace

void widen(Attempt& attempt, double budget) {
  for (int round = 0; round < 3 && attempt.loss() > budget; ++round) {
    bool changed = false;
    const std::vector<int> ops = by_harm(attempt);
    attempt.pace().begin("widening layers", kMostChoices * std::ssize(ops));
    for (size_t i = 0; i < ops.size(); ++i) {
      const int op = ops[i];
      attempt.pace().reach(kMostChoices * static_cast<int64_t>(i));
      if (attempt.loss() <= budget) return;
      if (!attempt.result().placement.integer_op[static_cast<size_t>(op)]) continue;
      for (const Precisions& precisions : wider(attempt.result(), op)) {
        Attempt other = attempt;
        other.change(precisions);
        if (other.noise() > kWorthwhile * attempt.noise() || !other.fits()) continue;
        attempt = std::move(other);
        changed = true;
        break;
      }
    }
    if (!changed) break;
  }
  // Many small errors: none is worthwhile alone. In float, the outputs are exact.
  const std::vector<int> ops = by_harm(attempt);
  attempt.pace().begin("leaving layers in float", std::ssize(ops));
  for (const int op : ops) {
    if (attempt.loss() <= budget) return;
    Precisions precisions = attempt.result().precisions;
    precisions.kept_float[static_cast<size_t>(op)] = true;
    Attempt other = attempt;
    other.change(precisions);
    if (other.fits()) attempt = std::move(other);
  }
}

}  // namespace motec
