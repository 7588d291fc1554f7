#include "support/row_networks.h"

#include <algorithm>

#include "ops/concat.h"
#include "ops/gather.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/quantize.h"
#include "ops/softmax.h"
#include "support/diag.h"
#include "support/integer_layers.h"

namespace motec::test {
namespace {

class RowNetwork {
 public:
  RowNetwork(uint32_t seed, Numbers numbers) : b_(seed), integers_(numbers == Numbers::Int8) {
    next_random();  // neighbouring seeds begin alike
    next_random();
    width_one_ = random(0, 8) == 0;
    const Shape shape = {1, random(3, 18), width_one_ ? 1 : random(1, 12), random(1, 7)};
    const bool real = integers_ && random(0, 4) == 0;
    ValueId x = b_.input("x", shape, integers_ && !real ? DType::S8 : DType::F32);
    if (real) x = b_.op(ops::quantize, QuantizeAttrs{{0.05f}, {3}, -1, DType::S8}, {x});
    maps_ = {x};
    const int64_t count = random(2, 9);
    for (int64_t i = 0; i < count; ++i) maps_.push_back(next(maps_.back()));
    finish();
  }

  Graph& graph() { return b_.graph(); }

 private:
  struct Window {
    std::array<int64_t, 2> kernel{1, 1}, stride{1, 1}, dilation{1, 1};
    std::array<int64_t, 4> pad{};
  };

  void next_random() { b_.next_random(); }
  int64_t random(int64_t begin, int64_t end) { return b_.random_in(begin, end); }
  int32_t int32(int64_t begin, int64_t end) { return static_cast<int32_t>(random(begin, end)); }
  const Shape& shape(ValueId id) const { return b_.shape(id); }

  // Sometimes taller than the map, sometimes with more padding on one side.
  Window window(const Shape& x) {
    Window w;
    for (size_t i = 0; i < 2; ++i) {
      if (i == 1 && width_one_) continue;
      w.kernel[i] = random(1, random(0, 6) ? 4 : 7);
      if (random(0, 3) == 0) w.stride[i] = random(1, 4);
      if (random(0, 5) == 0) w.dilation[i] = random(2, 4);
      const int64_t reach = (w.kernel[i] - 1) * w.dilation[i] + 1;
      w.pad[i] = random(0, 2) ? (reach - 1) / 2 : random(0, w.kernel[i]);
      w.pad[2 + i] = random(0, 2) ? reach / 2 : random(0, w.kernel[i]);
      while (x[1 + i] + w.pad[i] + w.pad[2 + i] < reach) ++w.pad[random(0, 2) ? i : 2 + i];
    }
    return w;
  }
  // The result is as large as the operand.
  Window same_window() {
    Window w;
    for (size_t i = 0; i < 2; ++i) {
      if (i == 1 && width_one_) continue;
      w.kernel[i] = random(1, 4);
      w.pad[i] = random(0, w.kernel[i]);
      w.pad[2 + i] = w.kernel[i] - 1 - w.pad[i];
    }
    return w;
  }

  ValueId convolve(ValueId x, int64_t outputs, int64_t groups, const Window& w) {
    if (integers_) {
      IntegerLayer layer{.outputs = outputs, .kernel = w.kernel[0], .kernel_w = w.kernel[1]};
      layer.attrs = {.stride = w.stride, .dilation = w.dilation, .pad = w.pad, .groups = groups};
      layer.attrs.pad_value = int32(-128, 128);
      Store& store = layer.attrs.store;
      store.lo = random(0, 2) ? -128 : int32(-128, -50);
      store.zp = int32(-20, 20);
      if (random(0, 4) == 0) store.form = StoreForm::Wide;
      if (store.form == StoreForm::High) store.shift = int32(0, 4);
      return integer_conv(b_, x, layer);
    }
    Conv2dAttrs attrs{w.stride, w.dilation, w.pad, groups};
    if (random(0, 2)) attrs.act.fn = UnaryFn::Relu;
    const ValueId weights = b_.random({outputs, w.kernel[0], w.kernel[1], shape(x)[3] / groups});
    return b_.op(ops::conv2d, attrs, {x, weights, b_.random({outputs})});
  }
  ValueId depthwise(ValueId x, const Window& w, int64_t multiplier = 1) {
    return convolve(x, shape(x)[3] * multiplier, shape(x)[3], w);
  }

  ValueId add(ValueId x, ValueId y) {
    return integers_ ? integer_add(b_, x, y) : b_.binary(BinaryFn::Add, x, y);
  }
  ValueId multiply(ValueId x, ValueId y) {
    return integers_ ? integer_mul(b_, x, y) : b_.binary(BinaryFn::Mul, x, y);
  }
  ValueId constant(const Shape& s) { return integers_ ? random_int8(b_, s) : b_.random(s); }

