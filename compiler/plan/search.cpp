#include "plan/search.h"

#include <algorithm>
#include <limits>
#include <map>

#include "kernels/costs.h"
#include "plan/program.h"
#include "support/diag.h"

namespace motec {
namespace {

// Limits that are tried around the preferred one, as real arenas may need more than their stages.
constexpr size_t kAlternatives = 12;
// Smaller plans that would be too slow, to be reported.
constexpr size_t kSlower = 3;
// Pixels of rows that are made in groups.
constexpr int64_t kShortRow = 24;

struct Stage {
  size_t first = 0, last = 0;
  std::optional<Region> region = {};
  int64_t bytes = 0;
  double cost = 0;
};

class Search {
 public:
  Search(const Program& program, const Values& values, const GroupedRowCalls& rows,
         const SearchOptions& options)
      : program_(program), values_(values), rows_(rows), options_(options) {
    find_lifetimes();
    for (size_t t = 0; t < program.steps.size(); ++t) add_stages(t);
  }

  SearchResult run() {
    SearchResult result;
    for (const auto& [step, why] : stops_) result.row_stops.push_back({step, why});
    result.cuts = find_cuts();
    return result;
  }

 private:
  static constexpr double kImpossible = std::numeric_limits<double>::max();

  struct Lifetime {
    size_t root;
    int32_t first, last;
    int64_t bytes;
  };

  void find_lifetimes() {
    const Graph& graph = program_.graph;
    std::vector<bool> seen(graph.values.size(), false);
    const auto add = [&](ValueId id) {
      const size_t root = values_.root(id);
      if (seen[root] || graph.constant(id) || values_.in_state(root)) return;
      seen[root] = true;
      lifetimes_.push_back({root, values_.maker(root), values_.last_use(root),
                            aligned(graph.values[root].type.bytes())});
    };
    for (const Port& port : graph.inputs) add(port.value);
    for (const Step& step : program_.steps)
      for (const ValueId id : step.op.out) add(id);
  }

  std::vector<Cuts> find_cuts() {
    std::vector<int64_t> limits;
    for (const Stage& stage : stages_) limits.push_back(stage.bytes);
    std::sort(limits.begin(), limits.end());
    limits.erase(std::unique(limits.begin(), limits.end()), limits.end());
    if (limits.empty()) return {Cuts{}};
    fastest_ = cost_of(limits.back());
    internal_check(fastest_ < kImpossible, "no sequence of stages");
    const double budget = fastest_ * (1 + options_.slowdown) + 0.5;
    // Costs fall as the limit rises.
    const auto fits = [&](int64_t limit) { return cost_of(limit) <= budget; };
    auto chosen = std::partition_point(limits.begin(), limits.end(),
                                       [&](int64_t limit) { return !fits(limit); });
    std::vector<Cuts> cuts;
    for (auto l = chosen; l != limits.end() && cuts.size() < kAlternatives; ++l)
      add_cuts(cuts, *l, false);
    // Slower ones, fastest first.
    const size_t fast = cuts.size();
    auto l = chosen;
    if (options_.arena_limit)
      l = std::min(l, std::upper_bound(limits.begin(), limits.end(), *options_.arena_limit));
    while (l != limits.begin() && (options_.arena_limit || cuts.size() - fast < kSlower)) {
      if (cost_of(*--l) >= kImpossible) break;
      add_cuts(cuts, *l, true);
      // Limits down to what these need change nothing.
      if (!options_.arena_limit) l = std::lower_bound(limits.begin(), l, cuts.back().bytes);
    }
    return cuts;
  }

  // Bytes of one moment: the items, packed with their overlaps, and all that is alive across them.
  int64_t bytes_of(const StageMemory& memory, size_t first, size_t last) const {
    std::vector<ArenaBuffer> buffers;
    int64_t across = 0;
    for (const MemoryItem& item : memory.items) buffers.push_back({.bytes = item.bytes});
    for (const Lifetime& life : lifetimes_) {
      const bool alive =
          life.first < static_cast<int32_t>(first) && life.last > static_cast<int32_t>(last);
      const bool listed =
          std::any_of(memory.items.begin(), memory.items.end(), [&](const MemoryItem& item) {
            return item.kind == MemoryItem::Kind::Tensor && item.index == life.root;
          });
      if (alive && !listed && life.root != options_.fed_input) across += life.bytes;
    }
    const ArenaOptions quick{.alignment = kArenaAlignment, .work_limit = 0};
    return across + plan_arena(buffers, memory.overlaps, quick).bytes;
  }

  double whole_cost(size_t t) const {
    const Step& step = program_.steps[t];
    if (step.est_cycles) return static_cast<double>(*step.est_cycles);
    return step.selection.kernel->cost(Site{program_.graph, step.op}, *step.selection.kernel);
  }

  void add_stage(Stage stage, const StageMemory& memory) {
    stage.bytes = bytes_of(memory, stage.first, stage.last);
    stages_.push_back(std::move(stage));
  }

