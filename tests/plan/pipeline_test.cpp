// run_pipeline: rows that stand in memory, against numbers found by hand.
#include "plan/pipeline.h"

#include <catch2/catch.hpp>

namespace motec {
namespace {

// A pipeline whose tensor 0 is driven from outside and whose nodes make one tensor each.
class Line {
 public:
  explicit Line(int64_t rows, int64_t row_bytes = 10) {
    p.tensors = {{.rows = rows, .row_bytes = row_bytes, .outside = true}};
  }

  // Windows of all operands are the same.
  int node(std::vector<int> operands, const RowWindow& window, int64_t rows,
           int64_t row_bytes = 10) {
    Pipeline::Node n;
    for (const int t : operands) n.uses.push_back({t, window});
    n.out = static_cast<int>(p.tensors.size());
    n.rows = rows;
    p.nodes.push_back(n);
    p.tensors.push_back({.rows = rows, .row_bytes = row_bytes});
    return n.out;
  }
  int conv(int x, int64_t kernel = 3) {  // as many rows as its operand has
    return node({x}, {.count = kernel, .pad = kernel / 2}, rows(x));
  }
  int each(int x) { return node({x}, {}, rows(x)); }
  int add(int x, int y) { return node({x, y}, {}, rows(x)); }

  int64_t rows(int t) const { return p.tensors[static_cast<size_t>(t)].rows; }
  Pipeline::Tensor& operator[](int t) { return p.tensors[static_cast<size_t>(t)]; }
  PipelineRun run(int whole) {
    p.tensors[static_cast<size_t>(whole)].whole = true;
    PipelineRun run = run_pipeline(p);
    REQUIRE(run.complete);
    return run;
  }

