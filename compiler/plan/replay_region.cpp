#include <algorithm>
#include <string>

#include "plan/replay_memory.h"

namespace motec {
namespace {

class RegionReplay {
 public:
  RegionReplay(Replay& replay, const Region& region)
      : r_(replay),
        region_(region),
        p_(region.pipeline),
        made_(region.tensors.size(), 0),
        kept_(region.tensors.size(), 0) {}

  void run() {
    const size_t driver = at(p_.driver);
    internal_check(where(driver) == driver, "{} is overwritten where the caller has it",
                   name(driver));
    while (made_[driver] < p_.tensors[driver].rows) {
      const int64_t first = made_[driver];
      made_[driver] = std::min(first + p_.burst, p_.tensors[driver].rows);
      if (region_.fed && !region_.takes_rows_in_place())
        for (int64_t row = first; row < made_[driver]; ++row)
          r_.memory.write(row_of(driver, row), name(driver), "the caller");
      for (const int n : region_.run.driver_pushes) make(at(n));
      if (p_.tensors[driver].staged) keep(driver);
    }
    for (size_t n = 0; n < p_.nodes.size(); ++n)
      internal_check(made_[at(p_.nodes[n].out)] == p_.nodes[n].rows, "{} makes {} of {} rows",
                     step(n).name, made_[at(p_.nodes[n].out)], p_.nodes[n].rows);
  }

 private:
  static size_t at(int i) { return static_cast<size_t>(i); }
  const Step& step(size_t n) const { return r_.program.steps[region_.first + n]; }
  const std::string& name(size_t i) const { return region_.tensors[i].name; }

  // The caller has the newest row where it likes.
  bool at_caller(size_t i, int64_t row) const {
    return region_.takes_rows_in_place() && at(p_.driver) == i && row >= kept_[i];
  }

  size_t where(size_t i) const {
    while (p_.tensors[i].alias >= 0) i = at(p_.tensors[i].alias);
    return i;
  }

  Stretch in_ring(size_t i, int64_t row) const {
    const RowTensor& t = region_.tensors[i];
    internal_check(t.ring > 0, "{} has no place for rows", name(i));
    return {t.place, row % t.ring * p_.tensors[i].row_bytes, p_.tensors[i].row_bytes, 0};
  }

  // Row `row` of tensor i.
  Stretch row_of(size_t i, int64_t row) const {
    const size_t w = where(i);
    const RowTensor& t = region_.tensors[w];
    Stretch s;
    if (p_.tensors[w].staged && (t.ring == 0 || row >= kept_[w])) {
      const int64_t newest = row - kept_[w];
      internal_check(newest >= 0 && newest < region_.run.tensors[w].staged,
                     "row {} of {} is not among the newest", row, name(i));
      s = {t.stage, newest * p_.tensors[w].row_bytes, p_.tensors[w].row_bytes, 0};
    } else {
      s = in_ring(w, row);
    }
    s.bytes = p_.tensors[i].row_bytes;
    s.tag = r_.tags.value(region_.tensors[i].root) + static_cast<uint32_t>(row * s.bytes);
    return s;
  }

  bool ready(const Pipeline::Node& node, int64_t row) const {
    return row < node.rows &&
           std::all_of(node.uses.begin(), node.uses.end(), [&](const Pipeline::Use& use) {
             const size_t i = at(use.tensor);
             if (p_.tensors[i].outside && use.tensor != p_.driver) return true;
             return made_[i] >= std::min(use.window.end(row), p_.tensors[i].rows);
           });
  }

  void make(size_t n) {
    const Pipeline::Node& node = p_.nodes[n];
    const size_t out = at(node.out);
    for (;;) {
      int64_t count = 0;
      while (count < node.group && ready(node, made_[out] + count)) ++count;
      if (count == 0) return;
      if (step(n).rows->batch == RowCall::Batch::Loop) {
        for (int64_t i = 0; i < count; ++i) call(n, made_[out] + i, 1);
      } else {
        call(n, made_[out], count);
      }
      made_[out] += count;
      for (const int t : region_.run.nodes[n].keeps) keep(at(t));
      for (const int c : region_.run.nodes[n].pushes) make(at(c));
      if (p_.tensors[out].staged) keep(out);
    }
  }

