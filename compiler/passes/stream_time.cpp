#include "passes/stream_time.h"

#include <algorithm>
#include <map>

#include "ir/op_def.h"
#include "ops/move.h"
#include "ops/slide.h"
#include "passes/time_rules.h"
#include "support/diag.h"

namespace motec {
namespace {

size_t at(ValueId id) { return static_cast<size_t>(id.index); }

// What becomes of each op if an axis of the input is time.
struct Analysis {
  int axis = 0;
  int64_t frames = 0;
  RowsOf rows;
  std::vector<std::optional<TimeStep>> steps;  // by op; empty: as it was
  int keeping = 0;                             // ops that keep rows
  bool even = true;                            // all strides divide the rows that are new
  std::vector<Note> whole;                     // ops that see the whole window, and why

  Analysis(const Graph& graph, ValueId input, int time_axis, int64_t new_frames)
      : axis(time_axis), frames(new_frames), rows(graph.values.size()) {
    rows[at(input)] = {axis, graph.type(input).shape[static_cast<size_t>(axis)], frames};
    for (const Op& op : graph.ops) steps.push_back(step_of(graph, op));
  }

 private:
  std::optional<TimeStep> step_of(const Graph& graph, const Op& op) {
    if (std::none_of(op.in.begin(), op.in.end(),
                     [&](ValueId id) { return id && rows[at(id)].has_value(); }))
      return {};
    std::string why;
    bool uneven = false;
    std::optional<TimeStep> step = time_step(graph, op, rows, why, uneven);
    if (!step) {
      even = even && !uneven;
      whole.push_back({op.origin, why});
      return {};
    }
    keeping += step->keeps;
    // What is new in full has no past.
    if (step->out.fresh < step->out.window) rows[at(op.out[0])] = step->out;
    return step;
  }
};

class Rebuilt {
 public:
  Rebuilt(const Graph& from, const Analysis& analysis)
      : from_(from), analysis_(analysis), to_(from.values.size()) {}

  Graph graph(ValueId input) {
    g_.name = from_.name;
    g_.notes = from_.notes;
    g_.pruned = from_.pruned;
    g_.states = from_.states;
    for (const Port& port : from_.inputs) {
      Value value = from_[port.value];
      if (port.value == input)
        value.type.shape[static_cast<size_t>(analysis_.axis)] = analysis_.frames;
      to_[at(port.value)] = g_.add_value(value.name, value.type);
      g_.inputs.push_back({port.name, to_[at(port.value)], port.quant});
    }
    for (size_t i = 0; i < from_.ops.size(); ++i) add(from_.ops[i], analysis_.steps[i]);
    for (const Port& port : from_.outputs)
      g_.outputs.push_back({port.name, constant_or_new(port.value), port.quant});
    for (const auto& [before, after] : histories_) {
      g_.states.push_back(
          {static_cast<int>(g_.inputs.size()), static_cast<int>(g_.outputs.size())});
      const std::string name = g_[before].name;
      g_.inputs.push_back({name, before});
      g_.outputs.push_back({name, after});
    }
    return std::move(g_);
  }

 private:
  ValueId constant_or_new(ValueId id) {
    if (!id) return id;
    ValueId& to = to_[at(id)];
    if (!to) {
      const Value& value = from_[id];
      internal_check(value.constant != nullptr, "'{}' is used before it is made", value.name);
      to = g_.add_value(value.name, value.type, value.constant);
      g_[to].quantized = value.quantized;
    }
    return to;
  }

  void add(const Op& op, const std::optional<TimeStep>& step) {
    std::vector<ValueId> in;
    for (const ValueId id : op.in) {
      const bool moves = id && analysis_.rows[at(id)].has_value();
      in.push_back(moves ? newest(id, step ? step->takes : analysis_.rows[at(id)]->window)
                         : constant_or_new(id));
    }
    const std::vector<ValueId> out =
        append(g_, *op.def, step ? step->attrs : op.attrs, std::move(in), op.origin);
    for (size_t i = 0; i < out.size(); ++i) {
      g_[out[i]].name = from_[op.out[i]].name;
      g_[out[i]].type.quant = from_.type(op.out[i]).quant;
      to_[at(op.out[i])] = out[i];
    }
  }

