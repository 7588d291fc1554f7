#include "plan/memory.h"

#include <algorithm>

namespace motec {
namespace {

using Kind = MemoryItem::Kind;
using Spans = std::vector<PipelineRun::Span>;

// How far below a dying operand 0 the result of a whole step may begin.
std::optional<int64_t> distance_of(const Program& program, const Values& values,
                                   const RowCalls& rows, size_t t) {
  const Step& step = program.steps[t];
  const Kernel& kernel = *step.selection.kernel;
  const Site site{program.graph, step.op};
  if (kernel.order) {
    const std::optional<PixelOrder> order = kernel.order(site, kernel);
    return order ? std::optional(overlap_distance(*order)) : std::nullopt;
  }
  if (!rows[t] || !rows[t]->gathers || site.in(0).shape[2] == 1) return {};
  const std::optional<Region> region = make_region(program, values, rows, t, t, {});
  if (!region) return {};
  const Pipeline& p = region->pipeline;
  return region->run.distance[static_cast<size_t>(p.driver)][static_cast<size_t>(p.nodes[0].out)];
}

bool in_arena(const Program& program, const Values& values, ValueId id) {
  return id && !program.graph.constant(id) && !values.in_state(values.root(id));
}

// Both ways.
void let_overlap(StageMemory& memory, size_t a, size_t b) {
  memory.overlaps.push_back({.below = a, .above = b, .distance = 0});
  memory.overlaps.push_back({.below = b, .above = a, .distance = 0});
}

}  // namespace

int64_t counter_bytes(const Region& region) { return 8 * std::ssize(region.tensors) + 8; }

int taken_over(const Program& program, const Values& values, size_t t) {
  const Step& step = program.steps[t];
  const Kernel& kernel = *step.selection.kernel;
  const ValueId out = step.op.out[0];
  if (!kernel.in_place || !in_arena(program, values, out)) return -1;
  const uint32_t allowed = kernel.in_place(Site{program.graph, step.op});
  for (size_t i = 0; i < step.op.in.size(); ++i) {
    const ValueId in = step.op.in[i];
    if (!(allowed >> i & 1) || !in_arena(program, values, in)) continue;
    const size_t root = values.root(in);
    if (values.last_use(root) == static_cast<int32_t>(t) &&
        program.graph.values[root].type.bytes() == program.graph.type(out).bytes())
      return static_cast<int>(i);
  }
  return -1;
}

StageMemory step_memory(const Program& program, const Values& values, const RowCalls& rows,
                        size_t t) {
  const Step& step = program.steps[t];
  StageMemory memory;
  const auto tensor = [&](ValueId id) {
    const size_t root = values.root(id);
    for (size_t i = 0; i < memory.items.size(); ++i)
      if (memory.items[i].kind == Kind::Tensor && memory.items[i].index == root) return i;
    const Value& value = program.graph.values[root];
    memory.items.push_back({Kind::Tensor, root, value.type.bytes(), value.name});
    return memory.items.size() - 1;
  };
  for (const ValueId id : step.op.in)
    if (in_arena(program, values, id)) tensor(id);
  const bool takes_over = taken_over(program, values, t) >= 0;
  for (size_t i = takes_over ? 1 : 0; i < step.op.out.size(); ++i) {
    const ValueId out = step.op.out[i];
    if (!in_arena(program, values, out)) continue;
    const size_t y = tensor(out);
    const ValueId in = step.op.in.empty() ? ValueId{} : step.op.in[0];
    const bool dies = in_arena(program, values, in) &&
                      values.last_use(values.root(in)) == static_cast<int32_t>(t) &&
                      std::count(step.op.in.begin(), step.op.in.end(), in) == 1;
    if (i > 0 || !dies) continue;
    if (const auto distance = distance_of(program, values, rows, t))
      memory.overlaps.push_back(
          {.below = y, .above = tensor(in), .distance = std::max<int64_t>(*distance, 0)});
  }
  if (step.call.scratch_bytes > 0)
    memory.items.push_back({Kind::Scratch, t, step.call.scratch_bytes, step.name + "_scratch"});
  return memory;
}

StageMemory region_memory(const Program& program, const Values& values, const RowCalls& rows,
                          const Region& region) {
  StageMemory memory;
  std::vector<Spans> live;
  const auto add = [&](MemoryItem item, Spans spans) {
    memory.items.push_back(std::move(item));
    live.push_back(std::move(spans));
  };
  const int32_t end = region.run.events;
  std::vector<int> whole(region.tensors.size(), -1);  // items
  for (size_t i = 0; i < region.tensors.size(); ++i) {
    const Pipeline::Tensor& t = region.pipeline.tensors[i];
    const PipelineRun::Tensor& run = region.run.tensors[i];
    const size_t root = region.tensors[i].root;
    const std::string& name = program.graph.values[root].name;
    if (t.outside || t.whole) {
      Spans spans = run.live;
      const bool survives = values.last_use(root) > static_cast<int32_t>(region.last);
      if (t.outside) spans = {{0, survives || spans.empty() ? end : spans.back().last}};
      if (t.whole && !spans.empty()) spans = {{spans.front().first, end}};
      whole[i] = static_cast<int>(memory.items.size());
      add({Kind::Tensor, root, program.graph.values[root].type.bytes(), name}, spans);
      continue;
    }
    if (t.alias >= 0) continue;
    if (run.rows > 0) add({Kind::Ring, i, run.rows * t.row_bytes, name + " rows"}, run.live);
    const bool fed = region.fed && static_cast<int>(i) == region.pipeline.driver;
    if (!t.staged || (fed && region.takes_rows_in_place())) continue;
    // Rows from the caller come at any time.
    add({Kind::Stage, i, run.staged * t.row_bytes, name + " newest rows"},
        fed ? Spans{{0, end}} : run.stage);
  }
  for (size_t n = 0; n < region.pipeline.nodes.size(); ++n) {
    const size_t t = region.first + n;
    if (const int64_t bytes = rows[t]->call.scratch_bytes; bytes > 0)
      add({Kind::Scratch, t, bytes, program.steps[t].name + "_scratch"}, region.run.nodes[n].live);
  }
  if (region.fed) add({Kind::Counters, 0, counter_bytes(region), "counters"}, {{0, end}});
  for (size_t a = 0; a < memory.items.size(); ++a)
    for (size_t b = a + 1; b < memory.items.size(); ++b)
      if (!intersect(live[a], live[b])) let_overlap(memory, a, b);
  for (size_t a = 0; a < whole.size(); ++a) {
    const bool dies = values.last_use(region.tensors[a].root) <= static_cast<int32_t>(region.last);
    if (whole[a] < 0 || !region.pipeline.tensors[a].outside || !dies) continue;
    for (size_t b = 0; b < whole.size(); ++b) {
      if (whole[b] < 0 || !region.pipeline.tensors[b].whole) continue;
      memory.overlaps.push_back({.below = static_cast<size_t>(whole[b]),
                                 .above = static_cast<size_t>(whole[a]),
                                 .distance = region.run.distance[a][b]});
    }
  }
  return memory;
}

}  // namespace motec