  Pipeline p;
};

int64_t ring(const PipelineRun& run, int t) { return run.tensors[static_cast<size_t>(t)].rows; }

TEST_CASE("a convolution keeps as many rows as its window has") {
  Line line(8);
  const int a = line.each(0);
  SECTION("without stride") {
    const int b = line.conv(a);
    CHECK(ring(line.run(b), a) == 3);
  }
  SECTION("with stride 2, whose windows share a row") {
    const int b = line.node({a}, {.count = 3, .stride = 2, .pad = 1}, 4);
    CHECK(ring(line.run(b), a) == 3);
  }
  SECTION("with a stride above its rows, of which some are never read") {
    const int b = line.node({a}, {.count = 1, .stride = 3}, 3);
    CHECK(ring(line.run(b), a) == 1);
  }
  SECTION("with dilation, which keeps rows between") {
    const int b = line.node({a}, {.count = 3, .dilation = 2, .pad = 2}, 8);
    CHECK(ring(line.run(b), a) == 5);
  }
  SECTION("of a single row") {
    const int b = line.each(a);
    CHECK(ring(line.run(b), a) == 1);
  }
  SECTION("that is taller than the image") {
    const int b = line.node({a}, {.count = 17, .pad = 8}, 8);
    CHECK(ring(line.run(b), a) == 8);
  }
  SECTION("padded below alone") {
    // Row r reads r .. r + 2; the last two windows hang over the end.
    const int b = line.node({a}, {.count = 3}, 8);
    CHECK(ring(line.run(b), a) == 3);
  }
  SECTION("padded above alone") {
    const int b = line.node({a}, {.count = 3, .pad = 2}, 8);
    CHECK(ring(line.run(b), a) == 3);
  }
  SECTION("whose rows are each read twice") {
    const int b = line.node({a}, {.repeat = 2}, 16);
    const int c = line.conv(b);
    const PipelineRun run = line.run(c);
    CHECK(ring(run, a) == 1);
    CHECK(ring(run, b) == 3);
  }
  SECTION("of which every other row is read twice") {
    // Rows 0 0 1 2 2 3 ...
    const int b = line.node({a}, {.stride = 2, .repeat = 3}, 12);
    CHECK(ring(line.run(b), a) == 1);
  }
  SECTION("whose last rows are cut off") {
    const int b = line.node({a}, {.pad = -2}, 4);
    const PipelineRun run = line.run(b);
    CHECK(ring(run, a) == 1);
    CHECK(run.nodes[1].live[0].first > run.nodes[0].live[2].first);
    CHECK(run.nodes[1].live[0].first < run.nodes[0].live[3].first);
  }
  SECTION("with rows above and below it, which need no place") {
    // The first three rows are made when a has one; the last two follow its last.
    const int b = line.node({a}, {.pad = 2}, 12);
    const int c = line.conv(b);
    const PipelineRun run = line.run(c);
    CHECK(ring(run, a) == 1);
    CHECK(ring(run, b) == 3);
  }
}

TEST_CASE("a residual branch keeps the rows by which the other one lags") {
  Line line(12);
  const int x = line.each(0);
  SECTION("one layer: the window's rows hold the branch's") {
    const int y = line.add(x, line.conv(x));
    CHECK(ring(line.run(y), x) == 3);
  }
  SECTION("two layers: row r is added when x has r + 2") {
    const int y = line.add(x, line.conv(line.conv(x)));
    CHECK(ring(line.run(y), x) == 3);
  }
  SECTION("three layers: row r is added when x has r + 3") {
    const int y = line.add(x, line.conv(line.conv(line.conv(x))));
    CHECK(ring(line.run(y), x) == 4);
  }
  SECTION("both branches: the shallower waits") {
    const int shallow = line.conv(x), deep = line.conv(line.conv(line.conv(x)));
    const int y = line.add(shallow, deep);
    const PipelineRun run = line.run(y);
    // Shallow makes row r + 2 of x's r + 3, which is when deep makes row r. At the end it makes two
    // rows before deep makes the first of its last four.
    CHECK(ring(run, shallow) == 4);
    CHECK(ring(run, deep) == 1);
    CHECK(ring(run, x) == 3);
  }
}

TEST_CASE("each row of a chain is made once, as soon as it can be") {
  Line line(6);
  const int a = line.conv(0), b = line.conv(a);
  const PipelineRun run = line.run(b);
  CHECK(run.nodes[0].live.size() == 6);
  CHECK(run.nodes[1].live.size() == 6);
  // Row 0 of b follows rows 0 and 1 of a; the last two rows follow one another.
  CHECK(run.nodes[1].live[0].first == run.nodes[0].live[1].first + 1);
  CHECK(run.nodes[1].live[5].first == run.nodes[1].live[4].first + 1);
  CHECK(run.driver_pushes == std::vector<int>{0});
  CHECK(run.nodes[0].pushes == std::vector<int>{1});
  CHECK(run.nodes[1].pushes.empty());
  CHECK(run.copied_bytes == 0);
}

TEST_CASE("a sum is live from its first row to its last, and its result after that") {
  Line line(5);
  const int a = line.each(0);
  const int sum = line.node({a}, {}, 5);
  line[sum].rows = 1;
  line.p.nodes.back().sums = true;
  const PipelineRun run = line.run(sum);
  CHECK(ring(run, a) == 1);
  REQUIRE(run.nodes[1].live.size() == 1);
  CHECK(run.nodes[1].live[0].first == run.nodes[0].live[0].first + 1);
  CHECK(run.nodes[1].live[0].last == run.tensors[static_cast<size_t>(sum)].live[0].first);
}

TEST_CASE("a staged row leaves one row less to keep") {
  Line line(8);
  const int a = line.each(0), b = line.conv(a);
  line[a].staged = true;
  const PipelineRun run = line.run(b);
  CHECK(ring(run, a) == 2);
  CHECK(run.copied_bytes == 8 * 10);
  CHECK(run.nodes[1].keeps == std::vector<int>{a});
  CHECK(run.tensors[static_cast<size_t>(a)].stage.size() == 8);  // one row at a time
}

TEST_CASE("what is copied needs its place even if nobody reads it") {
  Line line(6);
  const int a = line.each(0), b = line.node({a}, {.count = 2, .stride = 3}, 2);
  line[a].staged = true;
  const PipelineRun run = line.run(b);
  CHECK(ring(run, a) == 1);
  // Row 2 is never read. It is made after the only copy that counts, of row 0, has been used up.
  const int32_t copied = run.nodes[0].live[2].first + 1;
  CHECK(intersect(run.tensors[static_cast<size_t>(a)].live, {{copied, copied}}));
}

TEST_CASE("rows may be made where the row that overwrites them will be") {
  Line line(8);
  const int a = line.each(0);
  SECTION("if they are made one by one") {
    const int b = line.each(a);
    line[a].alias = b;
    const int c = line.conv(b);
    const PipelineRun run = line.run(c);
    CHECK(ring(run, b) == 3);
    CHECK(ring(run, a) == 0);  // it has no rows of its own
  }
  SECTION("but not if the next is made before the first is overwritten") {
    const int y = line.add(a, line.conv(a));
    line[a].alias = y;
    line[y].whole = true;
    CHECK_FALSE(run_pipeline(line.p).complete);
  }
}

TEST_CASE("a result stays as far behind its operand as what is still read") {
  Line line(8, 10);
  SECTION("of equal rows: the window's first row is read with the row that is written") {
    const int y = line.node({0}, {.count = 3, .pad = 1}, 8, 10);
    CHECK(line.run(y).distance[0][static_cast<size_t>(y)] == 20);
  }
  SECTION("rows that grow: what is written overtakes at the end") {
    const int y = line.node({0}, {}, 8, 16);
    // Row 7 ends at 128 and row 7 of the operand, which is read then, begins at 70.
    CHECK(line.run(y).distance[0][static_cast<size_t>(y)] == 58);
  }
  SECTION("rows that shrink: the first is the widest") {
    const int y = line.node({0}, {}, 8, 6);
    CHECK(line.run(y).distance[0][static_cast<size_t>(y)] == 6);
  }
  SECTION("with a stride") {
    const int y = line.node({0}, {.count = 2, .stride = 2}, 4, 10);
    CHECK(line.run(y).distance[0][static_cast<size_t>(y)] == 10);
  }
  SECTION("whose rows another layer makes in their place first") {
    const int a = line.conv(0), y = line.add(a, 0);
    line[a].alias = y;
    // Row r of the convolution is written where row r of the sum will be, and reads from r - 1 on.
    CHECK(line.run(y).distance[0][static_cast<size_t>(y)] == 20);
  }
  SECTION("through a ring, which lags") {
    const int y = line.node({line.conv(0)}, {.count = 3, .pad = 1}, 8, 10);
    // Row r is written when row r + 1 of the ring has been made, which was the last to read row r;
    // row 7 follows the end. Row 0 is written before row 1 is read again: 10 - 10.
    CHECK(line.run(y).distance[0][static_cast<size_t>(y)] == 0);
  }
}

TEST_CASE("moments in common") {
  CHECK(intersect({{0, 2}}, {{2, 3}}));
  CHECK_FALSE(intersect({{0, 1}, {4, 5}}, {{2, 3}, {6, 9}}));
  CHECK(intersect({{0, 1}, {4, 7}}, {{2, 3}, {6, 9}}));
  CHECK_FALSE(intersect({}, {{0, 9}}));
}

}  // namespace
}  // namespace motec