  ValueId unary(ValueId x) {
    if (!integers_) return b_.unary(random(0, 2) ? UnaryFn::Relu : UnaryFn::Abs, x);
    std::vector<int8_t> table(256);
    for (int8_t& value : table) value = static_cast<int8_t>(random(-128, 128));
    return lookup(b_, x, table);
  }

  ValueId pool(ValueId x, const Window& w) {
    PoolAttrs attrs{.kind = random(0, 2) ? PoolKind::Max : PoolKind::Average,
                    .kernel = w.kernel,
                    .stride = w.stride,
                    .dilation = w.dilation,
                    .pad = w.pad,
                    .count_include_pad = random(0, 2) == 0};
    for (size_t i = 0; i < 4; ++i) attrs.pad[i] = std::min(attrs.pad[i], attrs.kernel[i % 2] - 1);
    for (size_t i = 0; i < 2; ++i) {
      const int64_t room = shape(x)[1 + i] + attrs.pad[i] + attrs.pad[2 + i];
      while ((attrs.kernel[i] - 1) * attrs.dilation[i] >= room) {
        attrs.dilation[i] = 1;
        attrs.kernel[i] = std::min(attrs.kernel[i], room);
        attrs.pad = {};
        attrs.kernel[i] = std::min(attrs.kernel[i], shape(x)[1 + i]);
      }
    }
    if (integers_) return integer_pool(b_, x, attrs);
    for (size_t i = 0; i < 2; ++i)
      attrs.out[i] = window_count(shape(x)[1 + i], attrs.pad[i] + attrs.pad[2 + i], attrs.kernel[i],
                                  attrs.stride[i], attrs.dilation[i]);
    return b_.op(ops::pool, attrs, {x});
  }

  // As resizing is imported: by an expansion, or axis by axis where it is no whole number.
  ValueId nearest(ValueId x, int64_t repeat) {
    if (random(0, 2)) {
      const Shape s = shape(x);
      const int64_t columns = width_one_ ? 1 : repeat;
      const ValueId apart = b_.reshape(x, {1, s[1], 1, s[2], 1, s[3]});
      const Shape repeated = {1, s[1], repeat, s[2], columns, s[3]};
      return b_.reshape(b_.op(ops::expand, ExpandAttrs{repeated}, {apart}),
                        {1, s[1] * repeat, s[2] * columns, s[3]});
    }
    const int64_t shrink = random(1, 3);
    for (const int axis : {1, 2}) {
      if (axis == 2 && width_one_) continue;
      std::vector<int64_t> index;
      const int64_t size = shape(x)[static_cast<size_t>(axis)];
      for (int64_t i = 0; i < (size * repeat + shrink - 1) / shrink; ++i)
        index.push_back(i * shrink / repeat);
      x = b_.op(ops::gather, GatherAttrs{axis}, {x, b_.ints(index)});
    }
    return x;
  }

  ValueId slice(ValueId x) {
    const Shape s = shape(x);
    SliceAttrs a{{0, random(0, s[1]), 0, 0}, {1, random(1, 4), 1, 1}, s};
    a.size[1] = random(1, (s[1] - 1 - a.start[1]) / a.step[1] + 2);
    return b_.op(ops::slice, a, {x});
  }

  ValueId residual(ValueId x) {
    ValueId y = x;
    const int64_t layers = random(1, 4);
    for (int64_t i = 0; i < layers; ++i) {
      y = random(0, 2) ? depthwise(y, same_window()) : convolve(y, shape(x)[3], 1, same_window());
      if (random(0, 4) == 0) y = unary(y);
    }
    return random(0, 2) ? add(x, y) : add(y, x);
  }

  // A map of the same shape, or `x` itself.
  ValueId like(ValueId x) {
    std::vector<ValueId> all;
    for (const ValueId other : maps_)
      if (other != x && shape(other) == shape(x)) all.push_back(other);
    return all.empty() ? x : all[static_cast<size_t>(random(0, std::ssize(all)))];
  }

