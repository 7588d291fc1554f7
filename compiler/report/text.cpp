#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/op_def.h"
#include "report/facts.h"
#include "report/memory_map.h"

namespace motec {
namespace {

// Columns on a terminal; continuation bytes of UTF-8 take none. Control characters would not be
// counted right.
size_t width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_number(std::string_view text) {
  return text.empty() || text == "-" || text.find_first_not_of("0123456789 .%") == text.npos;
}

std::string by_rows(const Slot& slot) {
  return slot.rows ? fmt::format(", in {} rows of {} elements", slot.rows,
                                 slot.type.elements() / slot.rows)
                   : "";
}

std::string percent(int64_t part, int64_t whole) {
  return whole ? fmt::format("{:.0f}%",
                             100.0 * static_cast<double>(part) / static_cast<double>(whole))
               : "-";
}

std::string plans_text(const Program& program, const Palette& palette) {
  TextTable table({"arena", "cycles", "plan", ""});
  for (const Candidate& candidate : program.candidates)
    table.add({grouped(candidate.arena_bytes),
               candidate.est_cycles ? grouped(*candidate.est_cycles) : "-",
               regions_text(program, candidate),
               candidate.refused.empty() ? "taken" : candidate.refused});
  std::string text = table.empty() ? "" : table.text(palette);
  for (const RowStop& stop : program.row_stops)
    text += fmt::format("  {}rows stop before {}: {}{}\n", palette.dim,
                        program.steps[stop.step].name, stop.why, palette.reset);
  return text;
}

}  // namespace

std::string TextTable::text(const Palette& palette) const {
  const size_t columns = rows_[0].size();
  std::vector<size_t> widths(columns);
  std::vector<bool> right(columns, true);
  for (size_t r = 0; r < rows_.size(); ++r) {
    for (size_t c = 0; c < columns; ++c) {
      widths[c] = std::max(widths[c], width(printable(rows_[r][c])));
      if (r > 0 && !is_number(rows_[r][c])) right[c] = false;
    }
  }
  std::string text;
  for (size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (size_t c = 0; c < columns; ++c) {
      const std::string cell = printable(rows_[r][c]);
      const std::string fill(widths[c] - width(cell), ' ');
      line += "  " + (right[c] ? fill + cell : cell + fill);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += r == 0 ? fmt::format("{}{}{}\n", palette.bold, line, palette.reset) : line + "\n";
  }
  return text;
}

std::string summary(const Program& program, const Palette& palette, bool all_layers) {
  std::string text = fmt::format("{}{}{} for {}\n", palette.bold, program.name, palette.reset,
                                 program.target->name);
  const auto slots = [&](std::string_view kind, const std::vector<Slot>& list) {
    for (const Slot& slot : list)
      text += fmt::format("  {:<8} {} {}{}{}{}\n", kind, slot.c_name, palette.dim,
                          to_string(slot.type), by_rows(slot), palette.reset);
  };
  slots("input", program.inputs);
  slots("output", program.outputs);
  for (const Memory& memory : memories_of(program)) {
    text += fmt::format("  {:<8} {}{}{} bytes{}", memory.name, palette.bold, grouped(memory.bytes),
                        palette.reset,
                        program.memories.empty() ? "" : " of " + grouped(memory.limit_bytes));
    text += fmt::format(" {}(lower bound {}{}){}\n", palette.dim, grouped(memory.lower_bound),
                        memory.optimal ? "; no smaller one exists for these buffers" : "",
                        palette.reset);
  }
  if (const auto& time = program.graph.time)
    text += fmt::format(
        "  stream   {} new of {} frames in each call; outputs of a whole window from "
        "call {} on\n",
        time->frames, time->window, time->first_call());
  if (program.state_bytes)
    text += fmt::format("  state    {} bytes\n", grouped(program.state_bytes));
  text +=
      fmt::format("  weights  {} bytes\n  work     {} MACs in {} layers\n",
                  grouped(program.weights_bytes()), grouped(program.macs()), program.steps.size());
  if (const Pruned& pruned = program.graph.pruned; pruned.channels > 0)
    text +=
        fmt::format("  pruned   {} channels: {} MACs, {} bytes of weights\n",
                    grouped(pruned.channels), grouped(pruned.macs), grouped(pruned.weight_bytes));
  for (const Note& note : program.graph.notes)
    text += fmt::format("  {}{}: {}{}\n", palette.dim, printable(describe(note.origin)), note.text,
                        palette.reset);
  if (all_layers) text += memory_map_text(program) + plans_text(program, palette);
  constexpr size_t kShown = 5;
  TextTable table({"layer", "op", "kernel", "MACs", "", "weights"});
  const auto add = [&](const Step& step) {
    table.add({step.name, std::string(step.op.def->name), std::string(step.selection.kernel->name),
               grouped(step.macs), percent(step.macs, program.macs()),
               grouped(step.weights_bytes)});
  };
  if (all_layers) {
    for (const Step& step : program.steps) add(step);
  } else {
    for (const Step* step : top_steps(program, kShown)) add(*step);
  }
  return table.empty() ? text : text + table.text(palette);
}

}  // namespace motec
