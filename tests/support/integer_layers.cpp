#include "support/integer_layers.h"

#include <algorithm>
#include <cmath>

#include "ops/qbinary.h"
#include "ops/qdense.h"
#include "ops/qpool.h"
#include "ops/quantize.h"

namespace motec::test {
namespace {

bool contains(const std::vector<int64_t>& list, int64_t item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// An even multiplier, or one with its shift, that brings sums down to about 1 / 16 .. 1 / 128.
void add_multiplier(GraphBuilder& b, const Store& store, std::vector<int32_t>& mult) {
  if (store.form == StoreForm::High)
    mult.push_back(static_cast<int32_t>(b.random_in(1 << 24, 1 << 27) >> store.shift << 1));
  if (store.form == StoreForm::Wide) {
    mult.push_back(static_cast<int32_t>(b.random_in(int64_t{1} << 30, int64_t{1} << 31)));
    mult.push_back(static_cast<int32_t>(b.random_in(35, 38)));
  }
}

// Weights [outputs, taps, inputs] in `shape`, biases and multipliers.
std::vector<ValueId> layer_constants(GraphBuilder& b, const IntegerLayer& layer, Shape shape,
                                     DType x) {
  const Store& store = layer.attrs.store;
  const int64_t inputs = shape.back(), depth = product(shape, 1, shape.size());
  const int64_t farthest = x == DType::S16 ? 32768 : 128;
  Tensor weights = Tensor::zeros(DType::S8, shape);
  std::vector<int32_t> bias, mult;
  for (int64_t o = 0; o < layer.outputs; ++o) {
    int64_t reach = 0;  // no sum without bias is greater
    for (int64_t i = 0; i < depth; ++i) {
      if (contains(layer.unread, i % inputs)) continue;
      const int64_t w = b.random_in(-layer.largest_weight, layer.largest_weight + 1);
      weights.data<int8_t>()[o * depth + i] = static_cast<int8_t>(w);
      reach += std::abs(w) * farthest;
    }
    const int64_t range = (store.hi - store.lo + 1) * 256;
    int64_t value = b.random_in(-farthest * 8, farthest * 8);
    if (contains(layer.dead, o)) value = -reach - range;
    if (contains(layer.edge, o)) value = -reach / 2 + b.random_in(-64, 64) * 8;
    bias.push_back(static_cast<int32_t>(value));
    add_multiplier(b, store, mult);
  }
  return {b.constant(std::move(weights)), b.constant(Tensor::of(DType::S32, {layer.outputs}, bias)),
          b.constant(Tensor::of(DType::S32, {std::ssize(mult)}, mult))};
}

}  // namespace

ValueId integer_conv(GraphBuilder& b, ValueId x, IntegerLayer layer) {
  const Shape shape = {layer.outputs, layer.kernel,
                       layer.kernel_w > 0 ? layer.kernel_w : layer.kernel,
                       b.shape(x)[3] / layer.attrs.groups};
  std::vector<ValueId> in = layer_constants(b, layer, shape, b.graph().type(x).dtype);
  in.insert(in.begin(), x);
  return b.op(ops::qconv2d, layer.attrs, in);
}

ValueId integer_depthwise(GraphBuilder& b, ValueId x, IntegerLayer layer) {
  layer.attrs.groups = b.shape(x)[3];
  layer.outputs = std::max(layer.outputs, layer.attrs.groups);
  return integer_conv(b, x, std::move(layer));
}

ValueId integer_dense(GraphBuilder& b, ValueId x, const IntegerLayer& layer) {
  std::vector<ValueId> in =
      layer_constants(b, layer, {layer.outputs, b.shape(x).back()}, b.graph().type(x).dtype);
  in.insert(in.begin(), x);
  return b.op(ops::qdense, QDenseAttrs{layer.attrs.store}, in);
}

ValueId integer_add(GraphBuilder& b, ValueId x, ValueId y) {
  const QAddAttrs attrs{.a_mult = static_cast<int32_t>(b.random_in(-2000, 2000)),
                        .b_mult = static_cast<int32_t>(b.random_in(-2000, 2000)),
                        .offset = static_cast<int32_t>(b.random_in(-50000, 50000)),
                        .right = 10,
                        .lo = static_cast<int32_t>(b.random_in(-128, 0))};
  return b.op(ops::qadd, attrs, {x, y});
}

ValueId integer_mul(GraphBuilder& b, ValueId x, ValueId y) {
  const QMulAttrs attrs{.a_zp = static_cast<int32_t>(b.random_in(-128, 128)),
                        .b_zp = static_cast<int32_t>(b.random_in(-128, 128)),
                        .mult = static_cast<int32_t>(b.random_in(1 << 23, 1 << 26) * 2),
                        .store = {.zp = static_cast<int32_t>(b.random_in(-128, 128))}};
  return b.op(ops::qmul, attrs, {x, y});
}

ValueId integer_pool(GraphBuilder& b, ValueId x, PoolAttrs window) {
  for (size_t i = 0; i < 2; ++i)
    window.out[i] = window_count(b.shape(x)[1 + i], window.pad[i] + window.pad[2 + i],
                                 window.kernel[i], window.stride[i], window.dilation[i]);
  if (window.kind == PoolKind::Max) return b.op(ops::qpool, QPoolAttrs{.window = window}, {x});
  const QPoolAttrs attrs{.window = window,
                         .in_zp = static_cast<int32_t>(b.random_in(-128, 128)),
                         .store = {.zp = static_cast<int32_t>(b.random_in(-20, 20)), .shift = 4}};
  std::vector<int32_t> mult;
  for (int64_t n = 1; n <= window.kernel[0] * window.kernel[1]; ++n)
    mult.push_back(
        static_cast<int32_t>(std::llround(std::ldexp(0.7, 28) / static_cast<double>(n)) & ~1));
  return b.op(ops::qpool, attrs, {x, b.constant(Tensor::of(DType::S32, {std::ssize(mult)}, mult))});
}

ValueId lookup(GraphBuilder& b, ValueId x, const std::vector<int8_t>& table) {
  return b.op(ops::lookup, NoAttrs{}, {x, b.constant(Tensor::of(DType::S8, {256}, table))});
}

ValueId random_int8(GraphBuilder& b, Shape shape) {
  Tensor tensor = Tensor::zeros(DType::S8, std::move(shape));
  for (int64_t i = 0; i < tensor.elements(); ++i)
    tensor.data<int8_t>()[i] = static_cast<int8_t>(b.random_in(-128, 128));
  return b.constant(std::move(tensor));
}

std::vector<std::vector<Tensor>> extreme_inputs(const Graph& graph, uint32_t seed) {
  GraphBuilder random(seed);
  using Pattern = int64_t (*)(GraphBuilder&, int64_t);
  constexpr Pattern kPatterns[] = {
      [](GraphBuilder& b, int64_t) { return b.random_in(-128, 128); },
      [](GraphBuilder& b, int64_t) { return b.random_in(-128, 128); },
      [](GraphBuilder&, int64_t) -> int64_t { return -128; },
      [](GraphBuilder&, int64_t) -> int64_t { return 127; },
      [](GraphBuilder&, int64_t i) -> int64_t { return i % 2 ? 127 : -128; },
      [](GraphBuilder&, int64_t i) -> int64_t { return i % 3 ? -128 : 127; },
  };
  std::vector<std::vector<Tensor>> sets;
  for (const Pattern pattern : kPatterns) {
    std::vector<Tensor>& set = sets.emplace_back();
    for (const Port& port : graph.inputs) {
      const Type& type = graph.type(port.value);
      Tensor tensor = Tensor::zeros(type.dtype, type.shape);
      for (int64_t i = 0; i < tensor.elements(); ++i) {
        const int64_t value = pattern(random, i);
        if (type.dtype == DType::F32) {
          tensor.data<float>()[i] = static_cast<float>(value) / 16.0f;
        } else {
          tensor.data<int8_t>()[i] = static_cast<int8_t>(value);
        }
      }
      set.push_back(std::move(tensor));
    }
  }
  return sets;
}

}  // namespace motec::test