  // The last `count` rows up to the newest.
  ValueId newest(ValueId id, int64_t count) {
    const Rows& rows = *analysis_.rows[at(id)];
    const ValueId fresh = to_[at(id)];
    if (count == rows.fresh) return fresh;
    ValueId& known = newest_[{id, count}];
    if (!known) known = count < rows.fresh ? last_of(fresh, rows, count) : kept(fresh, rows, count);
    return known;
  }

  ValueId last_of(ValueId fresh, const Rows& rows, int64_t count) {
    const Value& value = g_[fresh];
    const auto axis = static_cast<size_t>(rows.axis);
    SliceAttrs attrs{std::vector<int64_t>(value.type.shape.size(), 0),
                     std::vector<int64_t>(value.type.shape.size(), 1), value.type.shape};
    attrs.start[axis] = rows.fresh - count;
    attrs.size[axis] = count;
    return append1(g_, ops::slice, attrs, {fresh}, {value.name, "Newest", -1});
  }

  ValueId kept(ValueId fresh, const Rows& rows, int64_t count) {
    const std::string name = fmt::format("{}_history{}", g_[fresh].name, count);
    Type type = g_.type(fresh);
    type.shape[static_cast<size_t>(rows.axis)] = count;
    const ValueId before = g_.add_value(name, type);
    const ValueId after =
        append1(g_, ops::slide, SlideAttrs{rows.axis}, {before, fresh}, {name, "Slide", -1});
    g_[after].name = name;
    histories_.emplace_back(before, after);
    return after;
  }

  const Graph& from_;
  const Analysis& analysis_;
  Graph g_;
  std::vector<ValueId> to_;
  std::map<std::pair<ValueId, int64_t>, ValueId> newest_;
  std::vector<std::pair<ValueId, ValueId>> histories_;  // before a call and after it
};

// With the given frames, or the fewest that all strides divide.
Analysis analyse(const Graph& graph, ValueId input, int axis, std::optional<int64_t> frames) {
  const int64_t window = graph.type(input).shape[static_cast<size_t>(axis)];
  Analysis first(graph, input, axis, frames.value_or(1));
  if (frames) return first;
  for (int64_t n = 2; n < window && !first.even; ++n)
    if (Analysis next(graph, input, axis, n); next.even && next.keeping > first.keeping)
      return next;
  return first;
}

}  // namespace

void stream_time(Graph& graph, const StreamTime& options) {
  const Port& port =
      graph.inputs[find_port(graph.inputs, options.input, "--stream-time", "input", "E1115")];
  const Shape& shape = graph.type(port.value).shape;
  std::optional<Analysis> best;
  bool fits = false;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] < 2 || (options.frames && *options.frames >= shape[axis])) continue;
    fits = true;
    Analysis next = analyse(graph, port.value, static_cast<int>(axis), options.frames);
    // Where nothing can be kept, the longest axis is the one meant.
    const auto better = [&](const Analysis& a, const Analysis& b) {
      if (a.keeping != b.keeping) return a.keeping > b.keeping;
      return a.keeping == 0 && shape[axis] > shape[static_cast<size_t>(b.axis)];
    };
    if (!best || better(next, *best)) best = std::move(next);
  }
  if (options.frames && !fits)
    fail({.code = "E1117",
          .message = fmt::format("--stream-time {}={}: the input is {}", options.input,
                                 *options.frames, to_string(graph.type(port.value))),
          .hint = "hand over fewer frames in a call than the window has"});
  if (!best || best->keeping == 0) {
    Diag diag{.code = "E4104",
              .message = fmt::format("no layer can keep anything of input '{}' between calls",
                                     options.input),
              .hint = "leave out --stream-time, and hand over the whole window in each call"};
    if (best && !best->whole.empty()) {
      diag.where = describe(best->whole[0].origin);
      diag.why = {best->whole[0].text};
    }
    fail(diag);
  }
  Graph streamed = Rebuilt(graph, *best).graph(port.value);
  for (const Note& note : best->whole)
    streamed.notes.push_back({note.origin, "sees the whole window: " + note.text});
  streamed.time =
      TimePort{options.input, best->axis, best->frames, shape[static_cast<size_t>(best->axis)]};
  graph = std::move(streamed);
}

}  // namespace motec
