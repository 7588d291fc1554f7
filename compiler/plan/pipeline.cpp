#include "plan/pipeline.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace motec {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

class Runner {
 public:
  explicit Runner(const Pipeline& pipeline)
      : p_(pipeline),
        consumers_(p_.tensors.size()),
        made_(p_.tensors.size(), 0),
        kept_(p_.tensors.size(), 0),
        done_(p_.nodes.size(), 0) {
    run_.tensors.resize(p_.tensors.size());
    run_.nodes.resize(p_.nodes.size());
    run_.distance.assign(p_.tensors.size(), std::vector<int64_t>(p_.tensors.size(), 0));
    for (size_t n = 0; n < p_.nodes.size(); ++n)
      for (const Pipeline::Use& use : p_.nodes[n].uses) {
        std::vector<int>& users = consumers_[at(use.tensor)];
        if (users.empty() || users.back() != static_cast<int>(n))
          users.push_back(static_cast<int>(n));
      }
    for (size_t t = 0; t < p_.tensors.size(); ++t) {
      if (!p_.tensors[t].outside) continue;
      run_.tensors[t].rows = p_.tensors[t].rows;
      if (static_cast<int>(t) != p_.driver) made_[t] = p_.tensors[t].rows;
      if (!p_.tensors[t].staged) open(run_.tensors[t].live, 0);
    }
  }

  PipelineRun run() {
    const Pipeline::Tensor& driver = p_.tensors[at(p_.driver)];
    for (int64_t r = 0; r < driver.rows; r += p_.burst) {
      const int64_t n = std::min(p_.burst, driver.rows - r);
      if (driver.staged || !driver.outside) {
        produce(p_.driver, n, ++run_.events);
      } else {
        made_[at(p_.driver)] += n;
      }
      push(p_.driver);
    }
    ++run_.events;
    for (size_t t = 0; t < p_.tensors.size(); ++t) close_all(t);
    run_.complete = sound_;
    for (size_t n = 0; n < p_.nodes.size(); ++n)
      run_.complete = run_.complete && done_[n] == p_.nodes[n].rows;
    find_pushes();
    return std::move(run_);
  }

 private:
  using Spans = std::vector<PipelineRun::Span>;
  static size_t at(int i) { return static_cast<size_t>(i); }

  // An open span ends at -1.
  static void open(Spans& spans, int32_t event) {
    if (spans.empty() || spans.back().last >= 0) spans.push_back({event, -1});
  }
  static void close(Spans& spans, int32_t event) {
    if (!spans.empty() && spans.back().last < 0) spans.back().last = event;
  }

  void close_all(size_t t) {
    close(run_.tensors[t].live, run_.events);
    close(run_.tensors[t].stage, run_.events);
  }

  // The first row of a tensor that is still to be read; kNever if none is.
  int64_t lowest_needed(size_t t) const {
    int64_t lowest = p_.tensors[t].whole ? 0 : kNever;
    for (const int c : consumers_[t]) {
      const Pipeline::Node& node = p_.nodes[at(c)];
      if (done_[at(c)] == node.rows) continue;
      for (const Pipeline::Use& use : node.uses)
        if (at(use.tensor) == t)
          lowest = std::min(
              lowest, std::clamp<int64_t>(use.window.begin(done_[at(c)]), 0, p_.tensors[t].rows));
    }
    return lowest;
  }
  int64_t standing(size_t t, int64_t made) const {
    const int64_t lowest = lowest_needed(t);
    return lowest == kNever ? 0 : std::max<int64_t>(made - lowest, 0);
  }

  bool ready(const Pipeline::Node& node, int64_t row) const {
    return std::all_of(node.uses.begin(), node.uses.end(), [&](const Pipeline::Use& use) {
      return made_[at(use.tensor)] >=
             std::min(use.window.end(row), p_.tensors[at(use.tensor)].rows);
    });
  }

  // The rows that a node can make at once.
  int64_t rows_ready(const Pipeline::Node& node, int64_t row) const {
    int64_t n = 0;
    while (n < node.group && row + n < node.rows && ready(node, row + n)) ++n;
    return n;
  }

  // `n` rows of `tensor` come into memory.
  void produce(int tensor, int64_t n, int32_t event) {
    const size_t t = at(tensor);
    made_[t] += n;
    const size_t place = place_of(t);
    const int64_t made = made_[place] + (place == t ? 0 : n);
    if (made_[t] != made) sound_ = false;
    if (p_.tensors[place].staged) {
      open(run_.tensors[place].stage, event);
      run_.tensors[place].staged = std::max(run_.tensors[place].staged, made - kept_[place]);
    } else {
      reserve(place, made, event);
    }
  }

  // Rows up to `made` stand in memory.
  void reserve(size_t t, int64_t made, int32_t event) {
    const int64_t rows = std::max<int64_t>(standing(t, made), 1);
    run_.tensors[t].rows = std::max(run_.tensors[t].rows, rows);
    open(run_.tensors[t].live, event);
  }

