// check_plan: right plans pass, and plans of one byte or one row less do not.
#include "plan/replay.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>

#include "ir/print.h"
#include "kernels/kernel.h"
#include "support/diag.h"
#include "support/graph_builder.h"
#include "support/integer_layers.h"
#include "support/row_networks.h"

namespace motec {
namespace {

using namespace test;

bool is_right(const Program& program) {
  try {
    check_plan(program);
  } catch (const InternalError&) {
    return false;
  }
  return true;
}

Program small_plan(const Graph& graph, Goal goal = Goal::Balanced) {
  return plan(graph, find_target("cortex-m4"), {.name = "test", .goal = goal});
}
Program streamed(const Graph& graph, RegionOptions options = {}) {
  return plan_of(graph, find_target("cortex-m4"), "test",
                 {.name = {}, .forced = true, .options = options});
}

// Two layers whose windows have three rows.
Graph two_layers(int64_t rows = 12) {
  GraphBuilder b;
  const IntegerLayer layer{.outputs = 4, .kernel = 3, .attrs = {.pad = {1, 1, 1, 1}}};
  const ValueId x = b.input("x", {1, rows, 8, 4}, DType::S8);
  b.output("y", integer_conv(b, integer_conv(b, x, layer), layer));
  return b.graph();
}

// Buffers that overlap while both are alive.
std::vector<ArenaOverlap> used_overlaps(const Program& program) {
  std::vector<ArenaOverlap> used;
  for (const ArenaOverlap& o : program.overlaps) {
    const Buffer &below = program.buffers[o.below], &above = program.buffers[o.above];
    if (below.offset <= above.offset && above.offset < below.offset + below.bytes)
      used.push_back(o);
  }
  return used;
}

// The overlap with the least room to spare.
std::optional<ArenaOverlap> tightest(const Program& program) {
  std::optional<ArenaOverlap> best;
  int64_t least = 0;
  for (const ArenaOverlap& o : used_overlaps(program)) {
    const int64_t spare =
        program.buffers[o.above].offset - program.buffers[o.below].offset - o.distance;
    if (!best || spare < least) best = o, least = spare;
  }
  return best;
}

// Raises the lower buffer until it is `missing` bytes nearer than allowed.
Program nearer(Program program, const ArenaOverlap& o, int64_t missing) {
  program.buffers[o.below].offset = program.buffers[o.above].offset - o.distance + missing;
  program.arena_bytes += program.buffers[o.below].bytes;  // there must be room for what is wrong
  return program;
}

TEST_CASE("a ring of one row less is found out") {
  for (const bool staged : {false, true}) {
    Program program = streamed(two_layers(), {.staged = staged});
    REQUIRE(program.regions.size() == 1);
    REQUIRE(is_right(program));
    int rings = 0;
    for (RowTensor& tensor : program.regions[0].tensors) {
      if (tensor.stage.kind == Place::Kind::None && tensor.ring != 3) continue;
      --tensor.ring;
      CHECK_FALSE(is_right(program));
      ++tensor.ring;
      ++rings;
    }
    CHECK(rings == 1);
  }
}

TEST_CASE("an overlap of one byte too much is found out") {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 9, 7, 5}, DType::S8);
  SECTION("pixel by pixel") { b.output("y", integer_conv(b, x, {.outputs = 3, .kernel = 1})); }
  SECTION("by windows") {
    b.output("y", integer_depthwise(b, x, {.kernel = 3, .attrs = {.pad = {1, 1, 1, 1}}}));
  }
  SECTION("row by row") {
    b.output("y", integer_conv(b, x, {.outputs = 4, .kernel = 3, .attrs = {.pad = {1, 1, 1, 1}}}));
  }
  SECTION("of a pool") { b.output("y", integer_pool(b, x, {.kernel = {2, 2}, .stride = {2, 2}})); }
  const Program program = small_plan(b.graph());
  REQUIRE(program.regions.empty());
  const std::optional<ArenaOverlap> overlap = tightest(program);
  REQUIRE(overlap);
  CHECK(is_right(nearer(program, *overlap, 0)));
  CHECK_FALSE(is_right(nearer(program, *overlap, 1)));
}

