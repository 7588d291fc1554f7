#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen/render.h"
#include "ir/op_def.h"
#include "report/facts.h"

namespace motec {
namespace {

// Text as an element's content or an attribute's value.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return out;
}

// Where steps and addresses are on the memory map, in pixels.
class Map {
 public:
  explicit Map(const Program& program)
      : steps_(std::max<int64_t>(std::ssize(program.steps), 1)),
        bytes_(std::max<int64_t>(program.arena_bytes, 1)),
        column_(std::clamp(900.0 / static_cast<double>(steps_), 14.0, 90.0)) {}

  double x(int64_t step) const {
    return kLeft + column_ * static_cast<double>(std::clamp<int64_t>(step, 0, steps_));
  }
  double y(int64_t address) const {
    return kTop + kHeight * (1 - static_cast<double>(address) / static_cast<double>(bytes_));
  }
  double column() const { return column_; }
  double right() const { return x(steps_); }
  double width() const { return right() + kMargin; }
  double height() const { return kTop + kHeight + kMargin; }

  static constexpr double kLeft = 10, kTop = 24, kHeight = 320, kMargin = 30;

 private:
  int64_t steps_, bytes_;
  double column_;
};

std::string pixels(double value) { return fmt::format("{:.1f}", value); }

TemplateList boxes_data(const Program& program, const Map& map) {
  constexpr std::string_view kFills[] = {"#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2",
                                         "#b279a2", "#eeca3b", "#9d755d", "#ff9da6", "#8c96a3"};
  TemplateList boxes;
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const Buffer& buffer = program.buffers[i];
    if (buffer.bytes == 0) continue;
    // Graph outputs live on after the last step.
    const double begin = map.x(buffer.first), end = map.x(int64_t{buffer.last} + 1);
    const double top = map.y(buffer.offset + buffer.bytes), bottom = map.y(buffer.offset);
    boxes.push_back(TemplateObject{
        {"x", pixels(begin)},
        {"y", pixels(top)},
        {"w", pixels(std::max(end - begin, 2.0))},
        {"h", pixels(std::max(bottom - top, 0.8))},
        {"fill", std::string(kFills[i % std::size(kFills)])},
        {"title", escaped(fmt::format("{}: {} bytes at {}, steps {} to {}", buffer.name,
                                      grouped(buffer.bytes), grouped(buffer.offset), buffer.first,
                                      buffer.last))}});
  }
  return boxes;
}

TemplateList lines_data(const Program& program, const Map& map) {
  TemplateList lines;
  const auto line = [&](int64_t bytes, std::string_view what, bool at_right,
                        std::string_view stroke, std::string_view dash) {
    const double y = map.y(bytes);
    lines.push_back(TemplateObject{{"left", pixels(Map::kLeft)},
                                   {"right", pixels(map.right())},
                                   {"y", pixels(y)},
                                   {"stroke", std::string(stroke)},
                                   {"dash", std::string(dash)},
                                   {"text_x", pixels(at_right ? map.right() : Map::kLeft)},
                                   {"text_y", pixels(y - 4)},
                                   {"anchor", at_right ? " text-anchor=\"end\"" : ""},
                                   {"label", fmt::format("{} {}", what, grouped(bytes))}});
  };
  line(program.arena_bytes, "peak", false, "#c0392b", "none");
  line(program.arena_lower_bound, "lower bound", true, "#1e8449", "6 4");
  return lines;
}

TemplateList ticks_data(const Program& program, const Map& map) {
  TemplateList ticks;
  const int64_t n = std::ssize(program.steps), stride = map.column() < 22 ? 5 : 1;
  for (int64_t i = 0; i < n; i += stride)
    ticks.push_back(TemplateObject{{"x", pixels(map.x(i) + map.column() / 2)},
                                   {"y", pixels(Map::kTop + Map::kHeight + 14)},
                                   {"label", fmt::format("{}", i)}});
  return ticks;
}