  // The newest rows go to the others.
  void keep(size_t t) {
    if (!p_.tensors[t].staged || kept_[t] == made_[t]) return;
    const int32_t event = ++run_.events;
    const int64_t rows = standing(t, made_[t]);
    run_.copied_bytes += std::min(rows, made_[t] - kept_[t]) * p_.tensors[t].row_bytes;
    kept_[t] = made_[t];
    close(run_.tensors[t].stage, event);
    run_.tensors[t].rows = std::max(run_.tensors[t].rows, rows);
    // Rows that nobody needs any more are copied all the same: emitted code does not ask.
    open(run_.tensors[t].live, event);
    if (rows == 0) close(run_.tensors[t].live, event);
  }

  void push(int tensor) {
    for (const int c : consumers_[at(tensor)]) {
      const int64_t before = done_[at(c)];
      advance(c);
      if (done_[at(c)] != before) fruitful_.insert({tensor, c});
    }
    keep(at(tensor));
  }

  void advance(int n) {
    const Pipeline::Node& node = p_.nodes[at(n)];
    while (const int64_t rows = rows_ready(node, done_[at(n)])) {
      make_rows(n, node, rows);
      if (!node.sums || done_[at(n)] == node.rows) push(node.out);
    }
  }

  void make_rows(int n, const Pipeline::Node& node, int64_t count) {
    const int32_t event = ++run_.events;
    const int64_t row = done_[at(n)];
    PipelineRun::Node& result = run_.nodes[at(n)];
    if (node.sums) {
      open(result.live, event);
      if (row + count == node.rows) close(result.live, event);
    } else {
      result.live.push_back({event, event});
    }
    const bool makes = !node.sums || row + count == node.rows;
    const int64_t made = node.sums ? 1 : count;
    if (makes) note_overlaps(node.out, made);
    done_[at(n)] += count;
    if (makes) produce(node.out, made, event);
    for (const Pipeline::Use& use : node.uses) {
      const size_t t = at(use.tensor);
      const bool stands_whole = p_.tensors[t].outside || p_.tensors[t].whole;
      if (!stands_whole && (!p_.tensors[t].staged || row < kept_[t])) result.contiguous = false;
      if (p_.tensors[t].staged && kept_[t] < made_[t]) {
        if (std::find(result.keeps.begin(), result.keeps.end(), use.tensor) == result.keeps.end())
          result.keeps.push_back(use.tensor);
        keep(t);
      }
      // Rows from outside stand there before they are driven, others once they have been made.
      const bool all_there = p_.tensors[t].outside && !p_.tensors[t].staged;
      if (lowest_needed(t) >= (all_there ? kNever : made_[t])) close(run_.tensors[t].live, event);
    }
  }

  // The tensor in whose rows this one's rows are made.
  size_t place_of(size_t t) const {
    while (p_.tensors[t].alias >= 0) t = at(p_.tensors[t].alias);
    return t;
  }

  // Before `count` rows of `out` are written, be it to be overwritten in their place: what of the
  // tensors from outside is still read, by these rows or by others?
  void note_overlaps(int out, int64_t count) {
    const size_t b = place_of(at(out));
    if (!p_.tensors[b].whole) return;
    const int64_t end = (made_[at(out)] + count) * p_.tensors[b].row_bytes;
    for (size_t a = 0; a < p_.tensors.size(); ++a) {
      if (!p_.tensors[a].outside) continue;
      const int64_t lowest = lowest_needed(a);
      if (lowest == kNever) continue;
      run_.distance[a][b] = std::max(run_.distance[a][b], end - lowest * p_.tensors[a].row_bytes);
    }
  }

  // Calls that never make a row are left out of the emitted code.
  void find_pushes() {
    for (size_t n = 0; n < p_.nodes.size(); ++n) run_.nodes[n].pushes = fruitful(p_.nodes[n].out);
    run_.driver_pushes = fruitful(p_.driver);
  }
  std::vector<int> fruitful(int tensor) const {
    std::vector<int> nodes;
    for (const int c : consumers_[at(tensor)])
      if (fruitful_.contains({tensor, c})) nodes.push_back(c);
    return nodes;
  }

  const Pipeline& p_;
  PipelineRun run_;
  std::vector<std::vector<int>> consumers_;  // by tensor
  std::vector<int64_t> made_, kept_;         // rows, by tensor
  std::vector<int64_t> done_;                // calls, by node
  std::set<std::pair<int, int>> fruitful_;   // tensors and nodes that their rows set going
  bool sound_ = true;                        // no row of an alias came before its place was free
};

}  // namespace

PipelineRun run_pipeline(const Pipeline& pipeline) { return Runner(pipeline).run(); }

bool intersect(const std::vector<PipelineRun::Span>& a, const std::vector<PipelineRun::Span>& b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (a[i].last < b[j].first) {
      ++i;
    } else if (b[j].last < a[i].first) {
      ++j;
    } else {
      return true;
    }
  }
  return false;
}

}  // namespace motec