TEST_CASE("rows that flow into their operand's memory one byte too early are found out") {
  const Program program = streamed(two_layers());
  int found = 0;
  for (const ArenaOverlap& o : program.overlaps) {
    // Of x and y, which stand whole.
    if (program.buffers[o.below].bytes != 384 || program.buffers[o.above].bytes != 384) continue;
    CHECK(is_right(nearer(program, o, 0)));
    CHECK_FALSE(is_right(nearer(program, o, 1)));
    ++found;
  }
  CHECK(found == 1);
}

TEST_CASE("a value that is overwritten while it is needed is found out") {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 6, 6, 4}, DType::S8);
  const ValueId y = integer_conv(b, x, {.outputs = 4, .kernel = 1});
  b.output("y", integer_add(b, x, y));
  Program program = small_plan(b.graph());
  REQUIRE(is_right(program));
  for (Buffer& buffer : program.buffers) {
    const int64_t offset = buffer.offset;
    for (const Buffer& other : program.buffers) {
      if (&other == &buffer || other.bytes < 100 || buffer.bytes < 100) continue;
      buffer.offset = other.offset;
      CHECK_FALSE(is_right(program));
      buffer.offset = offset;
    }
  }
  program.arena_bytes -= 16;
  CHECK_FALSE(is_right(program));
}

TEST_CASE("a buffer in another memory than was meant is found out") {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 6, 6, 4}, DType::S8);
  const ValueId y = integer_conv(b, x, {.outputs = 4, .kernel = 1});
  b.output("y", integer_add(b, x, y));
  Program program = plan(b.graph(), find_target("cortex-m4"),
                         {.name = "test", .memories = {{"fast", 144}, {"slow", 160}}});
  REQUIRE(program.memories.size() == 2);
  REQUIRE(is_right(program));
  int moved = 0;
  for (Buffer& buffer : program.buffers) {
    if (buffer.bytes < 144) continue;
    buffer.memory = 1 - buffer.memory;
    CHECK_FALSE(is_right(program));
    buffer.memory = 1 - buffer.memory;
    ++moved;
  }
  CHECK(moved == 2);
  for (Memory& memory : program.memories) {
    memory.bytes -= 16;
    CHECK_FALSE(is_right(program));
    memory.bytes += 16;
  }
}

// The depthwise layer is the first to use rows of `a`, which then stand in a ring, not side by side
// as the pointwise layer takes them.
TEST_CASE("groups of pixels are taken only from rows side by side") {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 12, 5, 8}, DType::S8);
  const IntegerLayer window{.kernel = 3, .attrs = {.pad = {1, 1, 1, 1}}};
  const ValueId a = integer_depthwise(b, x, window);
  const ValueId y = integer_depthwise(b, a, window);
  b.output("y", integer_add(b, y, integer_conv(b, a, {.outputs = 8})));
  const Program program = streamed(b.graph(), {.staged = true, .group = 2});
  CHECK(!program.regions.empty());
  for (const Region& region : program.regions)
    for (size_t n = 0; n < region.pipeline.nodes.size(); ++n)
      if (program.steps[region.first + n].rows->batch == RowCall::Batch::Pixels)
        CHECK(region.run.nodes[n].contiguous);
}

// How far the result must stay below, by trying.
bool can_overlap(const PixelOrder& o, int64_t distance) {
  std::vector<int64_t> taken(static_cast<size_t>(o.x[1] * o.x[2]), -1);  // by which pixel
  const int64_t pixels = o.y[1] * o.y[2];
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t e = p * o.y[3]; e < (p + 1) * o.y[3]; ++e)
      if (const int64_t at = e - distance; at >= 0 && at < o.x[1] * o.x[2] * o.x[3])
        if (int64_t& by = taken[static_cast<size_t>(at / o.x[3])]; by < 0) by = p;
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t r = 0; r < o.reach[0]; ++r)
      for (int64_t c = 0; c < o.reach[1]; ++c) {
        const int64_t row = p / o.y[2] * o.stride[0] - o.pad[0] + r;
        const int64_t column = p % o.y[2] * o.stride[1] - o.pad[1] + c;
        if (row < 0 || row >= o.x[1] || column < 0 || column >= o.x[2]) continue;
        const int64_t by = taken[static_cast<size_t>(row * o.x[2] + column)];
        if (by >= 0 && by / o.pixels + (o.gathers ? 1 : 0) <= p / o.pixels) return false;
      }
  return true;
}

