#include "passes/layer_sums.h"

#include <algorithm>
#include <set>

#include "ops/qconv2d.h"
#include "ops/qdense.h"

namespace motec {
namespace {

// One axis of a window: for each kind of output position, which taps lie on the input.
std::set<std::vector<bool>> taps_on_input(int64_t size, int64_t out, int64_t kernel, int64_t stride,
                                          int64_t dilation, int64_t pad) {
  std::set<std::vector<bool>> kinds;
  for (int64_t o = 0; o < out; ++o) {
    std::vector<bool> inside;
    for (int64_t k = 0; k < kernel; ++k) {
      const int64_t i = o * stride - pad + k * dilation;
      inside.push_back(i >= 0 && i < size);
    }
    kinds.insert(std::move(inside));
  }
  return kinds;
}

std::vector<std::vector<bool>> places_of(const QConv2dAttrs& a, const Shape& x, const Shape& w,
                                         const Shape& y) {
  const auto along = [&](size_t i) {
    return taps_on_input(x[1 + i], y[1 + i], w[1 + i], a.stride[i], a.dilation[i], a.pad[i]);
  };
  std::vector<std::vector<bool>> places;
  const std::set<std::vector<bool>> columns = along(1);
  for (const std::vector<bool>& row : along(0)) {
    for (const std::vector<bool>& column : columns) {
      std::vector<bool>& place = places.emplace_back();
      for (const bool r : row)
        for (const bool c : column) place.push_back(r && c);
    }
  }
  return places;
}

}  // namespace

Interval hull(const Interval& a, const Interval& b) {
  return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)};
}

bool is_integer_layer(const Op& op) { return op.def == &ops::qconv2d || op.def == &ops::qdense; }

const Store& store_of(const Op& layer) {
  return layer.def == &ops::qdense ? layer.as<QDenseAttrs>().store : layer.as<QConv2dAttrs>().store;
}

LayerSums::LayerSums(const Graph& graph, const Op& op) {
  const Tensor& w = *graph.constant(op.in[1]);
  weights_ = to_int64s(w);
  outputs_ = w.shape.front();
  group_inputs_ = w.shape.back();
  if (op.def == &ops::qdense) {
    places_ = {{true}};
    return;
  }
  const auto& a = op.as<QConv2dAttrs>();
  groups_ = a.groups;
  taps_ = w.shape[1] * w.shape[2];
  pad_value_ = a.pad_value;
  places_ = places_of(a, graph.type(op.in[0]).shape, w.shape, graph.type(op.out[0]).shape);
}

Interval LayerSums::added(int64_t o, int64_t i, size_t place, const Interval& x) const {
  Interval sum;
  const int64_t* w = &weights_[static_cast<size_t>(o * taps_ * group_inputs_ + i)];
  for (const bool inside : places_[place]) {
    const int64_t a = *w * (inside ? x.lo : pad_value_), b = *w * (inside ? x.hi : pad_value_);
    sum.lo += std::min(a, b);
    sum.hi += std::max(a, b);
    w += group_inputs_;
  }
  return sum;
}

bool LayerSums::adds_constant(int64_t o, int64_t i, const Interval& x) const {
  const Interval first = added(o, i, 0, x);
  for (size_t place = 0; place < places(); ++place)
    if (added(o, i, place, x) != first) return false;
  return first.is_single();
}

}  // namespace motec