TemplateData row_data(const Program& program, const Step& step, size_t index, int64_t most_macs) {
  TemplateList candidates;
  for (const Choice& choice : step.selection.candidates) {
    std::string verdict = choice.refused;
    if (verdict.empty())
      verdict = fmt::format("{}cost {:.4g}",
                            choice.kernel == step.selection.kernel ? "taken, " : "", choice.cost);
    candidates.push_back(
        TemplateObject{{"candidate", escaped(choice.kernel->name)}, {"verdict", escaped(verdict)}});
  }
  const std::string origin =
      step.op.origin.node.empty()
          ? ""
          : fmt::format("{} '{}'", step.op.origin.op_type, step.op.origin.node);
  return TemplateObject{{"index", fmt::format("{}", index)},
                        {"layer", escaped(step.name)},
                        {"origin", escaped(origin)},
                        {"op", escaped(step.op.def->name)},
                        {"kernel", escaped(step.selection.kernel->name)},
                        {"function", escaped(step.call.function)},
                        {"candidates", candidates},
                        {"result", escaped(result_type(program, step))},
                        {"layer_macs", grouped(step.macs)},
                        {"share", fmt::format("{}", most_macs ? 100 * step.macs / most_macs : 0)},
                        {"layer_weights", grouped(step.weights_bytes)}};
}

TemplateData slot_data(const Program& program, const Slot& slot, std::string_view direction) {
  return TemplateObject{{"direction", std::string(direction)},
                        {"onnx_name", escaped(slot.name)},
                        {"c_name", slot.c_name},
                        {"type", to_string(slot.type)},
                        {"offset", grouped(program.buffers[slot.place.buffer].offset)}};
}

// What was left out, and what stays float.
TemplateList notes_data(const Program& program) {
  TemplateList notes;
  if (const Pruned& pruned = program.graph.pruned; pruned.channels > 0)
    notes.push_back(TemplateObject{
        {"note", fmt::format("{} channels that are constant or never read were left out, with {} "
                             "multiply-accumulates and {} bytes of weights",
                             grouped(pruned.channels), grouped(pruned.macs),
                             grouped(pruned.weight_bytes))}});
  for (const Note& note : program.graph.notes)
    notes.push_back(
        TemplateObject{{"note", escaped(fmt::format("{}: {}", describe(note.origin), note.text))}});
  return notes;
}

}  // namespace

std::string report_html(const Program& program, const ReportContext& context) {
  const Map map(program);
  TemplateList slots, rows;
  for (const Slot& slot : program.inputs) slots.push_back(slot_data(program, slot, "Input"));
  for (const Slot& slot : program.outputs) slots.push_back(slot_data(program, slot, "Output"));
  int64_t most_macs = 0;
  for (const Step& step : program.steps) most_macs = std::max(most_macs, step.macs);
  for (size_t i = 0; i < program.steps.size(); ++i)
    rows.push_back(row_data(program, program.steps[i], i, most_macs));
  TemplateObject data = {
      {"name", program.name},
      {"target", std::string(program.target->name)},
      {"model", escaped(context.model)},
      {"arena", grouped(program.arena_bytes)},
      {"bound", grouped(program.arena_lower_bound)},
      {"optimal", program.arena_optimal ? "no smaller one exists for these buffers"
                                        : "the search for a smaller one was cut short"},
      {"state", grouped(program.state_bytes)},
      {"weights", grouped(program.weights_bytes())},
      {"macs", grouped(program.macs())},
      {"layers", fmt::format("{}", program.steps.size())},
      {"width", pixels(map.width())},
      {"height", pixels(map.height())},
  };
  data["slots"] = slots;
  data["boxes"] = boxes_data(program, map);
  data["lines"] = lines_data(program, map);
  data["ticks"] = ticks_data(program, map);
  data["rows"] = rows;
  data["notes"] = notes_data(program);
  return render("report.html.in", data);
}

}  // namespace motec