  ValueId next(ValueId x) {
    const Shape s = shape(x);
    switch (random(0, 20)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return convolve(x, random(1, 8), 1, window(s));
      case 4:
      case 5:
      case 6:
        return depthwise(x, window(s), s[3] <= 4 && random(0, 4) == 0 ? 2 : 1);
      case 7:
      case 8:
        return convolve(x, random(1, 8), 1, {});
      case 9:
      case 10:
      case 11:
        return residual(x);
      case 12:
        return add(x, like(x));
      case 13:
        return random(0, 2) ? multiply(x, like(x)) : multiply(x, constant({s[3]}));
      case 14: {
        if (s[3] > 8) return pool(x, window(s));
        const int axis = s[1] <= 16 && random(0, 4) == 0 ? 1 : 3;
        return b_.op(ops::concat, ConcatAttrs{axis}, {x, random(0, 2) ? like(x) : unary(x)});
      }
      case 15:
      case 16:
        return pool(x, window(s));
      case 17: {
        const ValueId value = integers_ ? random_int8(b_, {}) : b_.scalar(0.5f);
        const int64_t top = random(0, 4), bottom = random(0, 3), left = width_one_ ? 0 : 1;
        return b_.op(ops::pad, PadAttrs{{0, top, left, 0}, {0, bottom, left, 0}}, {x, value});
      }
      case 18:
        return s[1] * s[2] <= 60 ? nearest(x, random(2, 4)) : slice(x);
      default:
        return s[3] % 2 == 0 ? convolve(x, 2 * random(1, 4), 2, window(s)) : unary(x);
    }
  }

  // The last map, or its mean; now and then one from within besides.
  void finish() {
    ValueId y = maps_.back();
    if (random(0, 3) == 0) {
      const Shape s = shape(y);
      if (integers_) {
        y = integer_pool(b_, y, {.kind = PoolKind::Average, .kernel = {s[1], s[2]}});
        y = integer_dense(b_, b_.reshape(y, {1, s[3]}), {.outputs = random(1, 6)});
      } else {
        y = b_.dense(b_.reshape(y, {1, s[1] * s[2] * s[3]}), random(1, 6));
      }
    }
    if (integers_ && random(0, 5) == 0)
      y = b_.op(ops::dequantize, DequantizeAttrs{{0.5f}, {3}, -1}, {y});
    b_.output("y", y);
    if (random(0, 5) == 0) b_.output("z", maps_[static_cast<size_t>(random(0, std::ssize(maps_)))]);
  }

  GraphBuilder b_;
  bool integers_, width_one_ = false;
  std::vector<ValueId> maps_;
};

// Every region that can be, one behind the other.
std::vector<Region> regions_of(const Program& whole, const Values& values,
                               const GroupedRowCalls& grouped, const PlanKind& kind) {
  GraphBuilder random(kind.cuts);
  const RowCalls& rows = grouped.of(kind.options.group);
  std::vector<Region> regions;
  for (size_t first = 0; first < whole.steps.size(); ++first) {
    const size_t most = kind.cuts ? static_cast<size_t>(random.random_in(1, 7)) : SIZE_MAX;
    std::optional<Region> longest;
    for (size_t last = first; last < whole.steps.size() && last - first < most; ++last)
      if (auto region = make_region(whole, values, rows, first, last, kind.options))
        longest = std::move(region);
    if (!longest) continue;
    first = longest->last;
    regions.push_back(std::move(*longest));
  }
  return regions;
}

}  // namespace

Graph row_network(uint32_t seed, Numbers numbers) { return RowNetwork(seed, numbers).graph(); }

std::vector<PlanKind> plan_kinds(uint32_t seed) {
  return {{.name = "speed", .goal = Goal::Speed},
          {.name = "balanced", .goal = Goal::Balanced},
          {.name = "ram", .goal = Goal::Ram},
          {.name = "least", .goal = Goal::LeastRam},
          {.name = "fed", .goal = seed % 2 == 0 ? Goal::Balanced : Goal::LeastRam, .fed = true},
          {.name = "memories", .goal = Goal::Ram, .fed = seed % 3 == 0, .memories = true},
          {.name = "rows", .forced = true},
          {.name = "staged", .forced = true, .options = {.staged = true}},
          {.name = "groups", .forced = true, .options = {.staged = true, .group = 2 + seed % 3}},
          {.name = "cut", .forced = true, .options = {.staged = seed % 2 == 0}, .cuts = seed}};
}

Program plan_of(const Graph& graph, const Target& target, const std::string& name,
                const PlanKind& kind) {
  PlanOptions options{.name = name, .goal = kind.goal};
  if (kind.memories) {
    PlanKind one = kind;
    one.memories = false;
    const int64_t bytes = plan_of(graph, target, name, one).arena_bytes;
    options.memories = {{"fast", bytes * 2 / 5}, {"slow", bytes}};
  }
  if (kind.fed) {
    options.stream_input = graph.inputs[0].name;
    try {
      return plan(graph, target, options);
    } catch (const CompileError& error) {
      if (error.diags().at(0).code != "E4103") throw;
      options.stream_input.reset();
    }
  }
  if (!kind.forced) return plan(graph, target, options);
  return plan_with(graph, target, options,
                   [&](const Program& whole, const Values& values, const GroupedRowCalls& rows) {
                     return regions_of(whole, values, rows, kind);
                   });
}

}  // namespace motec::test