  bool reads_fed_input(size_t t) const {
    const Op& op = program_.steps[t].op;
    return options_.fed_input && std::any_of(op.in.begin(), op.in.end(), [&](ValueId id) {
             return id && values_.root(id) == *options_.fed_input;
           });
  }

  void add_stages(size_t first) {
    const bool fed = reads_fed_input(first);
    if (!fed)
      add_stage({.first = first, .last = first, .cost = whole_cost(first)},
                step_memory(program_, values_, rows_.of(1), first));
    for (int64_t group = 1; group <= GroupedRowCalls::kMostRows; ++group)
      add_regions(first, fed, group);
  }

  // Regions from `first` on whose steps make `group` rows at a time.
  void add_regions(size_t first, bool fed, int64_t group) {
    const RowCalls& rows = rows_.of(group);
    double cost = 0;
    bool stopped = group > 1;
    const auto stop = [&](size_t step, const std::string& why) {
      if (!stopped) stops_.emplace(step, why);
      stopped = true;
    };
    bool gains = group == 1;  // a kernel that takes rows together, and rows so short that it pays
    for (size_t last = first; last < program_.steps.size(); ++last) {
      if (!rows[last]) stop(last, "it does not work row by row");
      if (!rows[last] || last - first >= kLongestRegion) break;
      if (!fed && reads_fed_input(last)) break;
      const Step& step = program_.steps[last];
      const Site site{program_.graph, step.op};
      cost += whole_cost(last) + row_overhead(site, *step.selection.kernel, *rows[last], group);
      gains =
          gains || (rows[last]->batch != RowCall::Batch::Loop && site.out(0).shape[2] <= kShortRow);
      if (!gains) continue;
      for (const bool staged : {false, true}) {
        if (!staged && group > 1) continue;
        std::string why;
        const RegionOptions options{
            .staged = staged, .group = group, .fed = fed ? options_.fed_input : std::nullopt};
        std::optional<Region> region =
            make_region(program_, values_, rows, first, last, options, &why);
        if (!region) {
          stop(last, why);
          continue;
        }
        if (fed && values_.last_use(*options_.fed_input) > static_cast<int32_t>(last)) continue;
        if (staged && group == 1 && region->run.copied_bytes == 0) continue;
        const StageMemory memory = region_memory(program_, values_, rows, *region);
        // Words that are copied, with a load and a store each.
        double copies = static_cast<double>(region->run.copied_bytes) / 4 * 2;
        if (region->fed && !region->takes_rows_in_place())
          copies +=
              static_cast<double>(program_.graph.values[*options_.fed_input].type.bytes()) / 4 * 2;
        add_stage({first, last, std::move(region), 0, cost + copies}, memory);
      }
    }
  }

  // The least cost of all steps with stages of at most `limit` bytes.
  double cost_of(int64_t limit) {
    best_.assign(program_.steps.size() + 1, kImpossible);
    from_.assign(program_.steps.size() + 1, nullptr);
    best_[0] = 0;
    // Stages are in the order of their first steps.
    for (const Stage& stage : stages_) {
      if (stage.bytes > limit || best_[stage.first] >= kImpossible) continue;
      const double cost = best_[stage.first] + stage.cost;
      const Stage*& from = from_[stage.last + 1];
      double& best = best_[stage.last + 1];
      // Of two that are as fast, the one that needs less.
      if (cost < best || (cost == best && stage.bytes < from->bytes)) best = cost, from = &stage;
    }
    return best_.back();
  }

  void add_cuts(std::vector<Cuts>& all, int64_t limit, bool too_slow) {
    Cuts cuts;
    cuts.cost = cost_of(limit);
    cuts.slowdown = fastest_ > 0 ? cuts.cost / fastest_ - 1 : 0;
    cuts.too_slow = too_slow;
    for (size_t end = program_.steps.size(); end > 0; end = from_[end]->first) {
      const Stage& stage = *from_[end];
      cuts.bytes = std::max(cuts.bytes, stage.bytes);
      if (stage.region) cuts.regions.push_back(*stage.region);
    }
    std::reverse(cuts.regions.begin(), cuts.regions.end());
    if (!all.empty() && all.back().bytes == cuts.bytes && all.back().cost == cuts.cost) return;
    all.push_back(std::move(cuts));
  }

  const Program& program_;
  const Values& values_;
  const GroupedRowCalls& rows_;
  const SearchOptions& options_;
  std::vector<Lifetime> lifetimes_;
  std::vector<Stage> stages_;
  std::vector<double> best_;
  std::vector<const Stage*> from_;
  double fastest_ = 0;
  std::map<size_t, std::string> stops_;  // why rows stop, by step
};

}  // namespace

SearchResult search_cuts(const Program& program, const Values& values, const GroupedRowCalls& rows,
                         const SearchOptions& options) {
  return Search(program, values, rows, options).run();
}

}  // namespace motec
