#include "support/time_networks.h"

#include <algorithm>

#include "ops/concat.h"
#include "ops/move.h"
#include "ops/quantize.h"
#include "support/graph_builder.h"
#include "support/integer_layers.h"

namespace motec::test {
namespace {

class TimeNetwork {
 public:
  explicit TimeNetwork(uint32_t seed) : b_(seed) {
    random(0, 2);
    random(0, 2);
    const Shape shape{1, random(12, 40), random(1, 5), random(1, 6)};
    const bool real = random(0, 3) == 0, channels_first = random(0, 4) == 0;
    ValueId x = b_.input("x", channels_first ? Shape{1, shape[3], shape[1], shape[2]} : shape,
                         real ? DType::F32 : DType::S8);
    if (channels_first) x = b_.to_nhwc(x);
    if (real) x = b_.op(ops::quantize, QuantizeAttrs{{0.05f}, {3}, -1, DType::S8}, {x});
    const int64_t count = random(2, 8);
    for (int64_t i = 0; i < count; ++i) x = next(x);
    const Shape s = b_.shape(x);
    switch (random(0, 4)) {
      case 0:
        x = integer_dense(b_, b_.reshape(x, {1, s[1] * s[2] * s[3]}), {.outputs = random(1, 5)});
        break;
      case 1:
        x = integer_pool(b_, x, {.kind = PoolKind::Average, .kernel = {s[1], s[2]}});
        break;
      case 2:
        x = convolve(x, s[1], 1, 1, random(1, 5), 1);
        break;
      default:
        break;  // an output along time
    }
    b_.output("y", x);
  }

  Graph& graph() { return b_.graph(); }

 private:
  int64_t random(int64_t begin, int64_t end) { return b_.random_in(begin, end); }

  ValueId convolve(ValueId x, int64_t kernel, int64_t stride, int64_t dilation, int64_t outputs,
                   int64_t groups) {
    const Shape& s = b_.shape(x);
    IntegerLayer layer{
        .outputs = outputs, .kernel = kernel, .kernel_w = std::min<int64_t>(s[2], 2)};
    layer.attrs = {.stride = {stride, 1}, .dilation = {dilation, 1}, .groups = groups};
    return groups > 1 ? integer_depthwise(b_, x, layer) : integer_conv(b_, x, layer);
  }

  // Rows `from` to `from + count`.
  ValueId crop(ValueId x, int64_t from, int64_t count) {
    SliceAttrs attrs{{0, from, 0, 0}, {1, 1, 1, 1}, b_.shape(x)};
    attrs.size[1] = count;
    return b_.op(ops::slice, attrs, {x});
  }

  ValueId next(ValueId x) {
    const Shape s = b_.shape(x);
    const int64_t dilation = random(0, 4) ? 1 : 2;
    const int64_t kernel = random(1, std::max<int64_t>(2, std::min<int64_t>(5, (s[1] + 1) / 2)));
    const int64_t stride = random(0, 3) ? 1 : random(1, 4);
    if ((kernel - 1) * dilation + 1 > s[1]) return x;
    switch (random(0, 7)) {
      case 0:
      case 1:
        return convolve(x, kernel, stride, dilation, random(1, 6), 1);
      case 2:
        return s[3] > 1 ? convolve(x, kernel, stride, dilation, s[3], s[3]) : x;
      case 3:
        return integer_pool(b_, x,
                            {.kind = random(0, 2) ? PoolKind::Max : PoolKind::Average,
                             .kernel = {kernel, 1},
                             .stride = {stride, 1}});
      case 4: {  // a shortcut that lags behind
        const ValueId y = convolve(x, kernel, 1, 1, s[3], 1);
        const Shape& t = b_.shape(y);
        if (t[2] != s[2]) return y;
        return integer_add(b_, y, crop(x, random(0, s[1] - t[1] + 1), t[1]));
      }
      case 5:
        return b_.op(ops::concat, ConcatAttrs{3}, {x, integer_add(b_, x, x)});
      default:
        return s[1] > 3 ? crop(x, random(0, 2), s[1] - random(1, 3)) : x;
    }
  }

  GraphBuilder b_;
};

}  // namespace

Graph time_network(uint32_t seed) { return TimeNetwork(seed).graph(); }

}  // namespace motec::test
