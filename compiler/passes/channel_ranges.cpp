#include "passes/channel_ranges.h"

#include <algorithm>
#include <span>

#include "ir/op_def.h"
#include "ops/concat.h"
#include "ops/pad.h"
#include "ops/qbinary.h"
#include "ops/qpool.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/rescale.h"

namespace motec {
namespace {

// A value's elements are nowhere less than `lo` or greater than `hi`. Null: not known.
struct Bounds {
  TensorPtr lo, hi;
};
using End = TensorPtr Bounds::*;
constexpr End kLo = &Bounds::lo, kHi = &Bounds::hi;

bool is_narrow(const Type& type) { return is_integer(type.dtype) && size_of(type.dtype) <= 2; }

TensorPtr filled(const Type& type, int32_t value) {
  Tensor tensor = Tensor::zeros(type.dtype, type.shape);
  dispatch(type.dtype, [&]<class T>() {
    std::fill_n(tensor.data<T>(), tensor.elements(), static_cast<T>(value));
  });
  return std::make_shared<const Tensor>(std::move(tensor));
}

// Element by element, the least (greatest) of two tensors.
template <class Choose>
TensorPtr combined(const TensorPtr& a, Tensor b, Choose choose) {
  dispatch(b.dtype, [&]<class T>() {
    for (int64_t i = 0; a && i < b.elements(); ++i)
      b.data<T>()[i] = choose(a->data<T>()[i], b.data<T>()[i]);
  });
  return std::make_shared<const Tensor>(std::move(b));
}

// [rows, 2 * n] from a and b, each [rows, n], in turn.
Tensor side_by_side(const Tensor& a, const Tensor& b, int64_t n) {
  Tensor both = Tensor::zeros(a.dtype, a.shape);
  both.shape.back() *= 2;
  both.bytes.clear();
  const auto row = static_cast<ptrdiff_t>(n * size_of(a.dtype));
  for (auto i = a.bytes.begin(), k = b.bytes.begin(); i != a.bytes.end(); i += row, k += row) {
    both.bytes.insert(both.bytes.end(), i, i + row);
    both.bytes.insert(both.bytes.end(), k, k + row);
  }
  return both;
}

// The positive weights, and the negative ones.
std::pair<Tensor, Tensor> split_by_sign(const Tensor& w) {
  Tensor positive = w, negative = w;
  dispatch(w.dtype, [&]<class T>() {
    for (T& v : std::span(positive.data<T>(), static_cast<size_t>(w.elements())))
      v = std::max(v, T{0});
    for (T& v : std::span(negative.data<T>(), static_cast<size_t>(w.elements())))
      v = std::min(v, T{0});
  });
  return {std::move(positive), std::move(negative)};
}

ChannelRanges spanned(const Type& type, const Bounds& bounds) {
  if (!bounds.lo || !is_narrow(type) || type.elements() == 0) return {};
  const std::vector<int64_t> lo = to_int64s(*bounds.lo), hi = to_int64s(*bounds.hi);
  const auto channels = static_cast<size_t>(channels_of(type));
  ChannelRanges ranges(channels);
  for (size_t i = 0; i < lo.size(); ++i) {
    Interval& range = ranges[i % channels];
    range = i < channels ? Interval{lo[i], hi[i]} : hull(range, {lo[i], hi[i]});
  }
  return ranges;
}

class Analysis {
 public:
  explicit Analysis(const Graph& graph) : graph_(graph), bounds_(graph.values.size()) {
    for (size_t i = 0; i < bounds_.size(); ++i) {
      const Value& value = graph.values[i];
      if (value.constant) {
        bounds_[i] = {value.constant, value.constant};
      } else if (is_narrow(value.type)) {
        bounds_[i] = {filled(value.type, lowest_of(value.type.dtype)),
                      filled(value.type, highest_of(value.type.dtype))};
      }
    }
    for (const Op& op : graph.ops)
      if (op.out.size() == 1 && of(op.out[0]).lo && graph.type(op.out[0]).elements() > 0) bound(op);
  }

  std::vector<ChannelRanges> ranges() const {
    std::vector<ChannelRanges> result;
    for (size_t i = 0; i < bounds_.size(); ++i)
      result.push_back(spanned(graph_.values[i].type, bounds_[i]));
    return result;
  }

 private:
  Bounds& of(ValueId id) { return bounds_[static_cast<size_t>(id.index)]; }

