// Random networks through the whole pipeline, each pass checked by evaluation, and through the
// planner, whose buffers must not overlap while both are alive.
#include <algorithm>
#include <catch2/catch.hpp>

#include "ir/print.h"
#include "ops/concat.h"
#include "ops/dense.h"
#include "ops/move.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "passes/compare.h"
#include "passes/pipeline.h"
#include "plan/plan.h"
#include "support/diag.h"
#include "support/graph_builder.h"

namespace motec::test {
namespace {

// A network in the form that import leaves: maps are NCHW, with Transposes around convolutions.
class RandomNetwork {
 public:
  explicit RandomNetwork(uint32_t seed) : b_(seed) {
    values_ = {b_.input("x", {1, dim(), 2 + dim(), 2 + dim()})};
    const int64_t count = b_.random_in(3, 12);
    for (int64_t i = 0; i < count; ++i) values_.push_back(next());
    b_.output("y", values_.back());
    // Some maps are outputs besides.
    if (b_.random_in(0, 4) == 0) b_.output("z", pick());
    if (b_.random_in(0, 4) == 0) head();
  }

  Graph& graph() { return b_.graph(); }

 private:
  int64_t dim() { return b_.random_in(1, 6); }
  // Rather the newest: networks are deep.
  ValueId pick() {
    return b_.random_in(0, 3) ? values_.back()
                              : values_[static_cast<size_t>(b_.random_in(0, std::ssize(values_)))];
  }

  Conv2dAttrs conv_attrs(const Shape& x, int64_t kernel) {
    Conv2dAttrs attrs;
    if (b_.random_in(0, 2)) attrs.pad = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
    if (b_.random_in(0, 3) == 0) attrs.stride = {2, 1};
    if (x[1] % 2 == 0 && b_.random_in(0, 3) == 0) attrs.groups = 2;
    return attrs;
  }

  // A constant that is broadcast to a map: of one element, per channel, per column, or full.
  ValueId some_constant(const Shape& x) {
    switch (b_.random_in(0, 5)) {
      case 0:
        return b_.scalar(static_cast<float>(b_.random_in(0, 3)));
      case 1:
        return b_.random({1, x[1], 1, 1});
      case 2:
        return b_.random({x[1], 1, 1});
      case 3:
        return b_.random({x[3]});
      default:
        return b_.random(x);
    }
  }

  ValueId next() {
    const ValueId x = pick();
    const Shape shape = b_.shape(x);
    switch (b_.random_in(0, 13)) {
      case 0:
      case 1: {
        const int64_t kernel = std::min({b_.random_in(1, 4), shape[2], shape[3]});
        const Conv2dAttrs attrs = conv_attrs(shape, kernel);
        return b_.conv_nchw(x, attrs.groups * dim(), kernel, attrs);
      }
      case 2: {
        const int64_t kernel = std::min({int64_t{3}, shape[2], shape[3]});
        Conv2dAttrs attrs = conv_attrs(shape, kernel);
        return b_.to_nchw(b_.depthwise(b_.to_nhwc(x), kernel, attrs));
      }
      case 3: {  // BatchNormalization
        const ValueId scaled = b_.binary(BinaryFn::Mul, x, b_.random({1, shape[1], 1, 1}));
        return b_.binary(BinaryFn::Add, scaled, b_.random({1, shape[1], 1, 1}));
      }
      case 4: {
        constexpr BinaryFn kFns[] = {BinaryFn::Add, BinaryFn::Mul, BinaryFn::Sub, BinaryFn::Max};
        const BinaryFn fn = kFns[b_.random_in(0, 4)];
        const ValueId c = some_constant(shape);
        return b_.random_in(0, 2) ? b_.binary(fn, x, c) : b_.binary(fn, c, x);
      }
      case 5: {
        constexpr UnaryFn kFns[] = {UnaryFn::Relu, UnaryFn::Tanh, UnaryFn::Sigmoid, UnaryFn::Abs,
                                    UnaryFn::HardSwish};
        return b_.unary(kFns[b_.random_in(0, 5)], x);
      }
      case 6:
        return b_.binary(BinaryFn::Mul, x, b_.unary(UnaryFn::Sigmoid, x));
      case 7: {  // residual, with a map of the same shape if there is one
        for (const ValueId other : values_)
          if (other != x && b_.shape(other) == shape) return b_.binary(BinaryFn::Add, x, other);
        return b_.binary(BinaryFn::Add, x, x);
      }
      case 8: {
        if (shape[2] < 2 || shape[3] < 2) return b_.unary(UnaryFn::Neg, x);
        const PoolKind kind = b_.random_in(0, 2) ? PoolKind::Max : PoolKind::Average;
        return b_.to_nchw(b_.pool(b_.to_nhwc(x), kind, 2, b_.random_in(1, 3)));
      }
      case 9: {  // [N,C,1,H*W], as 1-D maps have it
        return b_.reshape(b_.reshape(x, {1, shape[1], shape[2] * shape[3]}),
                          {1, shape[1], 1, shape[2] * shape[3]});
      }
      case 10:
        return b_.transpose(x, {0, 1, 3, 2});
      case 11:
        return b_.op(ops::concat, ConcatAttrs{1}, {x, b_.unary(UnaryFn::Relu, x)});
      default: {  // squeeze and excitation
        const ValueId mean = b_.op(ops::reduce, ReduceAttrs{ReduceKind::Mean, {2, 3}, true}, {x});
        return b_.binary(BinaryFn::Mul, x,
                         b_.unary(UnaryFn::Sigmoid, b_.conv_nchw(mean, shape[1], 1)));
      }
    }
  }

  void head() {
    const ValueId x = pick();
    b_.output("head", b_.dense(b_.reshape(x, {1, element_count(b_.shape(x))}), dim()));
  }

  GraphBuilder b_;
  std::vector<ValueId> values_;
};

// Whether the plan may put `below` as far under `above` as it does.
bool may_overlap(const Program& program, size_t below, size_t above) {
  const int64_t distance = program.buffers[above].offset - program.buffers[below].offset;
  return distance >= 0 && std::any_of(program.overlaps.begin(), program.overlaps.end(),
                                      [&](const ArenaOverlap& overlap) {
                                        return overlap.below == below && overlap.above == above &&
                                               distance >= overlap.distance;
                                      });
}

void check_plan(const Program& program) {
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const Buffer& a = program.buffers[i];
    REQUIRE(a.offset % kArenaAlignment == 0);
    REQUIRE(a.offset + a.bytes <= program.arena_bytes);
    for (size_t k = 0; k < i; ++k) {
      const Buffer& c = program.buffers[k];
      const bool meet = a.first <= c.last && c.first <= a.last && a.bytes > 0 && c.bytes > 0;
      if (!meet || a.offset >= c.offset + c.bytes || c.offset >= a.offset + a.bytes) continue;
      REQUIRE((may_overlap(program, i, k) || may_overlap(program, k, i)));
    }
  }
  REQUIRE(program.arena_bytes >= program.arena_lower_bound);
}

TEST_CASE("random networks keep their results") {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    RandomNetwork network(seed);
    Graph graph = network.graph();
    INFO("seed " << seed << "\n" << print(graph));
    PassOptions options;
    options.verify_each = true;
    REQUIRE_NOTHROW(run_passes(graph, options));
    REQUIRE_NOTHROW(expect_same_results(network.graph(), graph, "all"));
    check_plan(plan(graph, find_target(seed % 2 ? "generic" : "cortex-m55"), {.name = "random"}));
  }
}

}  // namespace
}  // namespace motec::test
