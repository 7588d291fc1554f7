#include "plan/plan.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "kernels/blocks.h"
#include "kernels/costs.h"
#include "plan/arena.h"
#include "plan/expansion.h"
#include "plan/fed.h"
#include "plan/liveness.h"
#include "plan/order.h"
#include "plan/placement.h"
#include "plan/ports.h"
#include "plan/replay.h"
#include "plan/search.h"
#include "plan/shared_bodies.h"
#include "support/diag.h"
#include "support/identifier.h"

namespace motec {
namespace {

// C names of layers come from ONNX node names: "/features/conv1/Conv" -> "features_conv1_Conv".
std::string step_name(const Op& op, UniqueNames& names) {
  return names.make(op.origin.node.empty() ? op.def->name : op.origin.node);
}

// Constants with the same bytes are stored once.
size_t intern(Program& program, std::string name, Tensor tensor, UniqueNames& names) {
  for (size_t i = 0; i < program.constants.size(); ++i)
    if (program.constants[i].tensor == tensor) return i;
  program.constants.push_back({names.make(name), std::move(tensor)});
  return program.constants.size() - 1;
}

void place_weights(Program& program, Step& step, UniqueNames& names) {
  for (Operand& operand : step.call.operands) {
    Argument argument;
    Tensor tensor;
    std::string suffix;
    if (operand.kind == Operand::Kind::Weights) {
      tensor = std::move(operand.weights);
      suffix = operand.name;
    } else if (operand.kind == Operand::Kind::Input && step.op.in[operand.index] &&
               program.graph.constant(step.op.in[operand.index])) {
      tensor = *program.graph.constant(step.op.in[operand.index]);
      suffix = fmt::format("operand{}", operand.index);
    }
    if (!suffix.empty()) {
      argument.dtype = tensor.dtype;
      step.weights_bytes += tensor.type().bytes();
      argument.place = {Place::Kind::Constant,
                        intern(program, step.name + "_" + suffix, std::move(tensor), names)};
    }
    step.arguments.push_back(argument);
  }
}

// `plain`: results of the ops that may not expand weights.
void make_steps(Program& program, Goal goal, const std::set<ValueId>& plain) {
  UniqueNames names;  // shapes and constants share a namespace in the emitted code
  for (const Op& op : program.graph.ops) {
    const bool empty = std::all_of(op.out.begin(), op.out.end(), [&](ValueId id) {
      return program.graph.type(id).elements() == 0;
    });
    if (op.def->is_view || empty) continue;
    const Site site{program.graph, op};
    Step step;
    step.op = op;
    step.name = step_name(op, names);
    const Weights weights = plain.contains(op.out[0]) ? Weights::Plain : Weights::Expanded;
    with_context(fmt::format("choosing a kernel for {}", describe(op.origin)),
                 [&] { step.selection = select_kernel(site, *program.target, goal, weights); });
    const Kernel& kernel = *step.selection.kernel;
    step.call = std::move(step.selection.call);
    if (!kernel.isa.empty()) step.call.checks = block_checks(kernel);
    if (op.def->macs) step.macs = op.def->macs(op, infer_ctx(program.graph, op));
    step.est_cycles = estimated_cycles(site, kernel, *program.target);
    place_weights(program, step, names);
    program.steps.push_back(std::move(step));
  }
}

// How long the arena's search may go on for a plan that is only compared with others.
constexpr int64_t kQuickWork = 1'000'000;

void place_buffers(Program& program, int64_t work_limit) {
  std::vector<ArenaBuffer> requests;
  for (const Buffer& buffer : program.buffers)
    requests.push_back({.bytes = buffer.bytes, .first = buffer.first, .last = buffer.last});
  const ArenaPlan arena = plan_arena(requests, program.overlaps,
                                     {.alignment = kArenaAlignment, .work_limit = work_limit});
  for (size_t i = 0; i < program.buffers.size(); ++i) program.buffers[i].offset = arena.offsets[i];
  program.arena_bytes = arena.bytes;
  program.arena_lower_bound = arena.lower_bound;
  program.arena_optimal = arena.optimal;
}

// The program with these regions, all else whole.
Program with_regions(Program program, const Values& values, const GroupedRowCalls& rows,
                     std::vector<Region> regions) {
  program.regions = std::move(regions);
  for (const Region& region : program.regions) {
    for (size_t t = region.first; t <= region.last; ++t) {
      Step& step = program.steps[t];
      step.rows = rows.of(region.group)[t];
      const Call& call = step.rows->call;
      step.call.function = call.function;
      step.call.headers = call.headers;
      step.call.shape = call.shape;
      step.call.scratch_bytes = call.scratch_bytes;
      for (size_t i = 0; i < step.call.operands.size(); ++i)
        step.call.operands[i].kind = call.operands[i].kind;
      if (step.est_cycles)
        *step.est_cycles += std::llround(row_overhead(
            Site{program.graph, step.op}, *step.selection.kernel, *step.rows, region.group));
    }
  }
  assign_buffers(program, values, rows);
  return program;
}

// How much slower than the fastest plan a smaller one may be.
double slowdown_of(Goal goal) {
  switch (goal) {
    case Goal::Balanced:
      return 0.02;
    case Goal::Ram:
      return 0.10;
    case Goal::LeastRam:
      return 1e6;
    case Goal::Speed:
    case Goal::Flash:
      return 0;
  }
  return 0;
}

// The best has the least: of plans within the limit, the smallest of those that are fast enough,
// else the fastest; if there is none, the smallest. With several memories, the one whose slow
// memories are accessed least instead of the smallest.
using Rank = std::tuple<int, int64_t, double>;
constexpr int kFits = 0, kTooSlow = 1, kTooLarge = 2;

Rank place(Program& program, const Cuts& cuts, const PlanOptions& options) {
  const bool limited = options.arena_limit || !options.memories.empty();
  std::optional<int64_t> slow_accesses;
  if (!options.memories.empty())
    slow_accesses = place_in_memories(program, options.memories, kQuickDivision);
  if (!slow_accesses) place_buffers(program, cuts.too_slow && !limited ? 0 : kQuickWork);
  const bool fits = options.memories.empty()
                        ? !limited || program.arena_bytes <= *options.arena_limit
                        : slow_accesses.has_value();
  if (!fits) return {kTooLarge, program.arena_bytes, cuts.cost};
  if (cuts.too_slow) return {kTooSlow, 0, cuts.cost};
  return {kFits, slow_accesses.value_or(program.arena_bytes), cuts.cost};
}

Candidate candidate_of(const Program& program) {
  Candidate candidate{
      .regions = {}, .arena_bytes = program.arena_bytes, .est_cycles = program.est_cycles()};
  for (const Region& region : program.regions) {
    const auto& tensors = region.pipeline.tensors;
    const bool staged =
        std::any_of(tensors.begin(), tensors.end(), [](const auto& t) { return t.staged; });
    candidate.regions.push_back({region.first, region.last, region.group, staged});
  }
  return candidate;
}

// Why a plan was not the one taken.
std::string refusal(const Cuts& cuts, const Rank& rank, const Cuts& taken, const Rank& best,
                    const PlanOptions& options) {
  const auto& [verdict, amount, cost] = rank;
  if (verdict == kTooLarge && options.memories.empty())
    return fmt::format("{} bytes over the limit", amount - *options.arena_limit);
  if (verdict == kTooLarge)
    return fmt::format("no division of its {} bytes among the memories was found", amount);
  if (cuts.too_slow)
    return fmt::format("{:.1f} % slower than the fastest; {:.0f} % are allowed",
                       100 * cuts.slowdown, 100 * slowdown_of(options.goal));
  const int64_t more = amount - std::get<int64_t>(best);
  const std::string what =
      options.memories.empty() ? "bytes more" : "more bytes read and written in slower memories";
  if (more > 0 && cost < taken.cost)
    return fmt::format("{} {}, to be {:.1f} % faster", more, what, 100 * (1 - cost / taken.cost));
  if (more > 0) return fmt::format("{} {}, and no faster", more, what);
  return cost > taken.cost ? "as large, and slower" : "as large and as fast as the one taken";
}

void place_finally(Program& program, bool too_large, const PlanOptions& options) {
  if (!options.memories.empty() && !too_large) {
    place_in_memories(program, options.memories, kFinalDivision);
    return;
  }
  place_buffers(program, ArenaOptions{}.work_limit);
  if (!options.memories.empty()) fail_to_fit(program, options.memories);
}

Program best_plan(const Program& whole, const PlanOptions& options) {
  const Values values(whole);
  const GroupedRowCalls rows(whole);
  SearchOptions search{.slowdown = slowdown_of(options.goal), .arena_limit = options.arena_limit};
  if (!options.memories.empty()) search.arena_limit = total_bytes(options.memories);
  if (options.stream_input)
    search.fed_input = fed_input(whole, values, rows.of(1), *options.stream_input);
  SearchResult found = search_cuts(whole, values, rows, search);
  Program best;
  std::vector<Rank> ranks;
  size_t taken = 0;
  std::vector<Candidate> candidates;
  for (const Cuts& cuts : found.cuts) {
    Program program = with_regions(whole, values, rows, cuts.regions);
    ranks.push_back(place(program, cuts, options));
    candidates.push_back(candidate_of(program));
    if (ranks.size() > 1 && ranks.back() >= ranks[taken]) continue;
    taken = ranks.size() - 1;
    best = std::move(program);
  }
  for (size_t i = 0; i < candidates.size(); ++i)
    if (i != taken)
      candidates[i].refused =
          refusal(found.cuts[i], ranks[i], found.cuts[taken], ranks[taken], options);
  place_finally(best, std::get<int>(ranks[taken]) == kTooLarge, options);
  candidates[taken].arena_bytes = best.arena_bytes;
  best.candidates = std::move(candidates);
  best.row_stops = std::move(found.row_stops);
  return best;
}

// Replays take about 2 ns for each byte that is read. What microcontrollers have room for is read
// in milliseconds.
constexpr int64_t kLargestReplay = 4 << 20;

void check_limits(const Program& program, const PlanOptions& options) {
  if (options.arena_limit && program.arena_bytes > *options.arena_limit) {
    Diag diag{.code = "E4101",
              .message = fmt::format(
                  "the arena needs {} bytes, {} more than the limit of {}", program.arena_bytes,
                  program.arena_bytes - *options.arena_limit, *options.arena_limit)};
    const int32_t peak = peak_step(program);
    if (peak >= 0) {
      const Step& step = program.steps[static_cast<size_t>(peak)];
      diag.why.push_back(fmt::format("most is alive in {}: {} bytes", describe(step.op.origin),
                                     live_bytes(program, peak)));
    }
    diag.hint = "raise --arena-limit, or make that layer's maps smaller";
    fail(std::move(diag));
  }
  if (options.flash_limit && program.weights_bytes() > *options.flash_limit) {
    fail({.code = "E4102",
          .message = fmt::format(
              "the weights need {} bytes, {} more than the limit of {}", program.weights_bytes(),
              program.weights_bytes() - *options.flash_limit, *options.flash_limit),
          .hint = "raise --flash-limit, or use a smaller model"});
  }
}

// Before anything has a place. Of the ops with results `plain`, weights stay as they are.
Program whole_program(Graph graph, const Target& target, const PlanOptions& options,
                      Weights weights, std::set<ValueId> plain = {}) {
  order_ops(graph);
  copy_ports(graph);
  Program program;
  program.name = options.name;
  program.target = &target;
  program.graph = std::move(graph);
  if (weights == Weights::Plain)
    for (const Op& op : program.graph.ops) plain.insert(op.out[0]);
  make_steps(program, options.goal, plain);
  while (options.flash_limit && program.weights_bytes() > *options.flash_limit) {
    const std::optional<ValueId> least = least_worthwhile(program);
    if (!least) break;
    plain.insert(*least);
    program.steps.clear(), program.constants.clear();
    make_steps(program, options.goal, plain);
  }
  return program;
}

}  // namespace

int64_t Program::weights_bytes() const {
  int64_t bytes = 0;
  for (const Constant& constant : constants) bytes += constant.tensor.type().bytes();
  return bytes;
}

int64_t Program::macs() const {
  int64_t macs = 0;
  for (const Step& step : steps) macs += step.macs;
  return macs;
}

std::optional<int64_t> Program::est_cycles() const {
  std::optional<int64_t> cycles;
  for (const Step& step : steps) {
    if (step.macs > 0 && !step.est_cycles) return {};
    if (step.est_cycles) cycles = cycles.value_or(0) + *step.est_cycles;
  }
  return cycles;
}

std::vector<Memory> memories_of(const Program& program) {
  if (!program.memories.empty()) return program.memories;
  return {{.name = "arena",
           .limit_bytes = program.arena_bytes,
           .bytes = program.arena_bytes,
           .lower_bound = program.arena_lower_bound,
           .optimal = program.arena_optimal}};
}

Program plan(Graph graph, const Target& target, const PlanOptions& options) {
  const auto plan_with_plain = [&](Weights weights, std::set<ValueId> plain = {}) {
    return best_plan(whole_program(graph, target, options, weights, std::move(plain)), options);
  };
  const auto fits = [&](const Program& program) {
    return !options.arena_limit || program.arena_bytes <= *options.arena_limit;
  };
  // Kernels that expand weights make whole layers only.
  const bool rows = options.stream_input || !options.memories.empty();
  Program program = plan_with_plain(rows ? Weights::Plain : options.weights);
  const std::vector<ValueId> expanded = expanded_by_memory(program);
  if (!fits(program) && !expanded.empty()) {
    program = plan_with_plain(Weights::Plain);
    // As few as possible go without, those with most memory alive first.
    for (size_t least = 1, most = expanded.size(); least < most;) {
      const auto some = static_cast<std::ptrdiff_t>((least + most) / 2);
      Program other =
          plan_with_plain(Weights::Expanded, {expanded.begin(), expanded.begin() + some});
      if (fits(other)) {
        program = std::move(other), most = static_cast<size_t>(some);
      } else {
        least = static_cast<size_t>(some) + 1;
      }
    }
  }
  if (options.goal == Goal::Flash) share_bodies(program);
  if (program.arena_bytes <= kLargestReplay) check_plan(program);
  check_limits(program, options);
  return program;
}

Program plan_with(Graph graph, const Target& target, const PlanOptions& options,
                  const ChooseRegions& choose) {
  const Program whole = whole_program(std::move(graph), target, options, Weights::Plain);
  const Values values(whole);
  const GroupedRowCalls rows(whole);
  Program program = with_regions(whole, values, rows, choose(whole, values, rows));
  place_buffers(program, kQuickWork);
  check_plan(program);
  return program;
}

}  // namespace motec