  // Ops whose results grow with every element of their operands that is not constant.
  static bool is_growing(const Op& op) {
    if (op.def == &ops::reduce) {
      const ReduceKind kind = op.as<ReduceAttrs>().kind;
      return kind == ReduceKind::Max || kind == ReduceKind::Min;
    }
    return op.def->moved_axis || op.def == &ops::concat || op.def == &ops::pad ||
           op.def == &ops::qpool || op.def == &ops::rescale || op.def == &ops::flip_sign;
  }

  void bound(const Op& op) {
    for (const ValueId id : op.in)
      if (id && !of(id).lo) return;
    if (is_integer_layer(op)) {
      bound_layer(op);
    } else if (op.def == &ops::lookup) {
      bound_lookup(op);
    } else if (op.def == &ops::qadd || op.def == &ops::qmul) {
      // Both are monotone in each operand alone: their extremes are at the corners.
      bound_by_corners(op, {{kLo, kLo}, {kLo, kHi}, {kHi, kLo}, {kHi, kHi}});
    } else if (is_growing(op)) {
      const size_t n = op.in.size();
      bound_by_corners(op, {std::vector<End>(n, kLo), std::vector<End>(n, kHi)});
    }
  }

  Tensor evaluated(const Op& op, const std::vector<const Tensor*>& in) const {
    const Type& type = graph_.type(op.out[0]);
    Tensor result = Tensor::zeros(type.dtype, type.shape);
    evaluate(op, {.in = in, .out = {&result}});
    return result;
  }

  void bound_by_corners(const Op& op, const std::vector<std::vector<End>>& corners) {
    Bounds y;
    for (const std::vector<End>& corner : corners) {
      std::vector<const Tensor*> in;
      for (size_t i = 0; i < op.in.size(); ++i)
        in.push_back(op.in[i] ? (of(op.in[i]).*corner[i]).get() : nullptr);
      const Tensor result = evaluated(op, in);
      y.lo = combined(y.lo, result, [](auto a, auto b) { return std::min(a, b); });
      y.hi = combined(y.hi, result, [](auto a, auto b) { return std::max(a, b); });
    }
    of(op.out[0]) = y;
  }

  // The least sum has the least inputs under positive weights and the greatest under negative ones:
  // a layer of twice as many inputs.
  void bound_layer(const Op& op) {
    const Bounds& x = of(op.in[0]);
    const Tensor& w = *graph_.constant(op.in[1]);
    const int64_t n = w.shape.back();
    const auto [positive, negative] = split_by_sign(w);
    const Tensor inputs = side_by_side(*x.lo, *x.hi, n);
    const auto bound = [&](const Tensor& of_lo, const Tensor& of_hi) {
      const Tensor weights = side_by_side(of_lo, of_hi, n);
      return std::make_shared<const Tensor>(
          evaluated(op, {&inputs, &weights, graph_.constant(op.in[2]), graph_.constant(op.in[3])}));
    };
    of(op.out[0]) = {bound(positive, negative), bound(negative, positive)};
  }

  void bound_lookup(const Op& op) {
    const Bounds& x = of(op.in[0]);
    const Tensor& entries = *of(op.in[1]).lo;
    Tensor lo = Tensor::zeros(entries.dtype, x.lo->shape), hi = lo;
    with_narrow(entries, [&]<class Y>(const Y* table) {
      for (int64_t i = 0; i < lo.elements(); ++i) {
        const int from = x.lo->data<int8_t>()[i], to = x.hi->data<int8_t>()[i];
        Y least = table[static_cast<uint8_t>(from)], greatest = least;
        for (int v = from; v <= to; ++v) {
          least = std::min(least, table[static_cast<uint8_t>(v)]);
          greatest = std::max(greatest, table[static_cast<uint8_t>(v)]);
        }
        lo.data<Y>()[i] = least;
        hi.data<Y>()[i] = greatest;
      }
    });
    of(op.out[0]) = {std::make_shared<const Tensor>(std::move(lo)),
                     std::make_shared<const Tensor>(std::move(hi))};
  }

  const Graph& graph_;
  std::vector<Bounds> bounds_;
};

}  // namespace

int64_t channels_of(const Type& type) { return type.shape.empty() ? 1 : type.shape.back(); }

std::vector<ChannelRanges> channel_ranges(const Graph& graph) { return Analysis(graph).ranges(); }

}  // namespace motec