  void keep(size_t i) {
    const int64_t ring = region_.tensors[i].ring, first = kept_[i];
    for (int64_t row = first; row < made_[i]; ++row) {
      if (made_[i] - row > ring) continue;
      const Stretch from = row_of(i, row);
      Stretch to = in_ring(i, row);
      to.tag = from.tag;
      if (!at_caller(i, row)) r_.memory.read(from, name(i), "the copy of a row");
      r_.memory.write(to, name(i), "the copy of a row");
    }
    kept_[i] = made_[i];
  }

  struct Read {
    Stretch at;
    size_t tensor;
    bool in_place;
  };

  // What `count` rows of a result from `row` on are made of.
  std::vector<Read> reads_of(size_t n, int64_t row, int64_t count) const {
    const Pipeline::Node& node = p_.nodes[n];
    const Step& s = step(n);
    const RowWindow& window = s.rows->window;
    const Site site{r_.program.graph, s.op};
    const Kernel& kernel = *s.selection.kernel;
    const uint32_t allowed = kernel.in_place && !node.sums ? kernel.in_place(site) : 0;
    std::vector<Read> reads;
    size_t use = 0;
    for (size_t i = 0; i < s.op.in.size(); ++i) {
      if (!s.op.in[i] || r_.program.graph.constant(s.op.in[i])) continue;
      const size_t t = at(node.uses[use++].tensor);
      const bool in_place = (allowed >> i & 1) != 0, gathers = i == 0 && s.rows->gathers;
      for (int64_t c = 0; c < count; ++c) {
        if (!gathers) {
          if (!at_caller(t, window.begin(row)))
            reads.push_back({beside(t, window.begin(row), c), t, in_place});
          continue;
        }
        for (int64_t k = 0, x = window.begin(row + c); k < window.count; ++k, x += window.dilation)
          if (x >= 0 && x < p_.tensors[t].rows && !at_caller(t, x))
            reads.push_back({row_of(t, x), t, in_place});
      }
    }
    return reads;
  }

  // Row first + i where a call for several rows has it: behind row `first`.
  Stretch beside(size_t t, int64_t first, int64_t i) const {
    Stretch s = row_of(t, first);
    s.offset += i * s.bytes;
    s.tag += static_cast<uint32_t>(i * s.bytes);
    return s;
  }

  // All, or those that are not where one of the results is.
  void read(const std::vector<Read>& reads, const std::vector<Stretch>& results, const Step& s) {
    for (const Read& x : reads)
      if (!x.in_place || std::none_of(results.begin(), results.end(), [&](const Stretch& result) {
            return r_.memory.same(x.at, result);
          }))
        r_.memory.read(x.at, name(x.tensor), s.name);
  }

  // As whole steps: scratch and the results may be written before anything is read.
  void call(size_t n, int64_t row, int64_t count) {
    const Pipeline::Node& node = p_.nodes[n];
    const Step& s = step(n);
    const size_t out = at(node.out);
    const std::vector<Read> reads = reads_of(n, row, count);
    const Stretch scratch = scratch_of(r_, region_.first + n);
    if (scratch.bytes > 0 && node.sums && row > 0) r_.memory.read(scratch, "its sums", s.name);
    if (scratch.bytes > 0) r_.memory.write(scratch, "its scratch", s.name);
    read(reads, {}, s);
    if (node.sums && row + count < node.rows) return;
    std::vector<Stretch> results;
    for (int64_t i = 0; i < count; ++i) results.push_back(beside(out, node.sums ? 0 : row, i));
    for (const Stretch& result : results) r_.memory.write(result, name(out), s.name);
    for (const Stretch& result : results) r_.memory.read(result, name(out), s.name);
    read(reads, results, s);
    if (scratch.bytes > 0) r_.memory.read(scratch, "its scratch", s.name);
  }

  Replay& r_;
  const Region& region_;
  const Pipeline& p_;
  std::vector<int64_t> made_, kept_;  // rows, by tensor
};

}  // namespace

void replay_region(Replay& replay, const Region& region) { RegionReplay(replay, region).run(); }

}  // namespace motec