// What could overwrite its operand must not where that is the caller's.
TEST_CASE("rows of the caller stay as they are") {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 8, 4, 2}, DType::S8);
  b.output("y", lookup(b, x, std::vector<int8_t>(256, 1)));
  Program program =
      plan(b.graph(), find_target("cortex-m4"), {.name = "test", .stream_input = "x"});
  Region& region = program.regions.at(0);
  Pipeline::Tensor& driver = region.pipeline.tensors[static_cast<size_t>(region.pipeline.driver)];
  CHECK(driver.alias == -1);
  CHECK(is_right(program));
  driver.alias = region.pipeline.nodes[0].out;
  CHECK_FALSE(is_right(program));
}

TEST_CASE("the distance of pixels in their order is the least that works") {
  GraphBuilder random(7);
  int exact = 0, all = 0;
  for (int i = 0; i < 2000; ++i) {
    PixelOrder o{.x = {1, random.random_in(1, 8), random.random_in(1, 8), random.random_in(1, 6)},
                 .y = {1, 0, 0, random.random_in(1, 6)},
                 .pixels = random.random_in(1, 5),
                 .gathers = random.random_in(0, 2) == 0};
    for (size_t d = 0; d < 2; ++d) {
      o.reach[d] = random.random_in(1, 5);
      o.stride[d] = random.random_in(1, 4);
      o.pad[d] = random.random_in(0, o.reach[d]);
      o.y[1 + d] = (o.x[1 + d] + o.pad[d] + o.reach[d] - 1 - o.reach[d]) / o.stride[d] + 1;
    }
    INFO("case " << i);
    const int64_t distance = overlap_distance(o);
    REQUIRE(can_overlap(o, distance));
    if (o.gathers) continue;  // what the last pixels overwrite counts, though nothing reads it
    ++all;
    exact += distance == 0 || !can_overlap(o, distance - 1);
  }
  // Windows that lie in padding alone count as if they read on.
  CHECK(exact * 40 >= all * 39);
}

// Plans for many more networks than can be compiled.
TEST_CASE("plans of random networks hold what they read") {
  constexpr uint32_t kFirst = 1, kNetworks = 1000;
  constexpr const char* kTargets[] = {"cortex-m4",     "generic", "cortex-m55",
                                      "cortex-m0plus", "rv32gcv", "aarch64-dotprod"};
  int regions = 0, rings = 0, wrong_rings = 0, overlaps = 0;
  const auto fits_less = [](Program program) {
    const auto with_less = [&](int64_t& bytes) {
      bytes -= kArenaAlignment;
      const bool fits = bytes >= 0 && is_right(program);
      bytes += kArenaAlignment;
      return fits;
    };
    if (program.memories.empty()) return with_less(program.arena_bytes);
    return std::any_of(program.memories.begin(), program.memories.end(),
                       [&](Memory& memory) { return with_less(memory.bytes); });
  };
  for (uint32_t seed = kFirst; seed < kFirst + kNetworks; ++seed) {
    const Graph graph = row_network(seed, seed % 4 == 0 ? Numbers::Float : Numbers::Int8);
    const Target& target = find_target(kTargets[seed % std::size(kTargets)]);
    for (const PlanKind& kind : plan_kinds(seed)) {
      if (kind.memories && seed % 10 != 0) continue;  // to search for divisions takes time
      INFO("seed " << seed << ", " << kind.name << ", " << target.name << "\n" << print(graph));
      Program program;
      REQUIRE_NOTHROW(program = plan_of(graph, target, "random", kind));
      REQUIRE(is_right(program));
      REQUIRE_FALSE(fits_less(program));
      overlaps += static_cast<int>(used_overlaps(program).size());
      for (size_t r = 0; r < program.regions.size(); ++r) {
        ++regions;
        for (size_t i = 0; i < program.regions[r].tensors.size(); ++i) {
          const Pipeline::Tensor& t = program.regions[r].pipeline.tensors[i];
          int64_t& ring = program.regions[r].tensors[i].ring;
          if (t.outside || t.whole || t.alias >= 0 || ring < 2) continue;
          ++rings;
          --ring;
          wrong_rings += is_right(program);
          ++ring;
        }
      }
    }
  }
  WARN("seeds " << kFirst << " to " << kFirst + kNetworks - 1 << ": " << regions << " regions, "
                << overlaps << " overlaps, " << rings << " rings, of which " << wrong_rings
                << " could have a row less");
  CHECK(regions > 3000);
  CHECK(overlaps > 3000);
  CHECK(wrong_rings * 20 <= rings);
}

}  // namespace
}  // namespace motec
