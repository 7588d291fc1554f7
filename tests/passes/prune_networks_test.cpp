// prune-channels on random integer networks and on a real one: the same bits with and without.
#include <catch2/catch.hpp>

#include <filesystem>

#include "driver/compile.h"
#include "driver/dataset.h"
#include "ir/print.h"
#include "ops/concat.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "passes/layer_sums.h"
#include "support/integer_layers.h"
#include "support/pruning.h"

namespace motec::test {
namespace {

constexpr uint32_t kNetworks = 300;

class IntegerNetwork {
 public:
  explicit IntegerNetwork(uint32_t seed) : b_(seed) {
    const Shape shape = {random(1, 3), random(1, 7), random(1, 7), random(1, 6)};
    maps_ = {b_.input("x", shape, DType::S8)};
    if (random(0, 4) == 0) {
      const QuantizeAttrs attrs{{0.05f}, {int32(-20, 20)}, -1, DType::S8};
      maps_.push_back(b_.op(ops::quantize, attrs, {b_.input("real", shape)}));
    }
    const int64_t count = random(3, 14);
    for (int64_t i = 0; i < count; ++i) maps_.push_back(next());
    b_.output("y", maps_.back());
    if (random(0, 4) == 0) b_.output("z", pick());
    if (random(0, 2)) head();
    if (random(0, 4) == 0)
      b_.output("real", b_.op(ops::dequantize, DequantizeAttrs{{0.5f}, {3}, -1}, {pick()}));
  }

  const Graph& graph() { return b_.graph(); }

 private:
  int64_t random(int64_t begin, int64_t end) { return b_.random_in(begin, end); }
  int32_t int32(int64_t begin, int64_t end) { return static_cast<int32_t>(random(begin, end)); }
  const Shape& shape(ValueId id) const { return b_.shape(id); }
  ValueId pick() {
    return random(0, 3) ? maps_.back() : maps_[static_cast<size_t>(random(0, std::ssize(maps_)))];
  }
  std::vector<int64_t> some(int64_t n, int64_t one_in) {
    std::vector<int64_t> list;
    for (int64_t i = 0; i < n; ++i)
      if (random(0, one_in) == 0) list.push_back(i);
    return list;
  }

  IntegerLayer layer(ValueId x, int64_t outputs, int64_t groups) {
    const Shape& in = shape(x);
    IntegerLayer layer{.outputs = outputs, .kernel = 1};
    layer.attrs.groups = groups;
    if (random(0, 3)) {
      layer.kernel = random(1, 4);
      for (int64_t& pad : layer.attrs.pad) pad = random(0, layer.kernel);
      for (size_t i = 0; i < 2; ++i) {
        layer.attrs.stride[i] = random(1, 3);
        if (in[1 + i] >= 5) layer.attrs.dilation[i] = random(1, 3);
        const int64_t reach = (layer.kernel - 1) * layer.attrs.dilation[i] + 1;
        while (in[1 + i] + layer.attrs.pad[i] + layer.attrs.pad[2 + i] < reach)
          ++layer.attrs.pad[2 * static_cast<size_t>(random(0, 2)) + i];
      }
    }
    // Mostly the value that dead channels have, as padding has it after ReLU.
    layer.attrs.pad_value = random(0, 4) ? -100 : int32(-128, 128);
    Store& store = layer.attrs.store;
    store.lo = random(0, 4) ? -100 : int32(-128, 0);
    store.hi = random(0, 2) ? 127 : int32(0, 128);
    store.zp = int32(store.lo, store.hi + 1);
    if (random(0, 4) == 0) store.form = StoreForm::Wide;
    if (store.form == StoreForm::High) store.shift = int32(0, 4);
    layer.dead = some(outputs, 3);
    layer.edge = some(outputs, 5);
    layer.unread = some(in.back() / groups, 4);
    return layer;
  }

  ValueId same_shape(ValueId x) {
    for (const ValueId other : maps_)
      if (other != x && shape(other) == shape(x)) return other;
    return random(0, 2) ? x : random_int8(b_, {shape(x)[3]});
  }

