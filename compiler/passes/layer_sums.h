// What the inputs of an integer layer can add to its sums, channel by channel and exact at the
// borders, where padding stands in for inputs.
//
//   const LayerSums sums(graph, op);
//   const Interval x = {-128, 127};
//   sums.added(o, i, place, x)  // by input i to a sum of output o
#pragma once
#include <vector>

#include "ir/graph.h"
#include "ops/store.h"

namespace motec {

// All integers from lo to hi.
struct Interval {
  int64_t lo = 0, hi = 0;
  bool is_single() const { return lo == hi; }
  bool operator==(const Interval&) const = default;
};
Interval hull(const Interval& a, const Interval& b);

// The layers are QConv2D and QDense.
bool is_integer_layer(const Op& op);
const Store& store_of(const Op& layer);

class LayerSums {
 public:
  LayerSums(const Graph& graph, const Op& op);

  int64_t outputs() const { return outputs_; }
  int64_t groups() const { return groups_; }
  int64_t group_inputs() const { return group_inputs_; }
  int64_t group_outputs() const { return outputs_ / groups_; }

  // Output pixels are of one place if the same taps of the kernel lie in the padding.
  size_t places() const { return places_.size(); }
  // What input channel `i` of its group adds to output channel `o` while its values are in `x`.
  Interval added(int64_t o, int64_t i, size_t place, const Interval& x) const;
  // The same at every place, if it is one number there.
  bool adds_constant(int64_t o, int64_t i, const Interval& x) const;

 private:
  int64_t outputs_ = 0, groups_ = 1, group_inputs_ = 0, taps_ = 1;
  int64_t pad_value_ = 0;
  std::vector<int64_t> weights_;           // [outputs][taps][group_inputs]
  std::vector<std::vector<bool>> places_;  // for each tap, whether it lies on the input
};

}  // namespace motec
