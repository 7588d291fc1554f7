#include "quant/narrow.h"

#include <algorithm>
#include <bit>

namespace motec {
namespace {

Attempt with_4_bits(const Attempt& attempt, const std::vector<int>& ops) {
  Precisions precisions = attempt.result().precisions;
  for (const int op : ops) precisions.weight_bits[static_cast<size_t>(op)] = 4;
  Attempt other = attempt;
  other.change(precisions);
  return other;
}

// Layers with weights of 8 bits, the cheapest first.
std::vector<int> by_cost(const Attempt& attempt) {
  const Quantization& q = attempt.result();
  std::vector<std::pair<double, int>> order;
  attempt.pace().begin("judging layers in 4 bits", std::ssize(q.source.ops));
  for (size_t i = 0; i < q.source.ops.size(); ++i) {
    attempt.pace().reach(static_cast<int64_t>(i));
    if (q.scheme.forms[i] != Form::Layer || !q.placement.integer_op[i]) continue;
    if (q.precisions.weight_bits[i] != 8) continue;
    const int op = static_cast<int>(i);
    const Attempt other = with_4_bits(attempt, {op});
    const auto weights = static_cast<double>(q.source.type(q.source.ops[i].in[1]).elements());
    order.emplace_back((other.noise() - attempt.noise()) / weights, op);
  }
  std::sort(order.begin(), order.end());
  std::vector<int> ops;
  for (const auto& [cost, op] : order) ops.push_back(op);
  return ops;
}

}  // namespace

void narrow(Attempt& attempt) {
  if (attempt.fits()) return;
  const std::vector<int> ops = by_cost(attempt);
  // The first `most` layers are enough, and `least` are too few.
  size_t least = 0, most = ops.size();
  attempt.pace().begin("storing layers in 4 bits", std::ssize(ops) + std::bit_width(ops.size()));
  while (most - least > 1) {
    const size_t count = least + (most - least) / 2;
    const std::vector<int> some(ops.begin(), ops.begin() + static_cast<ptrdiff_t>(count));
    (with_4_bits(attempt, some).fits() ? most : least) = count;
  }
  std::vector<int> chosen(ops.begin(), ops.begin() + static_cast<ptrdiff_t>(most));
  const bool enough = with_4_bits(attempt, chosen).fits();
  // Some of them may not have been needed: not all kernels store 4 bits as such.
  for (size_t i = chosen.size(); enough && i-- > 0;) {
    std::vector<int> fewer = chosen;
    fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
    if (with_4_bits(attempt, fewer).fits()) chosen = std::move(fewer);
  }
  attempt = with_4_bits(attempt, chosen);
}

}  // namespace motec
