#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen/render.h"
#include "ir/op_def.h"
#include "report/facts.h"
#include "report/memory_map.h"
#include "report/quantization.h"

namespace motec {
namespace {

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
                        {"cycles", step.est_cycles ? grouped(*step.est_cycles) : "–"},
                        {"share", fmt::format("{}", most_macs ? 100 * step.macs / most_macs : 0)},
                        {"layer_weights", grouped(step.weights_bytes)}};
}

// "1 024", or "dtcm 1 024" where there are several memories.
std::string place_text(const Program& program, const Buffer& buffer) {
  const std::string offset = grouped(buffer.offset);
  return program.memories.empty() ? offset : program.memories[buffer.memory].name + " " + offset;
}

TemplateData slot_data(const Program& program, const Slot& slot, std::string_view direction) {
  const std::string where = slot.rows
                                ? fmt::format("in {} rows of {} elements", grouped(slot.rows),
                                              grouped(slot.type.elements() / slot.rows))
                                : "at " + place_text(program, program.buffers[slot.place.buffer]);
  return TemplateObject{{"direction", std::string(direction)},
                        {"onnx_name", escaped(slot.name)},
                        {"c_name", slot.c_name},
                        {"type", to_string(slot.type)},
                        {"where", where}};
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

TemplateData plans_data(const Program& program) {
  TemplateList plans, stops;
  for (const Candidate& candidate : program.candidates) {
    TemplateObject plan = {
        {"layers", escaped(regions_text(program, candidate))},
        {"arena", grouped(candidate.arena_bytes)},
        {"cycles", candidate.est_cycles ? grouped(*candidate.est_cycles) : "–"},
        {"verdict", escaped(candidate.refused.empty() ? "taken" : candidate.refused)}};
    plans.push_back(plan);
  }
  for (const RowStop& stop : program.row_stops)
    stops.push_back(
        TemplateObject{{"layer", escaped(program.steps[stop.step].name)}, {"why", stop.why}});
  TemplateObject data;
  data["plans"] = plans;
  data["stops"] = stops;
  return data;
}

// Numbers at the top of a model's part.
TemplateList cards_data(const Program& program) {
  TemplateList cards;
  const auto card = [&](std::string_view what, const std::string& value, std::string_view unit,
                        const std::string& about) {
    cards.push_back(TemplateObject{{"what", std::string(what)},
                                   {"value", value},
                                   {"unit", std::string(unit)},
                                   {"about", about}});
  };
  for (const Memory& memory : memories_of(program)) {
    std::string about = "lower bound " + grouped(memory.lower_bound);
    if (!program.memories.empty())
      about = fmt::format("of {}; {}", grouped(memory.limit_bytes), about);
    card(program.memories.empty() ? "Arena" : memory.name, grouped(memory.bytes), "bytes",
         fmt::format("{}; {}", about,
                     memory.optimal ? "no smaller one exists for these buffers"
                                    : "the search for a smaller one was cut short"));
  }
  if (program.state_bytes)
    card("State", grouped(program.state_bytes), "bytes", "survives between calls");
  card("Weights", grouped(program.weights_bytes()), "bytes",
       fmt::format("{} arrays", program.constants.size()));
  card("Work", grouped(program.macs()), "MACs", fmt::format("in {} layers", program.steps.size()));
  if (const std::optional<int64_t> cycles = program.est_cycles())
    card("Time", grouped(*cycles), "cycles", fmt::format("estimated for {}", program.target->name));
  return cards;
}

TemplateData model_data(const Program& program, const ReportContext& context) {
  TemplateList slots, rows;
  for (const Slot& slot : program.inputs) slots.push_back(slot_data(program, slot, "Input"));
  for (const Slot& slot : program.outputs) slots.push_back(slot_data(program, slot, "Output"));
  int64_t most_macs = 0;
  for (const Step& step : program.steps) most_macs = std::max(most_macs, step.macs);
  for (size_t i = 0; i < program.steps.size(); ++i)
    rows.push_back(row_data(program, program.steps[i], i, most_macs));
  TemplateList maps;
  for (size_t m = 0; m < memories_of(program).size(); ++m)
    maps.push_back(memory_map_data(program, m));
  TemplateObject data = {{"name", program.name},
                         {"target", std::string(program.target->name)},
                         {"model", escaped(context.model)}};
  data["slots"] = slots;
  data["cards"] = cards_data(program);
  data["maps"] = maps;
  data["rows"] = rows;
  data["notes"] = notes_data(program);
  data["schedule"] = plans_data(program);
  data["quantization"] =
      context.quantization ? quantization_html(*context.quantization, context.classes) : "";
  return data;
}

}  // namespace

std::string report_html(std::span<const ModelReport> models) {
  std::string names;
  TemplateList parts, links;
  for (const ModelReport& model : models) {
    names += (names.empty() ? "" : ", ") + model.program->name;
    parts.push_back(model_data(*model.program, model.context));
    links.push_back(TemplateObject{{"name", model.program->name},
                                   {"arena", grouped(model.program->arena_bytes)},
                                   {"weights", grouped(model.program->weights_bytes())},
                                   {"state", grouped(model.program->state_bytes)}});
  }
  const SharedMemory shared = shared_memory(models);
  TemplateObject data = {{"names", names},
                         {"count", fmt::format("{}", models.size())},
                         {"shared_arena", grouped(shared.arena_bytes)},
                         {"shared_weights", grouped(shared.weights_bytes)},
                         {"shared_state", grouped(shared.state_bytes)}};
  data["several"] = models.size() > 1;
  data["links"] = links;
  data["models"] = parts;
  return render("report.html.in", data);
}

}  // namespace motec