  ValueId next() {
    const ValueId x = pick();
    const Shape s = shape(x);
    switch (random(0, 15)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return integer_conv(b_, x, layer(x, random(1, 8), 1));
      case 4:
      case 5:
        return integer_depthwise(b_, x, layer(x, s[3] * (random(0, 3) ? 1 : 2), s[3]));
      case 6: {
        const int64_t groups = s[3] % 2 ? 1 : 2;
        return integer_conv(b_, x, layer(x, groups * random(1, 4), groups));
      }
      case 7:
      case 8:
        return integer_add(b_, x, same_shape(x));
      case 9:
        return integer_mul(b_, same_shape(x), x);
      case 10: {
        PoolAttrs window{.kind = random(0, 2) ? PoolKind::Max : PoolKind::Average,
                         .kernel = {random(1, 4), random(1, 4)},
                         .stride = {random(1, 3), random(1, 3)},
                         .count_include_pad = random(0, 2) == 0};
        for (size_t i = 0; i < 4; ++i) window.pad[i] = window.kernel[i % 2] / 2;
        return integer_pool(b_, x, window);
      }
      case 11: {
        std::vector<int8_t> table(256);
        for (size_t i = 0; i < 256; ++i)  // as uint8: 0 .. 127, then -128 .. -1
          table[i] = static_cast<int8_t>(random(0, 8) ? i / 3 : random(-128, 128));
        return lookup(b_, x, table);
      }
      case 12:
        return b_.op(ops::concat, ConcatAttrs{int(random(1, 4))}, {x, same_map(x)});
      case 13: {
        const int64_t first = random(0, s[3]);
        const SliceAttrs window{
            {0, s[1] - 1, 0, first}, {1, -1, 1, 1}, {s[0], s[1], s[2], s[3] - first}};
        const ValueId value =
            b_.constant(Tensor::of<int8_t>(DType::S8, {}, {int8_t(int32(-128, 128))}));
        const ValueId part = b_.op(ops::slice, window, {x});
        return random(0, 2)
                   ? part
                   : b_.op(ops::pad, PadAttrs{{0, 1, 0, random(0, 3)}, {0, 0, 1, random(0, 2)}},
                           {part, value});
      }
      default:
        return random(0, 2) ? b_.transpose(x, {0, 2, 1, 3})
                            : b_.reshape(x, {s[0], 1, s[1] * s[2], s[3]});
    }
  }

  // An operand that can be joined with `x` along any axis.
  ValueId same_map(ValueId x) {
    const ValueId other = same_shape(x);
    return shape(other) == shape(x) ? other : x;
  }

  void head() {
    ValueId x = pick();
    const Shape s = shape(x);
    if (random(0, 2)) {
      x = b_.op(ops::reduce, ReduceAttrs{ReduceKind::Max, {1, 2}, false}, {x});
    } else {
      x = b_.reshape(x, {s[0], s[1] * s[2] * s[3]});
    }
    x = integer_dense(b_, x, dense_layer(x, random(1, 7)));
    b_.output("head", integer_dense(b_, x, dense_layer(x, random(1, 4))));
  }
  IntegerLayer dense_layer(ValueId x, int64_t outputs) {
    IntegerLayer dense{.outputs = outputs, .dead = some(outputs, 3)};
    dense.attrs.store = {.zp = 0, .lo = -100};
    dense.unread = some(shape(x).back(), 6);
    dense.edge = some(outputs, 5);
    return dense;
  }

  GraphBuilder b_;
  std::vector<ValueId> maps_;
};

TEST_CASE("pruned random networks give the same bits") {
  int64_t channels = 0, networks = 0;
  for (uint32_t seed = 1; seed <= kNetworks; ++seed) {
    IntegerNetwork network(seed);
    INFO("seed " << seed << "\n" << print(network.graph()));
    const auto inputs = extreme_inputs(network.graph(), seed);
    const Graph after = pruned(network.graph());
    REQUIRE(range_violation(network.graph(), inputs) == "");
    REQUIRE(difference(network.graph(), after, inputs) == "");
    channels += after.pruned.channels;
    networks += after.pruned.channels > 0;
  }
  // The networks are made so that there is much to remove; else this would test little.
  CHECK(channels > kNetworks);
  CHECK(networks > kNetworks / 2);
}

// Weights of the integer layers.
int64_t weights_left(const Graph& graph) {
  int64_t count = 0;
  for (const Op& op : graph.ops)
    if (is_integer_layer(op)) count += graph.type(op.in[1]).elements();
  return count;
}

TEST_CASE("MLPerf Tiny models are pruned to the bit") {
  if (std::string(MOTE_SHARED_DATA).empty()) {
    WARN("skipped: MOTE_SHARED_DATA is not set");
    return;
  }
  const auto [name, channels, macs, weights] =
      GENERATE(table<std::string, int64_t, int64_t, int64_t>({{"vww", 1724, 3'727'313, 29'066},
                                                              {"ic", 0, -1, -1},
                                                              {"kws", 0, -1, -1},
                                                              {"ad", 0, -1, -1},
                                                              {"sww", 0, -1, -1}}));
  INFO(name);
  const std::filesystem::path folder =
      std::filesystem::path(MOTE_SHARED_DATA) / "mlperf_tiny" / (name + "_int8");
  CompileOptions options;
  options.model = folder / "model.onnx";
  const Graph graph = load_graph(options);
  options.passes.prune = false;
  const Graph whole = load_graph(options);
  CHECK(graph.pruned.channels == channels);
  CHECK(total_macs(graph) == (macs < 0 ? total_macs(whole) : macs));
  CHECK(weights_left(graph) == (weights < 0 ? weights_left(whole) : weights));
  if (channels == 0) return;
  std::vector<std::vector<Tensor>> inputs;
  for (const DataSet& set : read_data(folder, data_ports(graph, {graph.inputs[0].name})))
    inputs.push_back(set.inputs);
  CHECK(inputs.size() == 3);
  CHECK(difference(whole, graph, inputs) == "");
}

}  // namespace
}  // namespace motec::test
